"""The clock that work follows: fast in a team's working hours, slow at night, at weekends and on holidays.

Waits are drawn on this clock and mapped back to wall-clock time, which gives nights, weekends, daylight saving
and the end-of-year dip their real shape without a rule for each.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Work done per hour from each time of a working day on: some are early, some stay late, hardly anyone works at night.
NIGHT_PACE = 0.05
PACES = ((time(7), 0.35), (time(9), 1.0), (time(18), 0.35), (time(21), NIGHT_PACE))
HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}
CLOCK_FIRST_DAY, CLOCK_LAST_DAY = date(2024, 8, 1), date(2028, 12, 31)


def pace_of(day: date) -> float:
    """A day's work as a share of an ordinary one's: none at weekends, little at the end of the year, less in August."""
    if day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS:
        return 0.0
    if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2):
        return 0.35
    return 0.85 if day.month == 8 else 1.0


@dataclass(frozen=True)
class WorkingClock:
    """Hours of work done by an instant, and back: strictly rising, so either way is exact."""

    instants: Floats
    worked_hours: Floats

    def worked(self, seconds: Floats) -> Floats:
        """Hours of work done by each instant."""
        return np.interp(seconds, self.instants, self.worked_hours)

    def instant(self, hours: Floats) -> Floats:
        """The instant by which so many hours of work are done."""
        return np.interp(hours, self.worked_hours, self.instants)


@cache
def clock_of(time_zone: str) -> WorkingClock:
    """The working clock of a time zone (IANA name)."""
    zone = ZoneInfo(time_zone)
    instants: list[float] = []
    paces: list[float] = []
    day = CLOCK_FIRST_DAY
    while day <= CLOCK_LAST_DAY:
        instants += [datetime.combine(day, start, tzinfo=zone).timestamp() for start, _ in PACES]
        paces += [max(pace * pace_of(day), NIGHT_PACE) for _, pace in PACES]
        day += timedelta(days=1)
    edges = np.array(instants)
    worked = np.concatenate([[0.0], np.cumsum(np.diff(edges) / 3600 * np.array(paces[:-1]))])
    return WorkingClock(edges, worked)
