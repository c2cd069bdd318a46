"""Runs a `Load`: what falls on one holder in a week, as a distribution, and how unevenly it falls on the holders."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.estimators import distribution
from metrics.estimators.base import Target
from metrics.estimators.prepared import Prepared, run_prepared, units_of
from metrics.model import Distribution, Load
from metrics.stats.concentration import concentration
from metrics.stats.grouping import are_many, codes_of
from metrics.units import Days, Units

Integers = NDArray[np.integer[Any]]

DAYS_PER_WEEK = 7
RANDOM_GROUPS = 64
"""Groups of holders behind an interval: 63 degrees of freedom are as good as the normal reference."""
CELLS_PER_UNIT = 4
"""Holder-weeks per unit up to which they are counted in a table; where most of it would be empty, they are sorted."""
FEWEST_HOLDERS = 2
"""Nothing is uneven about one."""
PER_WEEK = Distribution(fact="", time="", value="", first_bin=1.0)
"""The distribution of units already made; below one a week there is nothing."""


def run(target: Target, estimator: Load) -> None:
    """Adds the distribution over holder-weeks, gini and top_decile_share over holders."""
    source = target.source
    everything = source.units(estimator.fact, estimator.where, estimator.time, [estimator.holder])
    weeks, _ = source.days.windows("week")
    over = sum(source.calendar.instant(week.end) <= source.cut for week in weeks)

    def add(there: Target, prepared: Prepared) -> None:
        _add_concentration(there, prepared.made)
        spread = replace(prepared, made=in_random_groups(prepared.made))
        distribution.run(replace(there, source=spread), PER_WEEK)

    run_prepared(target, everything, lambda units, _: holder_weeks(units, source.days, over), add)


def in_random_groups(units: Units) -> Units:
    """Holders put into at most `RANDOM_GROUPS` groups for the variance: exact below, and no wider above.

    The method of random groups (Wolter 2007, "Introduction to Variance Estimation", chapter 2): tens of thousands of
    holders by hundreds of windows would be counted for an interval that some dozens of groups give as well.
    """
    return replace(units, repository=units.repository % RANDOM_GROUPS)


def holder_weeks(units: Units, days: Days, weeks: int) -> Units:
    """One unit per tier, holder and week, at the day of its first unit; numbers: how many there were.

    Args:
        units: their number is the holder's code.
        days: the local days that they lie in.
        weeks: how many weeks, from the first on, are over; later units are left out.
    """
    week_of_day = days.windows("week")[1]
    first_day = np.searchsorted(week_of_day, np.arange(weeks))
    holder = units.numbers[0].astype(np.int32)
    holders = int(holder.max(initial=0)) + 1
    rows = (int(units.tier.max(initial=0)) + 1) * holders
    if are_many(len(units)) and rows * weeks <= CELLS_PER_UNIT * len(units):
        from metrics.stats import kernels

        columns = codes_of(units.tier), holder, codes_of(units.day), codes_of(week_of_day)
        in_cell, first = kernels.units_by_week(*columns, codes_of(first_day), rows, holders)
        tier, of_holder, day, counts = kernels.held_weeks(in_cell, first, weeks, holders, codes_of(first_day))
        return units_of(tier, of_holder, day, (counts,))
    week = week_of_day[units.day]
    inside = week < weeks
    week, day = week[inside], units.day[inside]
    row = units.tier[inside] * np.int64(holders) + holder[inside]
    # The weekday stands last, so that after sorting the first of a holder-week bears its first day.
    codes = (row * weeks + week) * DAYS_PER_WEEK + day - first_day[week]
    codes.sort()
    held = codes // DAYS_PER_WEEK
    begins = np.flatnonzero(np.diff(held, prepend=-1))
    counts = np.diff(begins, append=len(held)).astype(np.float64)
    held, weekdays = held[begins], codes[begins] % DAYS_PER_WEEK
    day = first_day[held % weeks] + weekdays
    tier, of_holder = np.divmod(held // weeks, holders)
    return units_of(tier, of_holder, day, (counts,))


def _add_concentration(target: Target, units: Units) -> None:
    """Adds gini and top_decile_share of every window in which there are several holders."""
    for plan in target.source.segmentations(target.metric, [], units):
        holders = target.holders(units, plan)
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            found = concentration(shape.grouping, units.numbers[0])
            several = found.holders >= FEWEST_HOLDERS
            target.values.add(shape, "gini", "fraction", found.gini, found.holders, several)
            target.values.add(shape, "top_decile_share", "fraction", found.top_share, found.holders, several)
