"""Calendar windows in the workspace's time zone, and the clock instants at which they begin.

A window is a calendar week, month or quarter; its end is exclusive. Days are local days: a day on which the clock
changes has 23 or 25
hours, and a week with one 167 or 169, so elapsed time is always taken between instants, never counted in days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Grain = Literal["week", "month", "quarter", "trailing_year"]
GRAINS: tuple[Grain, ...] = ("week", "month", "quarter")
MONTHS_PER_QUARTER = 3
QUARTERS_PER_YEAR = 4
MONTHS_PER_YEAR = 12
SECONDS_PER_WEEK = 7 * 86_400
MICROSECONDS = 1e6
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, order=True)
class Period:
    """A span of local days, [start, end)."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        """Whether a local day falls into the period."""
        return self.start <= day < self.end


def add_months(day: date, months: int) -> date:
    """The first day of the month that lies `months` after the month of `day`."""
    index = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    return date(index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1, 1)


@cache
def _midnight(timezone: str, day: date) -> datetime:
    """The instant at which a local day begins; the same few thousand days are asked for again and again."""
    local = datetime.combine(day, time(), tzinfo=ZoneInfo(timezone))
    return local.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=512)
def _instants(timezone: str, days: tuple[date, ...]) -> NDArray[np.datetime64]:
    """The instants at which local days begin; estimators ask for those of the same few lists of windows."""
    instants = np.array([_midnight(timezone, day) for day in days], dtype="datetime64[us]")
    instants.setflags(write=False)
    return instants


@dataclass(frozen=True)
class Calendar:
    """A time zone and the day on which weeks begin."""

    timezone: str = "UTC"
    week_start: str = "monday"

    def instant(self, day: date) -> datetime:
        """The instant (UTC, zone-less) at which a local day begins."""
        return _midnight(self.timezone, day)

    def local_day(self, instant: datetime) -> date:
        """The local day into which an instant (UTC, zone-less) falls."""
        return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone)).date()

    def floor(self, day: date, grain: Grain) -> date:
        """The first day of the window of that grain which holds `day`."""
        if grain == "week":
            return day - timedelta(days=(day.weekday() - WEEKDAYS.index(self.week_start)) % 7)
        if grain == "month":
            return day.replace(day=1)
        return date(day.year, (day.month - 1) // MONTHS_PER_QUARTER * MONTHS_PER_QUARTER + 1, 1)

    def following(self, start: date, grain: Grain) -> date:
        """The first day of the next window."""
        if grain == "week":
            return start + timedelta(days=7)
        return add_months(start, 1 if grain == "month" else MONTHS_PER_QUARTER)

    def windows(self, first: date, last: date, grain: Grain) -> list[Period]:
        """All windows from the one that holds `first` to the one that holds `last`.

        A trailing year is four calendar quarters; one ends with each quarter that is complete by `last`.
        """
        if grain == "trailing_year":
            quarters = [q for q in self.windows(first, last, "quarter") if q.end <= last]
            whole = quarters[QUARTERS_PER_YEAR - 1 :]
            return [Period(add_months(q.end, -MONTHS_PER_YEAR), q.end) for q in whole]
        start, periods = self.floor(first, grain), []
        while start <= last:
            end = self.following(start, grain)
            periods.append(Period(start, end))
            start = end
        return periods

    def instants(self, days: Sequence[date]) -> NDArray[np.datetime64]:
        """The instants (UTC) at which local days begin, as a column that nobody may write."""
        return _instants(self.timezone, tuple(days))

    def weeks_elapsed(self, periods: Sequence[Period], cut: datetime) -> NDArray[np.float64]:
        """Length of each period up to the cut, in weeks of 168 hours."""
        ends = np.minimum(self.instants([period.end for period in periods]), np.datetime64(cut, "us"))
        lasted = (ends - self.instants([period.start for period in periods])).astype(np.int64) / MICROSECONDS
        return np.asarray(np.maximum(lasted, 0.0) / SECONDS_PER_WEEK)

    def edges(self, days: Sequence[date]) -> NDArray[np.int64]:
        """The instants at which local days begin, in microseconds since 1970 (UTC)."""
        return self.instants(days).astype(np.int64)


def window_name(grain: str, start: date, end: date) -> str:
    """A window in a word: `2026-10`, `2026Q3`, or `year to 2026-09-30`. `end` is the first day after it."""
    if grain == "month":
        return f"{start:%Y-%m}"
    if grain == "quarter":
        return f"{start.year}Q{(start.month - 1) // 3 + 1}"
    return f"year to {end - timedelta(days=1)}"
