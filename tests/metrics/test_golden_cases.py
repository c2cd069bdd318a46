"""Golden cases of the field, from events through facts and definitions to the published value."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.aggregate import Engine
from metrics.calendar import Calendar
from metrics.definitions import all_metrics
from tests.support.events import LATER, Events, at

STAGES = ("coding", "draft", "pickup", "review", "merge_wait", "deploy_wait")
DAY = 24
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
JANUARY = date(2026, 1, 1)
FEBRUARY = date(2026, 2, 1)
HOURS_TO_FEBRUARY = 27 * DAY
"""From the start of the tests' hours, Monday 5 January."""


@pytest.fixture
def events() -> Events:
    """One repository in tier 3, in which incidents and rollbacks are watched."""
    organisation = Events()
    organisation.add("repositories", repo_id="r", team="blue", service="s")
    organisation.add("tier_assignments", repo_id="r", tier=3, valid_from=LONG_AGO)
    for kind in ("incidents", "rollbacks", "defects", "deployments"):
        organisation.add("coverage", kind=kind, source="pager", since=LONG_AGO)
    return organisation


def measured(events: Events, *metrics: str, start: date = JANUARY) -> list[dict[str, float]]:
    """The statistics of metrics in tier 3 in one month."""
    engine = Engine.over(events.build().connection, Calendar(), LATER.replace(tzinfo=None))
    chosen = (
        (pl.col("tier") == "3")
        & (pl.col("segment_kind") == "all")
        & (pl.col("grain") == "month")
        & (pl.col("window_start") == start)
        & (pl.col("statistic") != "hist")
    )
    frames = [engine.run(all_metrics()[metric]).values.filter(chosen) for metric in metrics]
    return [dict(frame.select("statistic", "value").iter_rows()) for frame in frames]


def measure(events: Events, metric: str, start: date = JANUARY) -> dict[str, float]:
    """The statistics of one metric in tier 3 in one month."""
    return measured(events, metric, start=start)[0]


def test_six_incidents_on_four_of_23_deployments_are_17_4_percent(events: Events) -> None:
    deployments = [events.deployment(DAY * day) for day in range(23)]
    for deployment, incidents in zip(deployments[::6], (3, 1, 1, 1), strict=True):
        for _ in range(incidents):
            events.incident(deployments.index(deployment) * DAY + 2, caused_by_deployment_id=deployment)
    assert measure(events, "change_failure_rate")["rate"] == pytest.approx(4 / 23)


def test_two_incidents_on_one_of_ten_deployments_are_a_tenth(events: Events) -> None:
    for day in range(10):
        events.deployment(DAY * day)
    events.incident(5 * DAY + 1)
    events.incident(5 * DAY + 2)
    assert measure(events, "change_failure_rate")["rate"] == pytest.approx(0.1)


def test_an_incident_that_spans_two_deployments_is_attributed_once(events: Events) -> None:
    for day in range(20):
        events.deployment(DAY * day)
    events.incident(7 * DAY + 20, resolved=9 * DAY)
    assert measure(events, "change_failure_rate")["rate"] == pytest.approx(1 / 20)
    assert measure(events, "incident_rate")["rate"] == pytest.approx(100 / 20)


def test_24_deployments_in_28_days_are_6_a_week(events: Events) -> None:
    for day in range(24):
        events.deployment(HOURS_TO_FEBRUARY + DAY * day + 10)
    found = measure(events, "deployment_frequency", FEBRUARY)
    assert found == {"count": 24, "per_week": pytest.approx(6.0)}
    assert found["per_week"] / 7 == pytest.approx(0.857, abs=5e-4)


def test_with_30_percent_unreviewed_the_stages_still_add_up(events: Events) -> None:
    for number in range(10):
        change = events.change(DAY * number, DAY * number + 9 + number)
        events.add("commits", sha=f"c{number}", change_id=change, repo_id="r", authored_at=at(DAY * number - 3))
        if number % 10 >= 3:
            events.review(change, DAY * number + 2, "commented")
            events.review(change, DAY * number + 5, "approved")
        events.deployment(DAY * number + 20 + number / 2)
    assert measure(events, "unreviewed_merge_share")["rate"] == pytest.approx(0.3)
    assert_stages_add_up(events)


def assert_stages_add_up(events: Events) -> None:
    """The mean lead time is the sum over stages of (stage total ÷ all deployed changes)."""
    whole, *stages = measured(events, "lead_time", *(f"lead_time_{stage}" for stage in STAGES))
    totals = [stage["n"] * stage["mean"] for stage in stages if "n" in stage]
    assert whole["mean"] == pytest.approx(sum(totals) / whole["n"])


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.floats(-30, 5),  # first commit, from the opening
            st.floats(0.1, 40),  # merge, from the opening
            st.lists(
                st.tuples(st.floats(-5, 50), st.sampled_from(["approved", "changes_requested", "commented"])),
                max_size=4,
            ),
            st.booleans(),  # whether commits are known
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_stages_add_up_whatever_happened(
    histories: list[tuple[float, float, list[tuple[float, str]], bool]],
) -> None:
    events = Events()
    events.add("repositories", repo_id="r")
    events.add("tier_assignments", repo_id="r", tier=3, valid_from=LONG_AGO)
    for number, (commit, merge, reviews, has_commits) in enumerate(histories):
        opened = DAY * number
        change = events.change(opened, opened + merge)
        if has_commits:
            events.add("commits", sha=f"c{number}", change_id=change, authored_at=at(opened + commit))
        for hours, state in reviews:
            events.review(change, opened + hours, state)
    events.deployment(DAY * len(histories) + 50)
    assert_stages_add_up(events)
