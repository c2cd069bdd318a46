"""The loops over rows and cells, compiled: NumPy's sums in one pass instead of ten, for large organisations.

Each function here has a twin in NumPy beside the estimator that calls it (`stats.grouping`, `stats.distribution`,
`stats.successive`, `stats.product_limit`), which is what a small organisation runs: compiling costs seconds once,
importing the compiler half a second each time. Both are held equal by tests. Groups and cells are laid out as
`stats.grouping` says.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Codes = NDArray[np.int32]

DIGIT = 1 << 11
"""Values of one digit of the radix sort: a table of them stays in the nearest cache."""
DIGIT_BITS = 11
DIGITS_OF_A_DOUBLE = 6


def compiled(function: Any) -> Any:  # noqa: ANN401 -- the compiler keeps the signature, of which its types know nothing
    """Compiles a function on its first call, and keeps the result on disk for the next process.

    Where nothing may be written beside the program nor in the user's own cache, every process compiles for itself.
    """
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(error_model="numpy")(function)


@compiled
def ascending(values: Floats) -> Codes:
    """Row numbers by value, equal values in the order of their rows: a radix sort of the doubles' bits."""
    size = len(values)
    keys = values.view(np.uint64).copy()
    sign = np.uint64(1) << np.uint64(63)
    for i in range(size):
        keys[i] = ~keys[i] if keys[i] & sign else keys[i] | sign
    order, other = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    spare = np.empty(size, dtype=np.uint64)
    for i in range(size):
        order[i] = i
    for digit in range(DIGITS_OF_A_DOUBLE):
        shift = np.uint64(digit * DIGIT_BITS)
        mask = np.uint64(DIGIT - 1)
        places = np.zeros(DIGIT + 1, dtype=np.int64)
        for i in range(size):
            places[((keys[i] >> shift) & mask) + np.uint64(1)] += 1
        if size == 0 or places.max() == size:
            continue
        for d in range(DIGIT):
            places[d + 1] += places[d]
        for i in range(size):
            d = (keys[i] >> shift) & mask
            place = places[d]
            places[d] += 1
            other[place] = order[i]
            spare[place] = keys[i]
        order, other = other, order
        keys, spare = spare, keys
    return order


@compiled
def pack(packed: Integers, codes: Codes, shift: int) -> None:
    """Adds a column of codes, from -1 on, to others in the same integers, so many bits up."""
    for i in range(len(codes)):
        packed[i] |= np.int64(codes[i] + 1) << shift


@compiled
def unpacked(packed: Integers, shift: int, width: int) -> Codes:
    """The column of codes that lies so many bits up, and is so many bits wide."""
    codes = np.empty(len(packed), dtype=np.int32)
    mask = (np.int64(1) << width) - 1
    for i in range(len(packed)):
        codes[i] = ((packed[i] >> shift) & mask) - 1
    return codes


@compiled
def group_of(holder: int, day: int, window_of_day: Codes, sharing: int, window_count: int) -> int:
    """Holder × window of the day, -1 where there is neither; `sharing` holders have one row of the table."""
    if holder < 0:
        return -1
    window = window_of_day[holder, day] if sharing == 1 else window_of_day[holder // sharing, day]
    return int(holder * window_count + window) if window >= 0 else -1


@compiled
def day_codes(holders: Codes, days: Codes, window_of_day: Codes, sharing: int, window_count: int) -> Codes:
    """The group of each row."""
    codes = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        codes[i] = group_of(holders[i], days[i], window_of_day, sharing, window_count)
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
def units_by_group(
    holders: Codes, days: Codes, window_of_day: Codes, sharing: int, window_count: int, size: int
) -> Integers:
    """Rows of each group."""
    counts = np.zeros(size, dtype=np.int64)
    for i in range(len(holders)):
        group = group_of(holders[i], days[i], window_of_day, sharing, window_count)
        if group >= 0:
            counts[group] += 1
    return counts


@compiled
def sorted_by_day(
    holders: Codes,
    days: Codes,
    window_of_day: Codes,
    sharing: int,
    window_count: int,
    starts: Integers,
    values: Floats,
    carried: NDArray[Any],
) -> tuple[Floats, NDArray[Any]]:
    """As `sorted_into_groups`, of rows whose groups follow from their holder and day, and where each group starts."""
    place = starts[:-1].copy()
    ordered, along = np.empty(starts[-1], dtype=np.float64), np.empty(starts[-1], dtype=carried.dtype)
    for i in range(len(holders)):
        group = group_of(holders[i], days[i], window_of_day, sharing, window_count)
        if group >= 0:
            ordered[place[group]] = values[i]
            along[place[group]] = carried[i]
            place[group] += 1
    return ordered, along


@compiled
def atom_sums(
    holders: Codes, local: Codes, places: Integers, days: Codes, atoms: Codes, atom_count: int, column: Floats
) -> Floats:
    """Sums of a column per repository of each holder and atom."""
    sums = np.zeros((places[-1], atom_count), dtype=np.float64)
    for i in range(len(holders)):
        if holders[i] >= 0:
            sums[places[holders[i]] + local[i], atoms[days[i]]] += column[i]
    return sums


@compiled
def atom_units(holders: Codes, local: Codes, places: Integers, days: Codes, atoms: Codes, atom_count: int) -> Floats:
    """Rows per repository of each holder and atom."""
    sums = np.zeros((places[-1], atom_count), dtype=np.float64)
    for i in range(len(holders)):
        if holders[i] >= 0:
            sums[places[holders[i]] + local[i], atoms[days[i]]] += 1
    return sums


@compiled
def window_sums(
    by_atom: Floats, places: Integers, windows: Codes, segments: int, window_count: int, offsets: Integers
) -> Floats:
    """Sums per cell from those per atom; `windows` is the window of each tier's atom, negative for none."""
    sums = np.zeros(offsets[-1], dtype=np.float64)
    for holder in range(len(places) - 1):
        first, tier = places[holder], holder // segments
        for place in range(first, places[holder + 1]):
            for atom in range(by_atom.shape[1]):
                window = windows[tier, atom]
                if window >= 0:
                    sums[offsets[holder * window_count + window] + place - first] += by_atom[place, atom]
    return sums


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
def kept_in_groups(values: Floats, keep: NDArray[np.bool_], starts: Integers) -> tuple[Floats, Integers]:
    """The values of which `keep` holds, group by group; where each group starts."""
    begins = np.zeros(len(starts), dtype=np.int64)
    for group in range(len(starts) - 1):
        begins[group + 1] = begins[group]
        for i in range(starts[group], starts[group + 1]):
            begins[group + 1] += keep[i]
    kept = np.empty(begins[-1], dtype=np.float64)
    place = 0
    for i in range(len(values)):
        if keep[i]:
            kept[place] = values[i]
            place += 1
    return kept, begins


@compiled
def units_at_most(values: Floats, local: Codes, starts: Integers, offsets: Integers, thresholds: Floats) -> Codes:
    """Per threshold and cell, the units at or below the threshold of the cell's group; all units last.

    `values` ascend within a group and `local` are their repositories; `thresholds` is groups × thresholds, ascending.
    """
    width = thresholds.shape[1] + 1
    cells = offsets[-1]
    counts = np.zeros((cells, width), dtype=np.int32)
    for group in range(len(starts) - 1):
        first = starts[group]
        for bucket in range(width):
            # Each bucket is a run of the order: its end is searched for, and then it is only counted.
            last = starts[group + 1]
            if bucket < width - 1:
                low = first
                while low < last:
                    middle = (low + last) // 2
                    if values[middle] <= thresholds[group, bucket]:
                        low = middle + 1
                    else:
                        last = middle
            for i in range(first, last):
                counts[offsets[group] + local[i], bucket] += 1
            first = last
    upto = np.empty((width, cells), dtype=np.int32)
    for cell in range(cells):
        total = 0
        for bucket in range(width):
            total += counts[cell, bucket]
            upto[bucket, cell] = total
    return upto


@compiled
def sums_by_cell(values: Floats, local: Codes, starts: Integers, offsets: Integers) -> Floats:
    """Per cell, the sum of the values of its units."""
    totals = np.zeros(offsets[-1], dtype=np.float64)
    for group in range(len(starts) - 1):
        for i in range(starts[group], starts[group + 1]):
            totals[offsets[group] + local[i]] += values[i]
    return totals


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


@compiled
def variances_of_means(values: Floats, starts: Integers) -> Floats:
    """Variance of each group's mean for independent units; NaN for an empty group."""
    result = np.full(len(starts) - 1, np.nan)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        count = last - first
        if count == 0:
            continue
        total = 0.0
        for i in range(first, last):
            total += values[i]
        mean = total / count
        squares = 0.0
        for i in range(first, last):
            squares += (values[i] - mean) ** 2
        result[group] = squares / count**2
    return result


@compiled
def cell_sums(codes: Codes, local: Codes, offsets: Integers, column: Floats) -> Floats:
    """Sum of a column over each cell."""
    sums = np.zeros(offsets[-1], dtype=np.float64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            sums[offsets[codes[i]] + local[i]] += column[i]
    return sums


@compiled
def run_sums(values: NDArray[Any], offsets: Integers) -> Floats:
    """Sums of consecutive runs of cells, one after another."""
    sums = np.zeros(len(offsets) - 1)
    for run in range(len(sums)):
        for i in range(offsets[run], offsets[run + 1]):
            sums[run] += values[i]
    return sums


@compiled
def cell_units(codes: Codes, local: Codes, offsets: Integers) -> Floats:
    """Rows of each cell."""
    units = np.zeros(offsets[-1], dtype=np.float64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            units[offsets[codes[i]] + local[i]] += 1
    return units


@compiled
def filled_cells(units: NDArray[Any], offsets: Integers) -> Integers:
    """Per group, the cells that have units."""
    filled = np.zeros(len(offsets) - 1, dtype=np.int64)
    for group in range(len(filled)):
        for cell in range(offsets[group], offsets[group + 1]):
            if units[cell] > 0:
                filled[group] += 1
    return filled


@compiled
def influences(
    numerators: NDArray[Any], units: NDArray[Any], ratios: Floats, scales: Floats, offsets: Integers
) -> Floats:
    """Per cell, (numerator - ratio × units) × scale, ratio and scale being the group's."""
    result = np.empty(offsets[-1], dtype=np.float64)
    for group in range(len(ratios)):
        for cell in range(offsets[group], offsets[group + 1]):
            result[cell] = (numerators[cell] - ratios[group] * units[cell]) * scales[group]
    return result


@compiled
def sums_over_pairs(
    influence: Floats,
    share: Floats,
    first: Integers,
    influence_before: Floats,
    share_before: Floats,
    first_before: Integers,
    width: Integers,
    has_both: NDArray[np.bool_],
) -> Floats:
    """Per pair of groups: repositories with units, sums of squared and cubed mean shares and of squared differences.

    What is not finite is zero.
    """
    sums = np.zeros((len(first), 4))
    for pair in range(len(first)):
        for i in range(width[pair]):
            now, before = first[pair] + i, first_before[pair] + i
            part = share[now] if np.isfinite(share[now]) else 0.0
            part_before = share_before[before] if np.isfinite(share_before[before]) else 0.0
            if part > 0 or part_before > 0:
                sums[pair, 0] += 1
            mean = (part + part_before) / 2 if has_both[pair] else part
            sums[pair, 1] += mean * mean
            sums[pair, 2] += mean * mean * mean
            pull = influence[now] if np.isfinite(influence[now]) else 0.0
            pull_before = influence_before[before] if np.isfinite(influence_before[before]) else 0.0
            sums[pair, 3] += (pull - pull_before) ** 2
    return sums


@compiled
def shares_of_pairs(units: NDArray[Any], offsets: Integers, totals: Floats, windows: Integers, lag: int) -> Floats:
    """Per group, the sums of the second, third and fourth powers of its repositories' mean shares now and `lag` before.

    Zero where the group has no window so long before.
    """
    powers = np.zeros((len(totals), 3))
    for group in range(len(totals)):
        if windows[group] < lag:
            continue
        now, before = offsets[group], offsets[group - lag]
        scale, scale_before = max(totals[group], TINY), max(totals[group - lag], TINY)
        for i in range(offsets[group + 1] - now):
            if units[now + i] == 0 and units[before + i] == 0:
                continue
            share = (units[now + i] / scale + units[before + i] / scale_before) / 2
            square = share * share
            powers[group, 0] += square
            powers[group, 1] += square * share
            powers[group, 2] += square * square
    return powers


TINY = np.finfo(np.float64).tiny


@compiled
def spreads(
    numerators: NDArray[Any],
    denominators: NDArray[Any],
    ratios: Floats,
    scales: Floats,
    offsets: Integers,
    windows: Integers,
    lag: int,
) -> Floats:
    """Per group, two sums over its repositories: of their squared influence, and of its squared change since `lag`.

    The influence of a repository is (numerator - ratio × denominator) × scale, ratio and scale being the group's.
    With a lag of zero there is no second sum.
    """
    result = np.zeros((len(ratios), 2))
    for group in range(len(ratios)):
        now = offsets[group]
        has_past = lag > 0 and windows[group] >= lag
        for i in range(offsets[group + 1] - now):
            here = (numerators[now + i] - ratios[group] * denominators[now + i]) * scales[group]
            result[group, 0] += here * here
            if has_past:
                other = offsets[group - lag] + i
                earlier = (numerators[other] - ratios[group - lag] * denominators[other]) * scales[group - lag]
                result[group, 1] += (here - earlier) ** 2
    return result


@compiled
def local_numbers(holders: Codes, repositories: Codes, holder_count: int, width: int) -> tuple[Codes, Integers]:
    """Numbers repositories within each holder, in their order: (number per row, repositories per holder).

    A repository is held by few holders, mostly one: they are chained to it.
    """
    first = np.full(width, -1, dtype=np.int32)
    capacity = max(width, 1024)
    holder_of, next_of = np.empty(capacity, dtype=np.int32), np.empty(capacity, dtype=np.int32)
    used = 0
    for i in range(len(holders)):
        link = first[repositories[i]]
        while link >= 0 and holder_of[link] != holders[i]:
            link = next_of[link]
        if link >= 0:
            continue
        if used == capacity:
            holder_of, next_of = np.concatenate((holder_of, holder_of)), np.concatenate((next_of, next_of))
            capacity *= 2
        holder_of[used], next_of[used] = holders[i], first[repositories[i]]
        first[repositories[i]] = used
        used += 1
    numbers = np.empty(used, dtype=np.int32)
    counts = np.zeros(holder_count, dtype=np.int64)
    for repository in range(width):
        link = first[repository]
        while link >= 0:
            numbers[link] = counts[holder_of[link]]
            counts[holder_of[link]] += 1
            link = next_of[link]
    local = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        link = first[repositories[i]]
        while holder_of[link] != holders[i]:
            link = next_of[link]
        local[i] = numbers[link]
    return local, counts


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


BLOCK = 64
"""Units whose survivor function is made before it is asked whether any of them could have reached a share."""


@compiled
def product_limit_quantiles(  # noqa: C901 -- a loop over units within blocks, and over what is wanted: one thing
    values: Floats,
    ended: NDArray[np.bool_],
    starts: Integers,
    shares: Floats,
    scores: Floats,
    rounding: float,
) -> Floats:
    """Per group and (share, score) pair, the time by which that share has ended; NaN where so many have not.

    The survivor function, or where the score is not zero its complementary log-log bound, falls to 1 - share or below
    at a unit that ended: the first such time. Units are taken in blocks: of one in which even the lowest curve that
    is possible stays above a share, no unit is looked at again.
    """
    result = np.full((len(starts) - 1, len(shares)), np.nan)
    at = np.empty(BLOCK, dtype=np.int64)
    logs, variances = np.empty(BLOCK), np.empty(BLOCK)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        log_survivors, variance = 0.0, 0.0
        left = len(shares)
        i = first
        while i < last and left > 0:
            log_before, variance_before = log_survivors, variance
            held = 0
            is_extinct = False
            while i < last and held < BLOCK:
                if ended[i]:
                    at_risk = last - i
                    if at_risk > 1:
                        log_survivors += np.log((at_risk - 1.0) / at_risk)
                        variance += 1.0 / (at_risk * (at_risk - 1.0))
                    else:
                        is_extinct = True
                    at[held], logs[held], variances[held] = i, log_survivors, variance
                    held += 1
                i += 1
            for each in range(len(shares)):
                if not np.isnan(result[group, each]):
                    continue
                target = 1 - shares[each] + rounding
                if not is_extinct and log_before < 0:
                    # The curve's logarithm is log S × exp(score × se / log S): largest factor, lowest S of the block.
                    slope = scores[each] / (log_before if scores[each] < 0 else log_survivors)
                    spread = variance if scores[each] < 0 else variance_before
                    lowest = log_survivors * np.exp(slope * np.sqrt(spread))
                    if lowest > np.log(target) + MARGIN_OF_A_BLOCK:
                        continue
                for k in range(held):
                    survivors = 0.0 if is_extinct and k == held - 1 else np.exp(logs[k])
                    curve = survivors
                    if scores[each] != 0 and 0.0 < survivors < 1.0:
                        log_of = np.log(survivors)
                        curve = np.exp(log_of * np.exp(scores[each] * np.sqrt(variances[k]) / log_of))
                    if curve <= target:
                        result[group, each] = values[at[k]]
                        left -= 1
                        break
    return result


MARGIN_OF_A_BLOCK = 1e-9
"""What rounding may move a block's bound: a block within it is looked at unit by unit."""
