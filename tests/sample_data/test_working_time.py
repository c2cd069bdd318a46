"""The clock of work."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.working_time import NIGHT_PACE, clock_of

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Europe/London")
FIRST, LAST = datetime(2024, 9, 1, tzinfo=UTC).timestamp(), datetime(2027, 1, 1, tzinfo=UTC).timestamp()


def hours_between(zone: str, start: datetime, end: datetime) -> float:
    done = clock_of(zone).worked(np.array([start.timestamp(), end.timestamp()]))
    return float(done[1] - done[0])


@given(st.sampled_from(ZONES), st.floats(FIRST, LAST))
def test_there_and_back_again(zone: str, seconds: float) -> None:
    clock = clock_of(zone)
    assert clock.instant(clock.worked(np.array([seconds])))[0] == pytest.approx(seconds, abs=1e-2)


@given(st.sampled_from(ZONES), st.floats(FIRST, LAST), st.floats(1, 1e6))
def test_later_is_never_less(zone: str, seconds: float, more: float) -> None:
    before, after = clock_of(zone).worked(np.array([seconds, seconds + more]))
    assert after > before


def test_a_working_day_is_nine_hours_and_a_night_hardly_anything() -> None:
    day = hours_between("Europe/Berlin", datetime(2025, 6, 3, 7, tzinfo=UTC), datetime(2025, 6, 3, 16, tzinfo=UTC))
    night = hours_between("Europe/Berlin", datetime(2025, 6, 3, 19, tzinfo=UTC), datetime(2025, 6, 4, 5, tzinfo=UTC))
    assert day == pytest.approx(9.0)
    assert night == pytest.approx(10 * NIGHT_PACE)


def test_working_hours_follow_daylight_saving() -> None:
    winter = hours_between("Europe/Berlin", datetime(2025, 1, 14, 8, tzinfo=UTC), datetime(2025, 1, 14, 9, tzinfo=UTC))
    summer = hours_between("Europe/Berlin", datetime(2025, 7, 15, 7, tzinfo=UTC), datetime(2025, 7, 15, 8, tzinfo=UTC))
    assert winter == summer == pytest.approx(1.0)


@pytest.mark.parametrize("day", [datetime(2025, 6, 7, tzinfo=UTC), datetime(2025, 12, 25, tzinfo=UTC)])
def test_weekends_and_holidays_are_quiet(day: datetime) -> None:
    assert hours_between("Europe/Berlin", day, day.replace(hour=23)) == pytest.approx(23 * NIGHT_PACE)
