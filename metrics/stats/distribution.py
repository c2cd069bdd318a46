"""Quantiles of all groups from one order, with intervals by Woodruff's inversion clustered by repository.

Quantiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7: NumPy's default, SQL's
`percentile_cont`).
The interval of a quantile comes from that of the share of units at or below it (Woodruff 1952): that share is a ratio
of sums over
repositories, its variance the linearised one (Deng, Knoblich and Lu 2018), and its bounds are read off the order
statistics.
With one repository the units are independent and the bounds are the binomial order statistics'.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import critical
from metrics.stats.grouping import CELLS_AT_ONCE, Grouping, are_many, codes_of
from metrics.stats.successive import PASSES_OVER_GROUPS, History, Repositories

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Sorted(ABC):
    """Values of which the order statistics of groups are known.

    `carried` is a column of the same rows: their repositories' numbers, if not said otherwise.
    """

    values: Floats
    carried: NDArray[Any]

    @property
    @abstractmethod
    def counts(self) -> Integers:
        """Units per group."""

    @property
    @abstractmethod
    def runs(self) -> tuple[Integers, Integers]:
        """Where the runs of ascending values of each group begin and end: groups × runs."""

    @abstractmethod
    def at(self, ranks: Integers) -> Floats:
        """The values at ranks, from zero on, of each group (groups, or several × groups); anything for an empty one."""

    def quantile(self, probability: float | Floats) -> Floats:
        """The quantile of each group by linear interpolation; NaN for an empty group.

        At one probability, at one for each group, or at several (probabilities × groups, or probabilities × 1).
        """
        return _interpolated(self.counts, self.at, probability)

    def between(self, share: Floats) -> Floats:
        """The quantile at a share of each group's own; NaN outside (0, 1): the data bear none."""
        return np.where((share > 0) & (share < 1), self.quantile(np.clip(share, 0.0, 1.0)), np.nan)


@dataclass(frozen=True)
class Ordered(Sorted):
    """Values sorted within groups: group g holds `values[starts[g]:starts[g + 1]]`."""

    starts: Integers

    @property
    def counts(self) -> Integers:
        """Units per group."""
        return np.diff(self.starts)

    @property
    def runs(self) -> tuple[Integers, Integers]:
        """Each group is one run."""
        return self.starts[:-1, None], self.starts[1:, None]

    def at(self, ranks: Integers) -> Floats:
        """The values at ranks of each group."""
        return np.asarray(self.values[np.minimum(self.starts[:-1] + ranks, len(self.values) - 1)])

    def at_most(self, thresholds: Floats) -> Integers:
        """How many values of each group are at or below each of its thresholds (groups × thresholds).

        A binary search in all groups, for all thresholds at once.
        """
        starts, last = self.starts[:-1, None], max(len(self.values) - 1, 0)
        low, high = np.zeros(thresholds.shape, dtype=np.int64), np.repeat(self.counts[:, None], thresholds.shape[1], 1)
        while (is_open := low < high).any():
            middle = (low + high) // 2
            right = is_open & (self.values[np.minimum(starts + middle, last)] <= thresholds)
            high = np.where(is_open & ~right, middle, high)
            low = np.where(right, middle + 1, low)
        return low

    def quantile(self, probability: float | Floats) -> Floats:
        """The quantile of each group by linear interpolation; NaN for an empty group."""
        shares = np.asarray(probability, dtype=np.float64)
        rows = np.broadcast_to(shares, (*shares.shape[:-1], len(self.starts) - 1))
        if not are_many(rows.size):
            return super().quantile(probability)
        from metrics.stats import kernels

        found: Floats = kernels.quantiles(self.values, self.starts, np.atleast_2d(rows))
        return found.reshape(rows.shape)

    def order_statistic(self, share: Floats) -> Floats:
        """The smallest value with at least that share of the group at or below it.

        NaN outside (0, 1): the data bear no such bound.
        """
        counts = self.counts
        if are_many(len(counts) * PASSES_OVER_GROUPS):
            from metrics.stats import kernels

            found: Floats = kernels.order_statistics(self.values, self.starts, share)
            return found
        index = np.clip(np.ceil(share * counts).astype(np.int64) - 1, 0, np.maximum(counts - 1, 0))
        known = (share > 0) & (share < 1) & (counts > 0)
        if len(self.values) == 0:
            return np.full(len(counts), np.nan)
        picked = self.values[np.minimum(self.starts[:-1] + index, len(self.values) - 1)]
        return np.where(known, picked, np.nan)

    def quantile_of_carried(self, probability: float) -> tuple[Integers, Floats]:
        """Of the rows for which what they carry is true: how many each group has, and the quantile of their values."""
        if are_many(len(self.values)):
            from metrics.stats import kernels

            rows = self.values, self.carried, self.starts
            counts = kernels.carried_in_groups(self.carried, self.starts)
            return counts, _interpolated(counts, lambda ranks: kernels.carried_at(*rows, ranks), probability)
        starts = np.concatenate([[0], np.cumsum(self.carried)])[self.starts]
        kept = Ordered(self.values[self.carried], self.carried[self.carried], starts)
        return kept.counts, kept.quantile(probability)


@dataclass(frozen=True)
class Joined(Sorted):
    """Groups that are several groups of an order each, such as a year of four quarters: nothing is sorted anew.

    Of large organisations; of small ones it takes less time to sort.
    """

    first: Integers
    """Where each run of a group begins: groups × runs."""
    last: Integers

    @classmethod
    def of(cls, ordered: Ordered, members: Integers) -> Self:
        """Groups from the numbers of those that they consist of (groups × members)."""
        return cls(ordered.values, ordered.carried, ordered.starts[members], ordered.starts[members + 1])

    @property
    def counts(self) -> Integers:
        """Units per group."""
        return np.asarray((self.last - self.first).sum(axis=1))

    @property
    def runs(self) -> tuple[Integers, Integers]:
        """Where they begin and end."""
        return self.first, self.last

    def at(self, ranks: Integers) -> Floats:
        """The values at ranks of each group."""
        from metrics.stats import kernels

        found: Floats = kernels.values_at(self.values, self.first, self.last, np.atleast_2d(ranks).T)
        return found.T.reshape(ranks.shape)


def _interpolated(counts: Integers, at: Callable[[Integers], Floats], probability: float | Floats) -> Floats:
    """Quantiles of groups from their counts and from what gives the values at ranks; NaN for an empty group."""
    most = np.maximum(counts - 1, 0)
    position = most * probability
    if not counts.any():
        return np.full(position.shape, np.nan)
    below = np.floor(position).astype(np.int64)
    low, high = at(below), at(np.minimum(below + 1, most))
    return np.where(counts > 0, low + (high - low) * (position - below), np.nan)


def ascending(values: Floats) -> Integers:
    """Row numbers by value, equal values in the order of their rows."""
    return in_order(values)[0]


def in_order(values: Floats) -> tuple[Integers, Floats]:
    """Row numbers by value, equal values in the order of their rows; and the values in that order."""
    if not are_many(len(values)):
        order = np.argsort(values, kind="stable")
        return order, values[order]
    from metrics.stats import kernels

    found: tuple[Integers, Floats] = kernels.ascending(values)
    return found


def order_by_group(values: Floats, grouping: Grouping, carried: NDArray[Any] | None = None) -> Ordered:
    """Sorts by (group, value) rows that already ascend in value: only the groups remain to be sorted, stably.

    `carried` is a column to be brought into the same order; the numbers of repositories, if not given.
    """
    return Ordered(*grouping.sort(values, codes_of(grouping.local) if carried is None else carried))


@dataclass(frozen=True)
class Quantile:
    """One quantile of every group: its value, the share of units at or below it, and the error of that share.

    The error is that of independent units.
    """

    probability: float
    value: Floats
    share: Floats
    independent_error: Floats


@dataclass(frozen=True)
class QuantileEstimate(Quantile):
    """One quantile of every group, with its interval; bounds that the data cannot give are NaN."""

    standard_error: Floats
    clusters: Integers
    degrees: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Buckets:
    """Units of each cell at or below each threshold of its group, and all of them last: thresholds + 1 × cells."""

    upto: NDArray[Any]
    reached: Integers
    """The same of each group: thresholds + 1 × groups."""

    @property
    def units(self) -> NDArray[Any]:
        """Units per cell."""
        return np.asarray(self.upto[-1])

    @property
    def below(self) -> list[NDArray[Any]]:
        """Per threshold, the units of each cell at or below it."""
        return list(self.upto[:-1])


def count_buckets(ordered: Sorted, grouping: Grouping, thresholds: list[Floats]) -> Buckets:
    """Counts each cell's units up to a group's thresholds, which ascend.

    Within a group the buckets are runs of its order, so a row's place is its run's, plus its repository's: two
    columns added up, one pass to count.
    Groups are taken in blocks, so that the counters stay within `CELLS_AT_ONCE` cells.
    """
    if not isinstance(ordered, Ordered) or are_many(max(len(ordered.values), int(grouping.clusters.sum()))):
        from metrics.stats import kernels

        limits, offsets = np.stack(thresholds, axis=1), grouping.offsets()
        return Buckets(*kernels.units_at_most(ordered.values, ordered.carried, *ordered.runs, offsets, limits))
    edges = ordered.at_most(np.stack(thresholds, axis=1))
    bounds = np.column_stack([np.zeros(grouping.size, dtype=np.int64), edges, ordered.counts])
    runs = np.diff(bounds, axis=1)
    offsets, width = grouping.offsets(), len(thresholds) + 1
    places = (offsets[:-1, None] * width + np.arange(width)).ravel()
    counts = np.zeros((int(offsets[-1]), width), dtype=np.int64)
    local = ordered.carried.astype(np.int64) * width
    first = 0
    while first < grouping.size:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + CELLS_AT_ONCE, side="right")) - 1)
        rows = slice(ordered.starts[first], ordered.starts[last])
        block = slice(offsets[first], offsets[last])
        place = np.repeat(places[first * width : last * width] - block.start * width, runs[first:last].ravel())
        place += local[rows]
        size = int(block.stop - block.start) * width
        counts[block] = np.bincount(place, minlength=size).reshape(-1, width)
        first = last
    upto = np.ascontiguousarray(np.cumsum(counts, axis=1).T.astype(np.float64))
    return Buckets(upto, np.ascontiguousarray(bounds[:, 1:].T))


def totals_and_variances(ordered: Ordered, grouping: Grouping) -> tuple[Floats, Floats]:
    """The sum of each cell's values, and the variance of each group's mean for independent units."""
    if are_many(len(ordered.values)):
        from metrics.stats import kernels

        rows = ordered.values, ordered.carried, ordered.starts
        totals, variances = kernels.sums_and_variances(*rows, grouping.offsets())
        return totals, variances
    values, counts = ordered.values, ordered.counts
    cells = np.repeat(grouping.offsets()[:-1], counts) + ordered.carried
    totals = np.bincount(cells, weights=values, minlength=int(grouping.clusters.sum())).astype(np.float64)
    group = np.repeat(np.arange(len(counts)), counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(group, weights=values, minlength=len(counts)) / counts
        variances = np.bincount(group, weights=(values - mean[group]) ** 2, minlength=len(counts)) / counts**2
    return totals, variances


def read_quantiles(
    ordered: Sorted, grouping: Grouping, probabilities: tuple[float, ...]
) -> tuple[list[Quantile], Buckets]:
    """Quantiles of every group without intervals, and the counts per cell between them; probabilities ascend."""
    values = list(ordered.quantile(np.array(probabilities)[:, None]))
    buckets = count_buckets(ordered, grouping, values)
    counts = ordered.counts.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [reached / counts for reached in buckets.reached[:-1]]
        errors = [np.sqrt(probability * (1 - probability) / counts) for probability in probabilities]
    return [Quantile(*each) for each in zip(probabilities, values, shares, errors, strict=True)], buckets


def estimate_quantiles(
    ordered: Ordered,
    grouping: Grouping,
    probabilities: tuple[float, ...],
    history: History | None = None,
) -> tuple[list[QuantileEstimate], Buckets]:
    """Quantiles of every group with clustered intervals, and the counts per cell between them; probabilities ascend.

    With a `history`, the intervals are those of the given repositories (`stats.successive`).
    """
    quantiles, buckets = read_quantiles(ordered, grouping, probabilities)
    return with_intervals(ordered, quantiles, buckets, Repositories(grouping, buckets.units, history)), buckets


def with_intervals(
    ordered: Ordered, quantiles: Sequence[Quantile], buckets: Buckets, repositories: Repositories
) -> list[QuantileEstimate]:
    """Quantiles with clustered intervals, from the counts per cell between them."""
    counts = ordered.counts.astype(np.float64)
    estimates = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for each, under in zip(quantiles, buckets.below, strict=True):
            probability, value = each.probability, each.value
            independent = probability * (1 - probability) / counts
            level = repositories.level_of(under, each.share, 1 / counts, independent)
            half = critical(level.degrees + 1) * np.sqrt(level.variance)
            estimates.append(
                QuantileEstimate(
                    probability,
                    value,
                    each.share,
                    each.independent_error,
                    np.sqrt(level.variance),
                    repositories.clusters,
                    level.degrees,
                    # Of a few units the value lies between two order statistics, and a bound could fall beyond it.
                    np.minimum(ordered.order_statistic(probability - half), value),
                    np.maximum(ordered.order_statistic(probability + half), value),
                )
            )
    return estimates
