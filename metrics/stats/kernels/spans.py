"""Units that are open for a while, and those of a week."""

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Codes, Floats, Integers, compiled

MICROSECONDS_PER_DAY = 86_400_000_000


@compiled
def day_numbers(instants: Integers, edges: Integers) -> Codes:
    """The day's number of each instant, in microseconds since 1970 as the edges between days; -1 outside of them.

    Guessed as if no clock changed, then mended.
    """
    days, first, last = len(edges) - 1, edges[0], edges[-1]
    numbers = np.full(len(instants), -1, dtype=np.int32)
    for i in range(len(instants)):
        instant = instants[i]
        if instant < first or instant >= last:
            continue
        day = min((instant - first) // MICROSECONDS_PER_DAY, days - 1)
        while instant < edges[day]:
            day -= 1
        while instant >= edges[day + 1]:
            day += 1
        numbers[i] = day
    return numbers


@compiled
def open_levels(
    tiers: Codes,
    tier: int,
    holders: Floats,
    row_of_holder: Codes,
    start: Floats,
    stop: Floats,
    edges: Integers,
    rows: int,
) -> tuple[Integers, Integers]:
    """Per holder and day, microseconds that a unit adds on the day it begins or ends, and how many more are open then.

    A start adds the rest of its day and one from then on, an end takes them away. Of units of one tier; instants
    outside the days count as their borders.
    """
    days = len(edges) - 1
    usual = max(edges[-1] - edges[0], 1) / max(days, 1)
    area, level = np.zeros((rows, days), dtype=np.int64), np.zeros((rows, days), dtype=np.int64)
    for i in range(len(tiers)):
        if tiers[i] != tier:
            continue
        row = row_of_holder[np.int64(holders[i])]
        for sign in (1, -1):
            instant = np.int64(start[i] if sign > 0 else stop[i])
            if instant < edges[0]:
                instant = edges[0]
            elif instant > edges[-1]:
                instant = edges[-1]
            day = np.int64((instant - edges[0]) / usual)
            if day > days - 1:
                day = np.int64(days - 1)
            while day > 0 and instant < edges[day]:
                day -= 1
            while day < days - 1 and instant >= edges[day + 1]:
                day += 1
            area[row, day] += sign * (edges[day + 1] - instant)
            level[row, day] += sign
    return area, level


@compiled
def units_by_week(
    tiers: Codes, holders: Codes, days: Codes, week_of_day: Codes, first_day: Codes, rows: int, holder_count: int
) -> tuple[Codes, NDArray[np.int8]]:
    """Per tier, holder and week, how many units there are, and the first weekday that has one.

    Weeks are those of which the first day is given; units of later ones are left out.
    """
    weeks = len(first_day)
    counts = np.zeros(rows * weeks, dtype=np.int32)
    first = np.full(rows * weeks, 127, dtype=np.int8)
    for i in range(len(holders)):
        week = week_of_day[days[i]]
        if week >= weeks:
            continue
        cell = (tiers[i] * holder_count + holders[i]) * weeks + week
        weekday = days[i] - first_day[week]
        counts[cell] += 1
        if weekday < first[cell]:
            first[cell] = weekday
    return counts, first


@compiled
def held_weeks(
    counts: Codes, first: NDArray[np.int8], weeks: int, holder_count: int, first_day: Codes
) -> tuple[Codes, Codes, Codes, Floats]:
    """What `units_by_week` gives, without the weeks in which there was nothing: tier, holder, first day, units."""
    size = 0
    for cell in range(len(counts)):
        size += counts[cell] > 0
    tiers, holders, days = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    units = np.empty(size)
    at = 0
    for row in range(len(counts) // weeks if weeks else 0):
        tier, holder = row // holder_count, row % holder_count
        for week in range(weeks):
            cell = row * weeks + week
            if counts[cell] > 0:
                tiers[at], holders[at], days[at] = tier, holder, first_day[week] + first[cell]
                units[at] = counts[cell]
                at += 1
    return tiers, holders, days, units


@compiled
def days_of_weeks(
    held: Integers, weeks: int, teams: int, week_of_day: Codes, elapsed: Floats
) -> tuple[Codes, Codes, Codes]:
    """Tier, team and day of all days of the weeks that are held, but for days of which nothing has elapsed.

    `held` numbers them by tier, team and week.
    """
    begins = np.searchsorted(week_of_day, np.arange(weeks + 1))
    size = 0
    for place in held:
        week = place % weeks
        for day in range(begins[week], begins[week + 1]):
            size += elapsed[day] > 0
    tiers, holders, found = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    at = 0
    for place in held:
        week, row = place % weeks, place // weeks
        for day in range(begins[week], begins[week + 1]):
            if elapsed[day] > 0:
                tiers[at], holders[at], found[at] = row // teams, row % teams, day
                at += 1
    return tiers, holders, found


@compiled
def open_days(area: Integers, level: Integers, edges: Integers, holders: Integers) -> tuple[Codes, Codes, Floats]:
    """Holder and day of what `open_levels` tells, where anything was open, and how much on average over the day."""
    size = 0
    for row in range(len(area)):
        before = 0
        for day in range(area.shape[1]):
            size += area[row, day] + before * (edges[day + 1] - edges[day]) > 0
            before += level[row, day]
    held, days, value = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size)
    at = 0
    for row in range(len(area)):
        before = 0
        for day in range(area.shape[1]):
            # Whole days: all that began before, less what had ended.
            length = edges[day + 1] - edges[day]
            open_there = area[row, day] + before * length
            before += level[row, day]
            if open_there > 0:
                held[at], days[at], value[at] = holders[row], day, open_there / length
                at += 1
    return held, days, value
