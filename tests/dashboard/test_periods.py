from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.periods import Window, days, default_window, in_order, window_of_key
from metrics.calendar import Calendar, Grain

QUARTER = Window(date(2026, 7, 1), date(2026, 10, 1), "quarter")
RUNNING = Window(date(2026, 10, 1), date(2027, 1, 1), "quarter", is_running=True, is_provisional=True)
YEAR = Window(date(2025, 10, 1), date(2026, 10, 1), "trailing_year")
MONTH = Window(date(2026, 9, 1), date(2026, 10, 1), "month", is_provisional=True)


@pytest.mark.parametrize(
    ("window", "key", "name", "label"),
    [
        (QUARTER, "2026-Q3", "Q3 2026", "Q3 2026"),
        (RUNNING, "2026-Q4", "Q4 2026", "Q4 2026 · running"),
        (YEAR, "2026-Q3-year", "the twelve months to September 2026", "Twelve months to September 2026"),
        (MONTH, "2026-09", "September 2026", "September 2026 · provisional"),
    ],
)
def test_a_window_has_a_key_a_name_and_a_label(window: Window, key: str, name: str, label: str) -> None:
    assert (window.key, window.name, window.label) == (key, name, label)


@given(
    grain=st.sampled_from(["month", "quarter", "trailing_year"]),
    day=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
)
def test_every_window_is_found_again_by_its_key(grain: Grain, day: date) -> None:
    first = date(day.year - 2, 1, 1)
    for period in Calendar().windows(first, day, grain):
        window = Window(period.start, period.end, grain)
        assert window_of_key(window.key) == window


@pytest.mark.parametrize("key", ["", "2026", "2026-Q5", "2026-13", "2026-00", "2026-Q3-years", "last"])
def test_what_names_no_window_is_none(key: str) -> None:
    assert window_of_key(key) is None


def test_the_latest_complete_quarter_comes_first_else_what_there_is() -> None:
    earlier = Window(date(2026, 4, 1), date(2026, 7, 1), "quarter")
    assert default_window([MONTH, earlier, QUARTER, RUNNING, YEAR]) == QUARTER
    assert default_window([MONTH, RUNNING, YEAR]) == YEAR
    assert default_window([RUNNING]) == RUNNING
    assert default_window([]) is None


def test_windows_are_listed_quarters_first_newest_first() -> None:
    assert in_order([MONTH, YEAR, QUARTER, RUNNING]) == [RUNNING, QUARTER, YEAR, MONTH]


def test_a_span_names_its_last_day() -> None:
    assert days(date(2024, 11, 1), date(2025, 10, 1)) == "1 Nov 2024 to 30 Sep 2025"
    assert days(None, date(2025, 10, 1)) == "no named period"
