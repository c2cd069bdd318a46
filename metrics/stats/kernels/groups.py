"""Rows into groups: the group of each row, the rows of each group, and values sorted group by group."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Codes, Floats, Integers, compiled


@compiled
def tier_days(holders: Codes, days: Codes, segments: int, day_count: int) -> Codes:
    """Per row, the place of its tier and day in a table of so many days a tier; rows without a holder have any."""
    places = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        places[i] = (max(holders[i], 0) // segments) * day_count + days[i]
    return places


@compiled
def group_of(holder: int, window: int, window_count: int) -> int:
    """Holder × window, -1 where there is neither."""
    return int(holder * window_count + window) if holder >= 0 and window >= 0 else -1


@compiled
def day_codes(holders: Codes, places: Codes, window_of_place: Codes, window_count: int) -> Codes:
    """The group of each row, by its holder and the place of its tier and day."""
    codes = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        codes[i] = group_of(holders[i], window_of_place[places[i]], window_count)
    return codes


@compiled
def units_by_day(holders: Codes, days: Codes, holder_count: int, day_count: int) -> Integers:
    """Rows of each holder and day."""
    counts = np.zeros((holder_count, day_count), dtype=np.int64)
    for i in range(len(holders)):
        if holders[i] >= 0:
            counts[holders[i], days[i]] += 1
    return counts


@compiled
def units_by_group(holders: Codes, places: Codes, window_of_place: Codes, window_count: int, size: int) -> Integers:
    """Rows of each group."""
    counts = np.zeros(size, dtype=np.int64)
    for i in range(len(holders)):
        group = group_of(holders[i], window_of_place[places[i]], window_count)
        if group >= 0:
            counts[group] += 1
    return counts


@compiled
def sorted_by_day(
    holders: Codes,
    places: Codes,
    window_of_place: Codes,
    window_count: int,
    starts: Integers,
    values: Floats,
    carried: NDArray[Any],
) -> tuple[Floats, NDArray[Any]]:
    """As `sorted_into_groups`, of rows whose groups follow from their holder and day, and where each group starts."""
    # Half as wide: of half a million groups, twice as many places stay in the nearer cache.
    place = starts[:-1].astype(np.uint32)
    ordered, along = np.empty(starts[-1], dtype=np.float64), np.empty(starts[-1], dtype=carried.dtype)
    for i in range(len(holders)):
        group = group_of(holders[i], window_of_place[places[i]], window_count)
        if group >= 0:
            at = place[group]
            ordered[at] = values[i]
            along[at] = carried[i]
            place[group] = at + 1
    return ordered, along


@compiled
def sorted_into_groups(
    codes: Codes, size: int, values: Floats, carried: NDArray[Any]
) -> tuple[Floats, NDArray[Any], Integers]:
    """Values and what they carry group by group, each in the order of the rows; where each group starts."""
    starts = np.zeros(size + 1, dtype=np.int64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for group in range(size):
        starts[group + 1] += starts[group]
    place = starts[:-1].copy()
    ordered, along = np.empty(starts[size], dtype=np.float64), np.empty(starts[size], dtype=carried.dtype)
    for i in range(len(codes)):
        group = codes[i]
        if group >= 0:
            ordered[place[group]] = values[i]
            along[place[group]] = carried[i]
            place[group] += 1
    return ordered, along, starts


@compiled
def carried_in_groups(carried: NDArray[np.bool_], starts: Integers) -> Integers:
    """Per group, the rows for which what they carry is true."""
    counts = np.zeros(len(starts) - 1, dtype=np.int64)
    for group in range(len(counts)):
        count = 0
        for i in range(starts[group], starts[group + 1]):
            count += carried[i]
        counts[group] = count
    return counts


@compiled
def carried_at(values: Floats, carried: NDArray[np.bool_], starts: Integers, ranks: Integers) -> Floats:
    """Per group, the value at a rank among the rows for which what they carry is true; NaN where there is none."""
    found = np.full(len(ranks), np.nan)
    for group in range(len(ranks)):
        before = 0
        for i in range(starts[group], starts[group + 1]):
            if carried[i]:
                if before == ranks[group]:
                    found[group] = values[i]
                    break
                before += 1
    return found


@compiled
def bin_counts(values: Floats, starts: Integers, edges: Floats) -> Integers:
    """Units of each group in each bin of a histogram (lower edge < value ≤ upper edge); values ascend in a group."""
    counts = np.zeros((len(starts) - 1, len(edges)), dtype=np.int64)
    for group in range(len(starts) - 1):
        number = 0
        for i in range(starts[group], starts[group + 1]):
            while number < len(edges) - 1 and values[i] > edges[number]:
                number += 1
            counts[group, number] += 1
    return counts
