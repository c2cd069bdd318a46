"""Positions in runs of ascending values, and order statistics of several runs that are never put into one order."""

import numpy as np

from metrics.stats.kernels.compiled import Floats, Integers, compiled


@compiled
def begin_of_above(values: Floats, begin: int, end: int, limit: float) -> int:
    """The first place of a run whose value lies above a limit; the end where none does."""
    while begin < end:
        middle = (begin + end) // 2
        if values[middle] <= limit:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def begin_of_equal(values: Floats, begin: int, end: int, limit: float) -> int:
    """The first place of a run whose value is a limit or lies above it; the end where none does."""
    while begin < end:
        middle = (begin + end) // 2
        if values[middle] < limit:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def values_at(values: Floats, first: Integers, last: Integers, ranks: Integers) -> Floats:
    """The values at several ranks (groups × ranks) of each group, whose runs are `first` to `last` (groups × runs).

    NaN for an empty group. The middle of the longest stretch that is left tells on which side of it the value lies, in
    all runs at once.
    """
    found = np.full(ranks.shape, np.nan)
    runs = first.shape[1]
    begin, end = np.empty(runs, dtype=np.int64), np.empty(runs, dtype=np.int64)
    below, upto = np.empty(runs, dtype=np.int64), np.empty(runs, dtype=np.int64)
    for group in range(len(ranks)):
        for place in range(ranks.shape[1]):
            begin[:], end[:] = first[group], last[group]
            rank = ranks[group, place]
            while True:
                longest = 0
                for run in range(1, runs):
                    if end[run] - begin[run] > end[longest] - begin[longest]:
                        longest = run
                if begin[longest] == end[longest]:
                    break
                value = values[(begin[longest] + end[longest]) // 2]
                fewer, most = 0, 0
                for run in range(runs):
                    below[run] = begin_of_equal(values, begin[run], end[run], value)
                    upto[run] = begin_of_above(values, below[run], end[run], value)
                    fewer += below[run] - begin[run]
                    most += upto[run] - begin[run]
                if rank < fewer:
                    end[:] = below
                elif rank < most:
                    found[group, place] = value
                    break
                else:
                    rank -= most
                    begin[:] = upto
    return found


@compiled
def quantiles(values: Floats, starts: Integers, shares: Floats) -> Floats:
    """Quantiles of each group (sets of shares × groups) by linear interpolation; NaN for an empty group."""
    found = np.full(shares.shape, np.nan)
    for row in range(len(shares)):
        for group in range(shares.shape[1]):
            first, most = starts[group], starts[group + 1] - starts[group] - 1
            if most < 0:
                continue
            position = most * shares[row, group]
            below = np.int64(np.floor(position))
            low, high = values[first + below], values[first + min(below + 1, most)]
            found[row, group] = low + (high - low) * (position - below)
    return found


@compiled
def order_statistics(values: Floats, starts: Integers, shares: Floats) -> Floats:
    """The smallest value of each group with at least that share of it at or below; NaN outside (0, 1)."""
    found = np.full(len(shares), np.nan)
    for group in range(len(shares)):
        count, share = starts[group + 1] - starts[group], shares[group]
        if count > 0 and 0 < share < 1:
            index = np.int64(np.ceil(share * count)) - 1
            found[group] = values[starts[group] + min(max(index, 0), count - 1)]
    return found
