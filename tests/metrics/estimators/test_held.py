"""What falls on people and teams, through the engine, against the same counted by hand."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.estimators.concurrency import open_by_day
from metrics.estimators.prepared import units_of
from metrics.estimators.team_weeks import outcomes_by_day, week_spans
from metrics.model import Concurrency, Estimator, Load, Outcomes, PerTeamWeek
from tests.support.engine import BERLIN, CUT, engine, metric

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "tier": pl.Int32,
    "_repo": pl.Int32,
    "_team": pl.Int32,
    "holder": pl.Int32,
    "entered": pl.Datetime("us"),
    "exited": pl.Datetime("us"),
}
START = datetime(2026, 1, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
MINUTES = int((CUT - START).total_seconds() / 60)
INSTANTS = st.integers(0, MINUTES).map(lambda minutes: START + timedelta(minutes=minutes))
Row = tuple[int, int, datetime, datetime | None]
"""Tier, holder, when it entered, when it left."""
ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 2), INSTANTS, st.none() | INSTANTS)
    .map(lambda row: (*row[:3], row[3] if row[3] is None or row[3] >= row[2] else row[2]))
    .map(lambda row: (row[0], row[1], row[2], row[3])),
    max_size=12,
)


def values(rows: Sequence[Row], estimator: Estimator, tier: str, grain: str, statistic: str) -> dict[date, float]:
    """A statistic of a tier by window."""
    frame = pl.DataFrame([(t, 0, h, h, *span) for t, h, *span in rows], schema=SCHEMA, orient="row")
    found = engine({"rows": frame, "kept": frame.clear()}, BERLIN).run(metric(estimator)).values
    chosen = found.filter((pl.col("tier") == tier) & (pl.col("grain") == grain) & (pl.col("statistic") == statistic))
    return {row["window_start"]: row["value"] for row in chosen.iter_rows(named=True)}


LOAD = Load(fact="rows", time="entered", holder="holder")
OPEN = Concurrency(fact="rows", start="entered", end="exited", holder="holder")


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_a_load_is_counted_per_holder_and_calendar_week_that_is_over(rows: list[Row]) -> None:
    for tier in ("2", "all"):
        weeks: defaultdict[date, Counter[int]] = defaultdict(Counter)
        for its_tier, holder, entered, _ in rows:
            week = BERLIN.floor(BERLIN.local_day(entered), "week")
            if tier in (str(its_tier), "all") and BERLIN.instant(week + timedelta(days=7)) <= CUT:
                weeks[week][holder] += 1
        assert values(rows, LOAD, tier, "week", "n") == {week: len(held) for week, held in weeks.items()}
        means = {week: sum(held.values()) / len(held) for week, held in weeks.items()}
        assert values(rows, LOAD, tier, "week", "mean") == pytest.approx(means)
        several = {week for week, held in weeks.items() if len(held) > 1}
        assert set(values(rows, LOAD, tier, "week", "gini")) == several


def test_a_week_that_lies_in_two_months_belongs_to_that_of_its_first_unit() -> None:
    rows = [(2, 0, datetime(2026, 3, day), None) for day in (30, 31)]  # noqa: DTZ001
    rows += [(2, 0, datetime(2026, 4, 2), None), (2, 1, datetime(2026, 4, 2), None)]  # noqa: DTZ001
    assert values(rows, LOAD, "2", "month", "mean") == {date(2026, 3, 1): 3, date(2026, 4, 1): 1}


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_what_is_open_at_once_is_the_average_over_the_local_day(rows: list[Row]) -> None:
    for tier in ("2", "all"):
        hours: defaultdict[tuple[date, int], float] = defaultdict(float)
        for its_tier, holder, entered, exited in rows:
            if tier not in (str(its_tier), "all"):
                continue
            day, last = BERLIN.local_day(entered), min(exited or CUT, CUT)
            while BERLIN.instant(day) < last:
                begins, ends = BERLIN.instant(day), min(BERLIN.instant(day + timedelta(days=1)), CUT)
                share = (min(ends, last) - max(begins, entered)) / (ends - begins)
                hours[day, holder] += share
                day += timedelta(days=1)
        by_month: defaultdict[date, list[float]] = defaultdict(list)
        for (day, _), share in hours.items():
            if share > 0:
                by_month[day.replace(day=1)].append(share)
        assert values(rows, OPEN, tier, "month", "n") == {month: len(each) for month, each in by_month.items()}
        means = {month: float(np.mean(each)) for month, each in by_month.items()}
        assert values(rows, OPEN, tier, "month", "mean") == pytest.approx(means)


def test_what_was_open_before_the_first_day_is_open_on_it() -> None:
    rows = [(2, 0, START - timedelta(days=30), START + timedelta(days=1, hours=11))]
    assert values(rows, OPEN, "2", "month", "n") == {date(2026, 1, 1): 2}
    assert values(rows, OPEN, "2", "month", "p50") == {date(2026, 1, 1): pytest.approx(0.75)}


def test_outcomes_are_divided_by_the_weeks_in_which_a_team_was_at_work() -> None:
    outcomes = Outcomes(fact="kept", time="entered", recorded="entered", says="Kept.")
    otherwise = Outcomes(fact="rows", time="exited", recorded="entered", says="Not kept.")
    estimator = PerTeamWeek(outcomes=outcomes, otherwise=otherwise, activity=OPEN)
    monday = datetime(2026, 2, 2, 12)  # noqa: DTZ001
    rows: list[Row] = [(2, 0, monday + timedelta(days=days), monday + timedelta(days=days + 1)) for days in (0, 1, 2)]
    rows += [(2, 1, monday, monday + timedelta(days=8)), (3, 0, monday, monday + timedelta(days=1))]
    # Team 0 had a week in tier 2, team 1 two; four changes ended.
    assert values(rows, estimator, "2", "month", "rate") == {date(2026, 2, 1): pytest.approx(4 / 3)}
    # In the mixture team 0's week in two tiers is one.
    assert values(rows, estimator, "all", "month", "rate") == {date(2026, 2, 1): pytest.approx(5 / 3)}


TEAM_DAYS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=90)


@settings(deadline=None)
@given(TEAM_DAYS)
def test_outcomes_come_to_the_same_one_by_one_and_by_day(outcomes: list[tuple[int, int, int]]) -> None:
    tier, team, day = np.array(outcomes, dtype=np.int32).T
    found = outcomes_by_day(units_of(tier, tier, day, (team.astype(np.float64),)), days=10)
    counted: Counter[tuple[int, int, int]] = Counter()
    for of_tier, of_team, on, count in zip(found.tier, found.repository, found.day, found.numbers[0], strict=True):
        counted[int(of_tier), int(of_team), int(on)] += int(count)
    assert counted == Counter(outcomes)
    assert not found.numbers[1].any()


HOURS = 24 * 23 + 7
SPANS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-30, HOURS), st.sampled_from([0, 1, 24, 200])),
    min_size=1,
)


@settings(deadline=None)
@given(SPANS, st.integers(0, 6))
def test_weeks_with_something_open_are_those_of_its_days(spans: list[tuple[int, int, int, int]], weekday: int) -> None:
    """Whatever weekday the first day is; the last day is cut short."""
    week_of_day = (np.arange(24) + weekday) // 7
    edges = np.minimum(np.arange(25) * 24, HOURS)
    tier, team, start, lasts = np.array(spans).T
    numbers = tuple(column.astype(np.float64) for column in (start, np.minimum(start + lasts, HOURS), team))
    units = units_of(tier, np.zeros_like(team), np.zeros_like(team), numbers)
    by_day, by_week = open_by_day(units, edges), open_by_day(units, week_spans(edges, week_of_day))
    held = set(zip(by_day.tier, by_day.repository, week_of_day[by_day.day], strict=True))
    assert sorted(zip(by_week.tier, by_week.repository, by_week.day, strict=True)) == sorted(held)
