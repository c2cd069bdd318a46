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
def window_codes(holders: Codes, windows: Codes, window_count: int) -> Codes:
    """The group of each row: holder × window, -1 where it has neither."""
    codes = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        codes[i] = holders[i] * window_count + windows[i] if holders[i] >= 0 and windows[i] >= 0 else -1
    return codes


@compiled
def sorted_into_groups(codes: Codes, size: int, values: Floats) -> tuple[Floats, Codes, Integers]:
    """Values and row numbers group by group, each in the order of the rows; where each group starts."""
    starts = np.zeros(size + 1, dtype=np.int64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            starts[codes[i] + 1] += 1
    for group in range(size):
        starts[group + 1] += starts[group]
    place = starts[:-1].copy()
    ordered, rows = np.empty(starts[size], dtype=np.float64), np.empty(starts[size], dtype=np.int32)
    for i in range(len(codes)):
        group = codes[i]
        if group >= 0:
            ordered[place[group]] = values[i]
            rows[place[group]] = i
            place[group] += 1
    return ordered, rows, starts


@compiled
def units_at_most(
    values: Floats, rows: Codes, starts: Integers, local: Codes, offsets: Integers, thresholds: Floats
) -> tuple[Codes, Floats]:
    """Per cell, the units at or below each threshold of its group, all units last; and the sum of their values.

    `values` ascend within a group; `thresholds` is groups × thresholds, ascending.
    """
    width = thresholds.shape[1] + 1
    cells = offsets[-1]
    counts = np.zeros((cells, width), dtype=np.int32)
    totals = np.zeros(cells, dtype=np.float64)
    for group in range(len(starts) - 1):
        bucket = 0
        for i in range(starts[group], starts[group + 1]):
            while bucket < width - 1 and values[i] > thresholds[group, bucket]:
                bucket += 1
            cell = offsets[group] + local[rows[i]]
            counts[cell, bucket] += 1
            totals[cell] += values[i]
    for cell in range(cells):
        for bucket in range(1, width):
            counts[cell, bucket] += counts[cell, bucket - 1]
    return counts, totals


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
def run_sums(values: Floats, offsets: Integers) -> Floats:
    """Sums of consecutive runs of cells, one after another."""
    sums = np.zeros(len(offsets) - 1)
    for run in range(len(sums)):
        for i in range(offsets[run], offsets[run + 1]):
            sums[run] += values[i]
    return sums


@compiled
def shares_of_pairs(units: Floats, offsets: Integers, totals: Floats, windows: Integers, lag: int) -> Floats:
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
    numerators: Floats,
    denominators: Floats,
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
def product_limit_quantiles(
    values: Floats,
    rows: Codes,
    starts: Integers,
    ended: NDArray[np.bool_],
    shares: Floats,
    scores: Floats,
    rounding: float,
) -> Floats:
    """Per group and (share, score) pair, the time by which that share has ended; NaN where so many have not.

    The survivor function, or where the score is not zero its complementary log-log bound, falls to 1 - share or below
    at a unit that ended: the first such time.
    """
    result = np.full((len(starts) - 1, len(shares)), np.nan)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        log_survivors, variance = 0.0, 0.0
        is_extinct = False
        left = len(shares)
        for i in range(first, last):
            if not ended[rows[i]]:
                continue
            at_risk = last - i
            if at_risk > 1:
                log_survivors += np.log((at_risk - 1.0) / at_risk)
                variance += 1.0 / (at_risk * (at_risk - 1.0))
            else:
                is_extinct = True
            survivors = 0.0 if is_extinct else np.exp(log_survivors)
            for each in range(len(shares)):
                if not np.isnan(result[group, each]):
                    continue
                curve = survivors
                if scores[each] != 0 and 0.0 < survivors < 1.0:
                    log_of = np.log(survivors)
                    curve = np.exp(log_of * np.exp(scores[each] * np.sqrt(variance) / log_of))
                if curve <= 1 - shares[each] + rounding:
                    result[group, each] = values[i]
                    left -= 1
            if left == 0:
                break
    return result
