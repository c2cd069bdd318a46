"""Quantiles of all groups from one order, with intervals by Woodruff's inversion clustered by repository.

Quantiles interpolate linearly between order statistics (Hyndman and Fan 1996, type 7: NumPy's default, SQL's `percentile_cont`).
The interval of a quantile comes from that of the share of units at or below it (Woodruff 1952): that share is a ratio of sums over
repositories, its variance the linearised one (Deng, Knoblich and Lu 2018), and its bounds are read off the order statistics.
With one repository the units are independent and the bounds are the binomial order statistics'.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import critical, small_sample_factor
from metrics.stats.grouping import CELLS_AT_ONCE, Grouping, reduce_cells, stable_order

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Ordered:
    """Values sorted within groups: group g holds `values[starts[g]:starts[g + 1]]`; `rows` says which row each came from."""

    values: Floats
    rows: NDArray[np.intp]
    starts: Integers

    @property
    def counts(self) -> Integers:
        """Units per group."""
        return np.diff(self.starts)

    def quantile(self, probability: float) -> Floats:
        """The quantile of each group by linear interpolation; NaN for an empty group."""
        counts = self.counts
        position = np.maximum(counts - 1, 0) * probability
        below = np.floor(position).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(counts - 1, 0))
        if len(self.values) == 0:
            return np.full(len(counts), np.nan)
        last = len(self.values) - 1
        low = self.values[np.minimum(self.starts[:-1] + below, last)]
        high = self.values[np.minimum(self.starts[:-1] + above, last)]
        return np.where(counts > 0, low + (high - low) * (position - below), np.nan)

    def at_most(self, thresholds: Floats) -> Integers:
        """How many values of each group are at or below the group's threshold (binary search in all groups at once)."""
        low, high = np.zeros(len(self.counts), dtype=np.int64), self.counts.copy()
        while np.any(low < high):
            middle = (low + high) // 2
            probe = self.values[np.minimum(self.starts[:-1] + middle, max(len(self.values) - 1, 0))]
            right = (low < high) & (probe <= thresholds)
            high = np.where((low < high) & ~right, middle, high)
            low = np.where(right, middle + 1, low)
        return low

    def order_statistic(self, share: Floats) -> Floats:
        """The smallest value with at least that share of the group at or below it; NaN outside (0, 1): the data bear no such bound."""
        counts = self.counts
        index = np.clip(np.ceil(share * counts).astype(np.int64) - 1, 0, np.maximum(counts - 1, 0))
        known = (share > 0) & (share < 1) & (counts > 0)
        if len(self.values) == 0:
            return np.full(len(counts), np.nan)
        picked = self.values[np.minimum(self.starts[:-1] + index, len(self.values) - 1)]
        return np.where(known, picked, np.nan)


def order_by_group(value_order: NDArray[np.intp], values: Floats, grouping: Grouping) -> Ordered:
    """Sorts by (group, value), given the rows in ascending order of value: only the groups remain to be sorted, stably."""
    codes = grouping.codes[value_order]
    inside = codes >= 0
    rows = value_order[inside]
    codes = codes[inside]
    rows = rows[stable_order(codes, grouping.size)]
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=grouping.size))]).astype(np.int64)
    return Ordered(values[rows], rows, starts)


@dataclass(frozen=True)
class QuantileEstimate:
    """One quantile of every group: value, the share's clustered standard error, clusters with units, interval bounds (NaN: unknown).

    `below` holds, per cell, the units at or below the quantile; `units` those of the cell.
    """

    probability: float
    value: Floats
    share: Floats
    standard_error: Floats
    independent_error: Floats
    clusters: Integers
    low: Floats
    high: Floats


def cells_below(ordered: Ordered, grouping: Grouping, thresholds: list[Floats]) -> tuple[Floats, list[Floats]]:
    """Units per cell, and per threshold the units at or below it: one pass over the rows, in blocks of groups."""
    edges = np.stack([ordered.at_most(threshold) for threshold in thresholds]) + ordered.starts[:-1]
    offsets = grouping.offsets()
    buckets = len(thresholds) + 1
    total = int(offsets[-1])
    counters = np.empty((total, buckets), dtype=np.int64)
    first = 0
    while first < grouping.size:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + CELLS_AT_ONCE, side="right")) - 1)
        begin, end = ordered.starts[first], ordered.starts[last]
        bucket = np.zeros(end - begin, dtype=np.int64)
        group = np.repeat(np.arange(first, last), ordered.counts[first:last])
        position = np.arange(begin, end)
        for edge in edges:
            bucket += position >= edge[group]
        cell = offsets[group] - offsets[first] + grouping.local[ordered.rows[begin:end]]
        width = int(offsets[last] - offsets[first])
        counters[offsets[first] : offsets[last]] = np.bincount(
            cell * buckets + bucket, minlength=width * buckets
        ).reshape(width, buckets)
        first = last
    below = np.cumsum(counters, axis=1)
    return below[:, -1].astype(np.float64), [below[:, i].astype(np.float64) for i in range(len(thresholds))]


def estimate_quantiles(
    ordered: Ordered, grouping: Grouping, probabilities: tuple[float, ...]
) -> tuple[list[QuantileEstimate], Floats, list[Floats]]:
    """Quantiles of every group with clustered intervals; also units per cell and units below each quantile per cell.

    Probabilities must ascend.
    """
    values = [ordered.quantile(probability) for probability in probabilities]
    units, below = cells_below(ordered, grouping, values)
    offsets = grouping.offsets()
    counts = ordered.counts.astype(np.float64)
    clusters = reduce_cells((units > 0).astype(np.float64), offsets).astype(np.int64)
    estimates = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for probability, value, under in zip(probabilities, values, below, strict=True):
            share = reduce_cells(under, offsets) / counts
            residual = under - grouping.spread(share) * units
            variance = reduce_cells(residual * residual, offsets) * small_sample_factor(clusters) / counts**2
            independent = probability * (1 - probability) / counts
            variance = np.where(clusters > 1, variance, independent)
            half = critical(clusters) * np.sqrt(variance)
            estimates.append(
                QuantileEstimate(
                    probability,
                    value,
                    share,
                    np.sqrt(variance),
                    np.sqrt(independent),
                    clusters,
                    ordered.order_statistic(probability - half),
                    ordered.order_statistic(probability + half),
                )
            )
    return estimates, units, below
