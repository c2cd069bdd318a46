"""A window is final when nearly all of its units are settled, not when its follow-up happens to be over."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.definitions import all_metrics
from metrics.model import Count, Pending
from tests.support.engine import engine, metric
from tests.support.events import Events

MERGED = datetime(2026, 1, 20)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
CUT = datetime(2026, 2, 20)  # noqa: DTZ001
UNITS = 200
COUNTED = replace(
    metric(Count(fact="measured_changes", time="merged_at"), follow_up_days=14),
    pending=Pending(fact="measured_changes", time="merged_at", among="true", until="settled_at"),
)


def run(waiting: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and contrasts of 200 changes of tier 3 in December and January, of which some of January wait."""
    frame = pl.DataFrame(
        {
            "tier": [3] * 2 * UNITS,
            "_repo": [number % 4 for number in range(2 * UNITS)],
            "_team": [0] * 2 * UNITS,
            "merged_at": [MERGED - timedelta(days=40)] * UNITS + [MERGED] * UNITS,
            "settled_at": [None] * (2 * UNITS - waiting) + [CUT + timedelta(days=1)] * waiting,
        },
        schema_overrides={"settled_at": pl.Datetime("us")},
    )
    baselines = {"3": Period(date(2025, 12, 1), date(2026, 1, 1))}
    result = engine({"measured_changes": frame}, Calendar(), CUT, baselines, first=date(2025, 12, 1)).run(COUNTED)
    return result.values, result.contrasts


def provisional(rows: pl.DataFrame, tier: str) -> dict[date, bool]:
    """By month, whether all its rows of a tier are provisional; they agree."""
    months = rows.filter((pl.col("tier") == tier) & (pl.col("grain") == "month"))
    states = months.group_by("window_start").agg(pl.col("is_provisional").unique())
    return {start: state for start, (state,) in states.iter_rows()}


@pytest.mark.parametrize(("waiting", "is_provisional"), [(0, False), (2, False), (3, True)])
def test_more_than_one_in_a_hundred_open_units_keep_a_window_provisional(waiting: int, is_provisional: bool) -> None:
    values, contrasts = run(waiting)
    months = {date(2025, 12, 1): False, date(2026, 1, 1): is_provisional}
    for tier in ("3", "all"):
        assert provisional(values, tier) == {**months, date(2026, 2, 1): True}
    compared = provisional(contrasts.filter(pl.col("segment_kind") == "all"), "3")
    assert compared[date(2026, 1, 1)] is is_provisional


@pytest.mark.parametrize(
    ("days", "is_provisional"), [(20, True), (29, True), (31, False)], ids=["waits", "still waits", "given up"]
)
def test_validation_waits_for_the_deployment_a_month_long(days: int, is_provisional: bool) -> None:
    events = Events()
    events.add("repositories", repo_id="r")
    events.add("tier_assignments", repo_id="r", tier=3, valid_from=MERGED - timedelta(days=900))
    for kind in ("incidents", "rollbacks", "defects"):
        events.add("coverage", kind=kind, source="tool", since=MERGED - timedelta(days=900))
    events.change(0, 5)
    events.deployment(6, 7)
    events.change(7, 9)
    cut = datetime(2026, 1, 5, 9) + timedelta(days=days)  # noqa: DTZ001
    place = Engine.over(events.build(cut.replace(tzinfo=UTC)).connection, Calendar(), cut)
    values = place.run(all_metrics()["validated_throughput"]).values
    first_week = values.filter((pl.col("tier") == "3") & (pl.col("grain") == "week")).sort("window_start").head(1)
    assert first_week["value"].to_list() == [1.0]
    # The week ended after six days, its follow-up after twenty: what is provisional later is so for the open change.
    assert first_week["is_provisional"].to_list() == [is_provisional]
