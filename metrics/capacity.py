"""Engineer-weeks behind a tier's changes: what throughput is divided by, so that hiring is no gain (METRICS §3).

A team's engineers are those of the register `team_capacity` for the month, and of the last month given after that. A
team that works in several tiers is split between them by its share of changes in the same period: the register does
not say more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import SECONDS_PER_WEEK, Period
from metrics.units import TIERS, Days, Units

Floats = NDArray[np.float64]

LEAST_COVERED = 0.8
"""Share of a tier's changes that teams of known size must have made.

The others are taken to be as many for their changes.
"""


def origin(days: Days) -> date:
    """The first day of the first week or quarter that holds a day of the data: windows begin before what is in them."""
    return min(days.calendar.floor(days.first, "week"), days.calendar.floor(days.first, "quarter"))


def engineers_by_day(register: pl.DataFrame, teams: Sequence[str], days: Days) -> Floats:
    """Engineers per team and day from `origin` on; NaN before a team's first month.

    Args:
        register: columns team, month (date), engineers.
        teams: names by code.
        days: the days that the data span.

    Returns:
        teams × days.
    """
    first = origin(days)
    known = np.full((len(teams), (days.last - first).days + 1), np.nan)
    codes = {team: code for code, team in enumerate(teams)}
    for team, month, engineers in register.sort("month").select("team", "month", "engineers").iter_rows():
        if team in codes:
            known[codes[team], max((month - first).days, 0) :] = engineers
    return known


@dataclass(frozen=True)
class Exposure:
    """Engineer-weeks by tier and period, for one metric's units."""

    weeks: Floats
    """Engineer-weeks up to each day, teams × (days + 1)."""
    changes: Floats
    """Changes up to each day, teams and one row for none × tiers × (days + 1)."""
    days: Days

    @classmethod
    def of(cls, engineers: Floats, units: Units, days: Days, cut: datetime) -> "Exposure":
        """From engineers per team and day, and units with their tiers."""
        first = origin(days)
        count = (days.last - first).days + 1
        starts = days.calendar.edges([first + timedelta(days=i) for i in range(count + 1)])
        edges = np.minimum(starts, np.datetime64(cut, "us").astype(np.int64))
        length = np.diff(edges) / 1e6 / SECONDS_PER_WEEK
        teams, tiers = len(engineers), len(TIERS)
        team = np.where(units.team < 0, teams, units.team)
        flat = (team * tiers + units.tier) * count + units.day + (days.first - first).days
        daily = np.bincount(flat, minlength=(teams + 1) * tiers * count).reshape(teams + 1, tiers, count)
        return cls(_summed(engineers * length), _summed(daily.astype(np.float64)), days)

    def engineer_weeks(self, periods: Sequence[Period], *, mixed: bool = False) -> Floats:
        """Tiers × periods; NaN where too few of the changes were made by teams of known size.

        Args:
            periods: spans of local days.
            mixed: whether all tiers are one.
        """
        by_team, share, changes = self._split(periods, mixed=mixed)
        known = np.isfinite(by_team)
        weeks = np.where(known, np.nan_to_num(by_team), 0.0)[:, None, :] * share
        covered = (changes[:-1] * known[:, None, :]).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = covered / changes.sum(axis=0)
            return np.where(part >= LEAST_COVERED, weeks.sum(axis=0) / part, np.nan)

    def engineer_weeks_by_team(self, periods: Sequence[Period]) -> Floats:
        """Tiers × teams × periods; NaN where a team's size is not known, or it made no change."""
        by_team, share, _ = self._split(periods, mixed=False)
        weeks = by_team[:, None, :] * share
        return np.where(weeks > 0, weeks, np.nan).transpose(1, 0, 2)

    def shared(self, periods: Sequence[Period]) -> NDArray[np.bool_]:
        """Tiers × periods: whether a team that made changes there made others in another tier."""
        _, share, _ = self._split(periods, mixed=False)
        return np.asarray(((share > 0) & (share < 1)).any(axis=0))

    def _split(self, periods: Sequence[Period], *, mixed: bool) -> tuple[Floats, Floats, Floats]:
        """Engineer-weeks (teams × periods), share of each team's changes and changes (both × tiers between)."""
        day = np.array([[self._place(p.start), self._place(p.end)] for p in periods], dtype=np.int64).reshape(-1, 2)
        by_team = self.weeks[:, day[:, 1]] - self.weeks[:, day[:, 0]]
        changes = self.changes[:, :, day[:, 1]] - self.changes[:, :, day[:, 0]]
        changes = changes.sum(axis=1, keepdims=True) if mixed else changes
        total = changes.sum(axis=1, keepdims=True)
        share = np.divide(changes, total, out=np.zeros_like(changes), where=total > 0)[:-1]
        return by_team, share, changes

    def _place(self, day: date) -> int:
        """The number of days of the span before a day."""
        return min(max((day - origin(self.days)).days, 0), int(self.weeks.shape[1]) - 1)


def _summed(daily: Floats) -> Floats:
    """Running sums along the last axis, from zero; what is unknown on one day is so in every span that holds it."""
    unknown = np.isnan(daily)
    sums = np.cumsum(np.nan_to_num(daily), axis=-1)
    # Only the days before a team's first month are unknown: spans that begin after them lose the NaN in the difference.
    sums = np.concatenate([np.zeros((*daily.shape[:-1], 1)), sums], axis=-1)
    starts = np.concatenate([unknown, np.zeros((*daily.shape[:-1], 1), dtype=bool)], axis=-1)
    return np.where(starts, np.nan, sums)
