"""Parts of variances: of independent units, of repositories, of pairs of groups.

Sums of a group are names of their own, not places of the result: a processor keeps those in registers, but would write
each step of the others to memory and wait for it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Floats, Integers, compiled


@compiled
def influences(
    numerators: NDArray[Any], units: NDArray[Any], ratios: Floats, scales: Floats, offsets: Integers
) -> Floats:
    """Per cell, (numerator - ratio × units) × scale, ratio and scale being the group's."""
    result = np.empty(offsets[-1], dtype=np.float64)
    for group in range(len(ratios)):
        ratio, scale = ratios[group], scales[group]
        for cell in range(offsets[group], offsets[group + 1]):
            result[cell] = (numerators[cell] - ratio * units[cell]) * scale
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
        has_baseline = has_both[pair]
        filled, squares, cubes, differences = 0, 0.0, 0.0, 0.0
        for i in range(width[pair]):
            now, before = first[pair] + i, first_before[pair] + i
            part = share[now] if np.isfinite(share[now]) else 0.0
            part_before = share_before[before] if np.isfinite(share_before[before]) else 0.0
            if part > 0 or part_before > 0:
                filled += 1
            mean = (part + part_before) / 2 if has_baseline else part
            squares += mean * mean
            cubes += mean * mean * mean
            pull = influence[now] if np.isfinite(influence[now]) else 0.0
            pull_before = influence_before[before] if np.isfinite(influence_before[before]) else 0.0
            differences += (pull - pull_before) ** 2
        sums[pair, 0], sums[pair, 1], sums[pair, 2], sums[pair, 3] = filled, squares, cubes, differences
    return sums


@compiled
def shares_of_pairs(units: NDArray[Any], offsets: Integers, totals: Floats, windows: Integers, lag: int) -> Floats:
    """Per group, the sums of the second, third and fourth powers of its repositories' mean shares now and `lag` before.

    Zero where the group has no window so long before.
    """
    powers = np.zeros((len(totals), 3))
    shares = np.empty(offsets[-1])
    for group in range(len(totals)):
        scale = max(totals[group], TINY)
        for cell in range(offsets[group], offsets[group + 1]):
            shares[cell] = units[cell] / scale
    for group in range(len(totals)):
        if windows[group] < lag:
            continue
        now, before = offsets[group], offsets[group - lag]
        squares, cubes, fourths = 0.0, 0.0, 0.0
        for i in range(offsets[group + 1] - now):
            share = (shares[now + i] + shares[before + i]) / 2
            square = share * share
            squares += square
            cubes += square * share
            fourths += square * square
        powers[group, 0], powers[group, 1], powers[group, 2] = squares, cubes, fourths
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
        now, ratio, scale = offsets[group], ratios[group], scales[group]
        squares, changes = 0.0, 0.0
        if lag > 0 and windows[group] >= lag:
            past, ratio_before, scale_before = offsets[group - lag], ratios[group - lag], scales[group - lag]
            for i in range(offsets[group + 1] - now):
                here = (numerators[now + i] - ratio * denominators[now + i]) * scale
                earlier = (numerators[past + i] - ratio_before * denominators[past + i]) * scale_before
                squares += here * here
                changes += (here - earlier) ** 2
        else:
            for i in range(offsets[group + 1] - now):
                here = (numerators[now + i] - ratio * denominators[now + i]) * scale
                squares += here * here
        result[group, 0], result[group, 1] = squares, changes
    return result


@compiled
def differences(
    spread: Floats,
    independent: Floats,
    has_both: NDArray[np.bool_],
    squares: Floats,
    left: Floats,
    windows: int,
    lag: int,
) -> Floats:
    """What each window adds to the average over a year: excess, scale and whether there is any × groups."""
    summands = np.zeros((3, len(spread)))
    for group in range(len(spread)):
        if not has_both[group] or group % windows < lag:
            continue
        weight = 1.0 / (independent[group] + independent[group - lag])
        if np.isfinite(weight):
            summands[0, group] = spread[group] * weight - (1 - squares[group])
            summands[1, group] = 2 * left[group] * weight
            summands[2, group] = 1.0
    return summands


@compiled
def year_sums(summands: Floats, length: int, windows: int) -> Floats:
    """Of each of the last `windows` windows and those before it, `length` in all: columns × (holders × windows).

    Added up from the oldest on.
    """
    columns, holders, width = summands.shape
    sums = np.zeros((columns, holders * windows))
    for column in range(columns):
        for holder in range(holders):
            for window in range(width - windows, width):
                total = 0.0
                for each in range(max(window - length + 1, 0), window + 1):
                    total += summands[column, holder, each]
                sums[column, holder * windows + window - (width - windows)] = total
    return sums


@compiled
def beyond_independence(
    sums: Floats, independent: Floats, squares: Floats, cubes: Floats, fourths: Floats, lag: int
) -> tuple[Floats, Floats]:
    """Per group the variance beyond that of independent units, and its degrees of freedom, from sums over a year.

    `sums` are excess, scale and how many windows could be differenced × groups.
    """
    size = len(independent)
    extras, degrees = np.zeros(size), np.empty(size)
    for group in range(size):
        count, extra = sums[2, group], 0.0
        if count > 0:
            extra = (0.0 if sums[0, group] <= 0 else sums[0, group]) / sums[1, group]
        quarters = max(count / lag, 1.0)
        luck = extra / (independent[group] + extra) if extra > 0 else 0.0
        by_chance, by_luck = 1 - luck, luck / squares[group]
        parts = by_chance * by_chance * squares[group] + 2 * by_chance * by_luck * cubes[group]
        parts += by_luck * by_luck * fourths[group]
        repositories = 1 / (parts if np.isfinite(parts) else 1.0)
        # Differences that share a window are correlated: J of them bear 2 J² / (3 J - 1) degrees of freedom each.
        held = (repositories - 1) * 2 * (quarters * quarters) / (3 * quarters - 1)
        extras[group], degrees[group] = extra, 1.0 if held <= 1 else held
    return extras, degrees
