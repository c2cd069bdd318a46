"""Hiring is no gain: throughput per engineer-week, by tier and team."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.aggregate import Result
from metrics.calendar import Calendar, Period
from metrics.capacity import engineers_by_day
from metrics.comparisons import comparisons
from metrics.definitions import all_metrics
from metrics.margins import Margins
from metrics.model import Figure
from metrics.readings import read
from metrics.units import Days
from tests.support.engine import engine

FIRST = date(2025, 1, 1)
CUT = datetime(2026, 1, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
BASELINE = Period(date(2025, 1, 1), date(2025, 7, 1))


def changes(per_day: dict[tuple[int, int, int], int], start: date, end: date) -> list[dict[str, Any]]:
    """So many merged changes a day by (tier, team, repository)."""
    days = [start + timedelta(days=i) for i in range((end - start).days)]
    return [
        {"tier": tier, "_team": team, "_repo": repo, "merged_at": datetime.combine(day, datetime.min.time())}
        for day in days
        for (tier, team, repo), count in per_day.items()
        for _ in range(count)
    ]


def run(rows: list[dict[str, Any]], capacity: list[dict[str, Any]]) -> Result:
    """Throughput of the rows by teams of known size."""
    schema: dict[str, Any] = {"tier": pl.Int32, "_team": pl.Int32, "_repo": pl.Int32, "merged_at": pl.Datetime("us")}
    named = {"3": BASELINE, "all": BASELINE}
    frame = pl.DataFrame(rows, schema=schema)
    built = engine({"measured_changes": frame}, Calendar(), CUT, named, FIRST)
    given = pl.DataFrame(capacity, schema={"team": pl.String, "month": pl.Date, "engineers": pl.Float64})
    engineers = engineers_by_day(given, built.teams, built.days) if capacity else None
    return replace(built, engineers=engineers).run(all_metrics()["throughput"])


def months(team: str, engineers: float, start: int, end: int) -> list[dict[str, Any]]:
    return [{"team": team, "month": date(2025, month, 1), "engineers": engineers} for month in range(start, end)]


def value(result: Result, tier: str, start: date, **segment: str) -> float | None:
    chosen = result.values.filter(
        statistic="per_engineer_week",
        tier=tier,
        window_start=start,
        grain="month",
        **{"segment_kind": "all", **segment},
    )
    return chosen["value"].item() if chosen.height else None


def test_twice_the_engineers_and_twice_the_changes_are_no_gain() -> None:
    half = {(3, 0, 0): 2, (3, 0, 1): 2}
    rows = changes(half, FIRST, date(2025, 7, 1)) + changes(half, date(2025, 7, 1), CUT.date()) * 2
    result = run(rows, months("t0", 10, 1, 7) + months("t0", 20, 7, 13))
    assert value(result, "3", date(2025, 3, 1)) == pytest.approx(4 * 7 / 10)
    assert value(result, "3", date(2025, 9, 1)) == pytest.approx(4 * 7 / 10)
    figure = Figure(metric="throughput", statistic="per_engineer_week", margin="count", worse="lower")
    readings = read(result.contrasts, figure, Margins())
    quarter = next(
        each for place, each in readings.items() if place.window_start == date(2025, 10, 1) and place.tier == "3"
    )
    assert quarter.change == pytest.approx(0, abs=1e-9)
    assert quarter.certainty_better == pytest.approx(0.5, abs=0.05)
    per_week = read(result.contrasts, replace(figure, statistic="per_week"), Margins())
    assert per_week[quarter.place].certainty_better > 0.95, "per week alone it would look like a gain"


def test_a_team_of_several_tiers_is_split_by_its_changes() -> None:
    rows = changes({(3, 0, 0): 3, (1, 0, 1): 1, (1, 1, 2): 2}, FIRST, CUT.date())
    result = run(rows, months("t0", 8, 1, 13) + months("t1", 4, 1, 13))
    march = date(2025, 3, 1)
    # Six engineers for tier 3, two and the four of the other team for tier 1.
    assert value(result, "3", march) == pytest.approx(3 * 7 / 6)
    assert value(result, "1", march) == pytest.approx(3 * 7 / 6)
    assert value(result, "all", march) == pytest.approx(6 * 7 / 12)
    assert value(result, "1", march, segment_kind="team", segment="t1") == pytest.approx(2 * 7 / 4)
    notes = result.values.filter(statistic="per_engineer_week", tier="3", segment_kind="all")["note"]
    assert notes.str.contains("share of changes").all()


def test_teams_of_unknown_size_are_taken_like_the_others_if_they_are_few() -> None:
    march = date(2025, 3, 1)
    few = run(changes({(3, 0, 0): 9, (3, 1, 1): 1}, FIRST, CUT.date()), months("t0", 9, 1, 13))
    assert value(few, "3", march) == pytest.approx(7.0)
    many = run(changes({(3, 0, 0): 5, (3, 1, 1): 5}, FIRST, CUT.date()), months("t0", 5, 1, 13))
    assert value(many, "3", march) is None
    assert value(many, "3", march, segment_kind="team", segment="t0") == pytest.approx(7.0)


def test_without_capacity_there_is_no_figure_per_engineer() -> None:
    result = run(changes({(3, 0, 0): 5}, FIRST, CUT.date()), [])
    assert "per_engineer_week" not in result.values["statistic"].to_list()
    assert "per_engineer_week" not in result.contrasts["statistic"].to_list()


def test_a_months_engineers_hold_until_another_is_given() -> None:
    days = Days(Calendar("Europe/Berlin"), date(2025, 1, 20), date(2025, 4, 2))
    register = pl.DataFrame(
        {
            "team": ["b", "b", "x"],
            "month": [date(2025, 2, 1), date(2025, 3, 1), date(2025, 1, 1)],
            "engineers": [4.0, 6.0, 1.0],
        }
    )
    known = engineers_by_day(register, ["a", "b"], days)
    assert np.isnan(known[0]).all()
    # From the first day of the quarter on, as windows are.
    assert np.isnan(known[1, :31]).all()
    assert set(known[1, 31:59]) == {4.0}
    assert set(known[1, 59:]) == {6.0}


def test_the_change_per_engineer_week_is_relative_as_that_of_every_count() -> None:
    before = changes({(3, 0, 0): 2}, FIRST, date(2025, 4, 1))
    after = changes({(3, 0, 0): 3}, date(2025, 4, 1), CUT.date())
    result = run([*before, *after], months("t0", 6, 1, 13))
    found = comparisons(result.contrasts, {"throughput": all_metrics()["throughput"]}).filter(
        (pl.col("statistic") == "per_engineer_week")
        & (pl.col("segment_kind") == "all")
        & (pl.col("tier") == "3")
        & (pl.col("grain") == "quarter")
    )
    assert found.height > 0
    for row in found.iter_rows(named=True):
        assert row["change"] == pytest.approx(row["value"] / row["baseline_value"] - 1)
