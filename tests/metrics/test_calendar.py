"""Windows in the workspace's time zone, and days on which the clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.calendar import Calendar, Grain, Period, add_months
from metrics.stats import grouping, kernels
from metrics.units import Days

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"]
INSTANTS = st.datetimes(datetime(2024, 1, 2), datetime(2026, 12, 30))  # noqa: DTZ001 -- hypothesis wants bare ones
NOW = datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@settings(deadline=None)  # the first call compiles
@given(st.lists(INSTANTS, min_size=1, max_size=30), st.sampled_from(ZONES))
def test_the_day_of_an_instant_is_its_local_one(instants: list[datetime], zone: str) -> None:
    days = Days(Calendar(zone), date(2024, 1, 1), date(2026, 12, 31))
    microseconds = np.array(instants, dtype="datetime64[us]").astype(np.int64)
    numbers = days.number(microseconds)
    edges = days.calendar.edges([*days.all, days.last + timedelta(days=1)])
    assert kernels.day_numbers(microseconds, edges).tolist() == numbers.tolist()
    local = [instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() for instant in instants]
    assert [days.all[number] for number in numbers] == local


@pytest.mark.parametrize("many", [1, grouping.MANY_ROWS], ids=["compiled", "NumPy"])
def test_instants_beside_midnight_and_beside_the_clock_changes(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MANY_ROWS", many)
    days = Days(Calendar("Europe/Berlin"), date(2026, 3, 27), date(2026, 3, 31))
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin before the day of 23 hours
    beside = [
        spring - timedelta(microseconds=1),
        spring,
        spring + timedelta(hours=23),
        spring + timedelta(hours=23, microseconds=-1),
    ]
    microseconds = np.array([instant.replace(tzinfo=None) for instant in beside], dtype="datetime64[us]").astype(
        np.int64
    )
    assert [days.all[number].day for number in days.number(microseconds)] == [28, 29, 30, 29]
    assert days.number(microseconds - 10 * 86_400_000_000).tolist() == [-1] * 4


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_windows_follow_on_one_another_and_their_hours_add_up(zone: str, grain: Grain) -> None:
    calendar = Calendar(zone)
    windows = calendar.windows(date(2025, 1, 15), date(2026, 2, 3), grain)
    assert windows[0].start <= date(2025, 1, 15) < windows[0].end
    assert windows[-1].start <= date(2026, 2, 3) < windows[-1].end
    assert all(one.end == next_one.start for one, next_one in zip(windows, windows[1:], strict=False))
    whole = calendar.instant(windows[-1].end) - calendar.instant(windows[0].start)
    weeks = calendar.weeks_elapsed(windows, NOW).sum()
    assert weeks == pytest.approx(whole.total_seconds() / 604_800)


@pytest.mark.parametrize(
    ("start", "hours"), [(date(2026, 3, 23), 167), (date(2026, 10, 19), 169), (date(2026, 6, 1), 168)]
)
def test_a_week_with_a_clock_change_has_an_hour_less_or_more(start: date, hours: int) -> None:
    calendar = Calendar("Europe/Berlin")
    week = Period(start, start + timedelta(days=7))
    assert calendar.weeks_elapsed([week], NOW)[0] == pytest.approx(hours / 168)


@pytest.mark.parametrize(("first", "weekday"), [("monday", 0), ("sunday", 6), ("saturday", 5)])
def test_weeks_begin_where_the_workspace_says(first: str, weekday: int) -> None:
    windows = Calendar("UTC", first).windows(date(2026, 1, 1), date(2026, 2, 1), "week")
    assert {window.start.weekday() for window in windows} == {weekday}


def test_a_window_that_has_not_begun_has_no_length() -> None:
    ahead = Period(date(2031, 1, 1), date(2031, 2, 1))
    assert Calendar().weeks_elapsed([ahead], NOW)[0] == 0


def test_trailing_years_end_with_each_complete_quarter() -> None:
    years = Calendar().windows(date(2024, 11, 1), date(2026, 10, 31), "trailing_year")
    assert years[0] == Period(date(2024, 10, 1), date(2025, 10, 1))
    assert years[-1] == Period(date(2025, 10, 1), date(2026, 10, 1))
    assert len(years) == 5


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, date(2026, 1, 1)), (11, date(2026, 12, 1)), (12, date(2027, 1, 1)), (-1, date(2025, 12, 1))],
)
def test_months_are_added_across_years(months: int, expected: date) -> None:
    assert add_months(date(2026, 1, 31), months) == expected
