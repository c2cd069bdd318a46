"""Why a metric has no rows, in words that say what to do."""

import polars as pl
import pytest

from metrics.aggregate import Engine
from metrics.calendar import Calendar
from metrics.definitions import all_metrics
from metrics.gaps import SOURCES, gaps_of, nothing_loaded
from schemas.events import all_tables
from tests.support.events import Events, at

METRICS = all_metrics()


def test_what_is_not_loaded_is_named_with_what_would_bring_it() -> None:
    assert nothing_loaded(("gate_results",)) == (
        "no gate results loaded; load gate_results or connect a source of checks, such as a code host"
    )
    assert nothing_loaded(("exceptions",)) == "no exceptions loaded; fill in the register exceptions"
    assert nothing_loaded(("onboardings", "changes")) == (
        "no onboardings or changes loaded; load changes or connect a source of changes, such as a code host, and fill"
        " in the register onboardings"
    )
    assert nothing_loaded(("onboardings", "gate_policies")) == (
        "no onboardings or gate policies loaded; fill in the registers onboardings and gate_policies"
    )


def test_every_input_is_a_register_or_has_a_source() -> None:
    tables = all_tables()
    for metric in METRICS.values():
        for table in metric.inputs:
            assert (table in SOURCES) != tables[table].table_about().is_register, table


def test_a_metric_with_rows_in_every_tier_that_is_watched_has_no_gap() -> None:
    watched = {"1": {"rollbacks"}, "2": {"rollbacks"}}
    assert gaps_of(METRICS["rollback_rate"], set(), {"1", "2"}, watched) == []
    assert gaps_of(METRICS["rollback_rate"], set(), {"1"}, watched) == []


@pytest.fixture
def unwatched() -> Engine:
    """Changes deployed in tiers 1 and 3; incidents are watched, in the service of tier 3 only."""
    events = Events()
    for repository, tier in (("r", 3), ("other", 1)):
        events.add("repositories", repo_id=repository, team="blue")
        events.add("tier_assignments", repo_id=repository, tier=tier, valid_from=at(-1000))
        events.change(0, 5, repo_id=repository)
        events.deployment(6, 7, repo_id=repository)
    events.add("coverage", kind="incidents", service="r", source="pager", since=at(-1000))
    connection = events.build().connection
    return Engine.over(connection, Calendar(), at(2000))


def test_an_unwatched_tier_has_a_reason_and_no_zero(unwatched: Engine) -> None:
    metric = METRICS["change_failure_rate"]
    values = unwatched.run(metric).values
    assert set(values["tier"]) == {"3", "all"}
    (gap,) = unwatched.gaps(metric, values)
    assert (gap.tier, gap.tables) == ("1", ("coverage",))
    assert gap.reason.startswith("nothing watches incidents or rollbacks of tier 1, and silence is not safety")


def test_what_nothing_watches_anywhere_is_one_gap(unwatched: Engine) -> None:
    metric = METRICS["rollback_rate"]
    values = unwatched.run(metric).values
    assert values.is_empty()
    (gap,) = unwatched.gaps(metric, values)
    assert (gap.tier, gap.tables) == ("all", ("coverage",))
    assert "nothing watches rollbacks of any tier" in gap.reason


def test_empty_tables_and_loaded_ones_without_a_unit_are_told_apart(unwatched: Engine) -> None:
    (empty,) = unwatched.gaps(METRICS["flaky_test_rate"], unwatched.run(METRICS["flaky_test_rate"]).values)
    assert empty.tables == ("test_runs",)
    values = unwatched.run(METRICS["throughput_stability"]).values
    assert values.is_empty()
    (short,) = unwatched.gaps(METRICS["throughput_stability"], values)
    assert short.reason.startswith("changes and deployments are loaded, and nothing in them counts yet")


def test_what_needs_a_setting_names_it() -> None:
    metric = METRICS["pickup_time_working"]
    (gap,) = gaps_of(metric, set(), set(), {})
    assert gap.reason == (
        "changes and reviews are loaded, and nothing in them counts yet; it needs the section [working_hours] in"
        " plumbline.toml, which says when work is done"
    )


def test_rows_say_what_nobody_watches_in_their_tier_and_window(unwatched: Engine) -> None:
    values = unwatched.run(METRICS["change_failure_rate"]).values
    notes = set(values.filter((pl.col("tier") == "3") & (pl.col("segment_kind") == "all"))["note"])
    assert notes == {
        "One repository: its units are taken as independent. Watched here: incidents; nobody watches rollbacks, so that"
        " none is known."
    }


def test_where_all_kinds_are_watched_rows_say_nothing() -> None:
    events = Events()
    events.add("repositories", repo_id="r")
    events.add("tier_assignments", repo_id="r", tier=3, valid_from=at(-1000))
    for kind in ("incidents", "rollbacks"):
        events.add("coverage", kind=kind, source="pager", since=at(-1000))
    events.deployment(6, 7)
    engine = Engine.over(events.build().connection, Calendar(), at(2000))
    values = engine.run(METRICS["change_failure_rate"]).values
    assert not values["note"].str.contains("Watched").any()
    assert len(values) > 0


def test_a_kind_watched_for_some_services_only_is_named() -> None:
    events = Events()
    for repository in ("r", "other"):
        events.add("repositories", repo_id=repository)
        events.add("tier_assignments", repo_id=repository, tier=3, valid_from=at(-1000))
        events.deployment(6, 7, repo_id=repository)
    events.add("coverage", kind="incidents", source="pager", since=at(-1000))
    events.add("coverage", kind="rollbacks", service="r", source="pipeline", since=at(-1000))
    engine = Engine.over(events.build().connection, Calendar(), at(2000))
    values = engine.run(METRICS["change_failure_rate"]).values.filter(pl.col("statistic") == "rate")
    assert values["note"].str.contains("Watched here: incidents and rollbacks for some services.", literal=True).all()
