"""Stocks at windows' ends and the variation of weekly counts, through the engine."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.calendar import Calendar
from metrics.model import Estimator, Stock, Variation
from metrics.stats.variation import bootstrap_bounds, coefficient_of_variation
from tests.support.engine import CUT, engine, metric

START = datetime(2026, 1, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "tier": pl.Int32,
    "_repo": pl.Int32,
    "_team": pl.Int32,
    "entered": pl.Datetime("us"),
    "exited": pl.Datetime("us"),
    "reviewed": pl.Datetime("us"),
}
ENDS = [datetime(2026, month, 1) for month in range(2, 8)] + [CUT]  # noqa: DTZ001
DAYS = st.integers(0, 200).map(lambda days: START + timedelta(days=days, hours=7))
Stay = tuple[datetime, datetime | None, datetime | None]
"""When it entered, when it left, and when it was reviewed."""
STAYS = st.lists(st.tuples(DAYS, st.none() | DAYS, st.none() | DAYS), max_size=12)


def months(stays: Sequence[Stay], estimator: Estimator) -> dict[date, float]:
    """Values of tier 2 by month."""
    rows = [(2, 0, 0, *stay) for stay in stays]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    values = engine({"stays": frame}, Calendar()).run(metric(estimator)).values
    chosen = values.filter((pl.col("tier") == "2") & (pl.col("grain") == "month"))
    return {row["window_start"]: row["value"] for row in chosen.iter_rows(named=True)}


@settings(max_examples=25, deadline=None)
@given(STAYS)
def test_a_stock_is_what_has_entered_and_not_left_at_the_windows_end(
    stays: list[Stay],
) -> None:
    found = months(stays, Stock(fact="stays", start="entered", end="exited"))
    there = [sum(entered <= end and (left is None or left > end) for entered, left, _ in stays) for end in ENDS]
    expected = dict(zip((date(2026, month, 1) for month in range(1, 8)), there, strict=True))
    begun = next((start for start, count in expected.items() if count), None)
    assert found == ({} if begun is None else {start: n for start, n in expected.items() if start >= begun})


@settings(max_examples=25, deadline=None)
@given(STAYS)
def test_a_share_of_a_stock_is_judged_at_the_windows_end(
    stays: list[Stay],
) -> None:
    estimator = Stock(fact="stays", start="entered", end="exited", numerator="coalesce(reviewed <= moment, false)::int")
    expected = {}
    for number, end in enumerate(ENDS, start=1):
        there = [reviewed for entered, left, reviewed in stays if entered <= end and (left is None or left > end)]
        if there:
            holding = sum(reviewed is not None and reviewed <= end for reviewed in there)
            expected[date(2026, number, 1)] = holding / len(there)
    assert months(stays, estimator) == pytest.approx(expected)


def weekly(counts: list[int], end: date = date(2026, 7, 1)) -> list[Stay]:
    """Stays that enter so often in each of the weeks before a day."""
    first = datetime(end.year, end.month, end.day) - timedelta(weeks=len(counts))  # noqa: DTZ001
    return [
        (first + timedelta(weeks=week, days=3), None, None) for week, count in enumerate(counts) for _ in range(count)
    ]


def test_the_variation_is_over_the_weeks_that_end_with_the_window() -> None:
    counts = [5, 3, 8, 1, 4, 4, 9, 2, 6, 5, 5, 3, 7]
    found = months(weekly([1, *counts]), Variation(fact="stays", time="entered", weeks=13))
    assert found[date(2026, 6, 1)] == pytest.approx(np.std(counts, ddof=1) / np.mean(counts))


def test_nothing_is_said_before_a_tier_has_been_seen_long_enough_nor_of_a_running_window() -> None:
    found = months(weekly([4] * 20), Variation(fact="stays", time="entered", weeks=13))
    assert sorted(found) == [date(2026, 5, 1), date(2026, 6, 1)]
    assert found[date(2026, 6, 1)] == 0


def test_bounds_hold_the_value_of_an_ordinary_series_and_are_the_same_each_time() -> None:
    series = np.random.default_rng(4).poisson(20, (3, 26)).astype(np.float64)
    low, high = bootstrap_bounds(series)
    value = coefficient_of_variation(series)
    assert (low < value).all()
    assert (value < high).all()
    again = bootstrap_bounds(series)
    assert [bound.tolist() for bound in again] == [low.tolist(), high.tolist()]


def test_a_series_of_nothing_has_no_variation() -> None:
    assert np.isnan(coefficient_of_variation(np.zeros((1, 26)))).all()
    assert all(np.isnan(bound).all() for bound in bootstrap_bounds(np.zeros((1, 26))))
