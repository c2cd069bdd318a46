"""How much a level would vary if the same repositories' time were lived again: successive differences, by repository.

A level is that of the *given* repositories, so what sets one apart from another for good is no error of it: within one
window that cannot be told from chance, between two windows of one repository it cancels. Half the mean square of
successive differences estimates a variance free of a slow trend (von Neumann 1941, "Distribution of the ratio of the
mean square successive difference to the variance"; as replication in surveys: Fay and Train 1995, "Aspects of survey
and model-based postcensal estimation of income and poverty characteristics for states and counties"). What they show
beyond the variance of independent units is the repositories' own ups and downs; it is averaged over the last year and
added to the window's independent variance.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import left_in_residuals, small_sample_factor
from metrics.stats.grouping import Grouping, finite, reduce_cells

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

QUARTERS_POOLED = 4
"""Differences of a year are averaged: enough degrees of freedom for few repositories, and no season counts twice."""


@dataclass(frozen=True)
class History:
    """Windows are differenced with the one a quarter before: within a quarter what sways a repository would cancel."""

    windows_per_quarter: int


@dataclass(frozen=True)
class LevelVariance:
    """Per group: variance of the level, and degrees of freedom of the reference (0 for one repository: normal)."""

    variance: Floats
    degrees: Floats


@dataclass(frozen=True)
class Repositories:
    """Cells of a grouping, ready to be differenced: `units` per cell; without a `history`, windows stand alone."""

    grouping: Grouping
    units: Floats
    history: History | None

    def level(self, influence: Floats, independent: Floats) -> LevelVariance:
        """Variance of each group's level.

        Args:
            influence: per cell, the repository's linearised share in the error of the estimate (they sum to zero).
            independent: per group, the variance of independent units, in that unit squared: the least that is given.
        """
        known = finite(influence)
        variance = np.maximum(
            reduce_cells(known * known, self._offsets) * small_sample_factor(self.clusters), finite(independent)
        )
        degrees = self.clusters - 1.0
        if self.history is not None:
            extra, pooled, has_past = self._between(known, independent, self.history.windows_per_quarter)
            variance = np.where(has_past, independent + extra, variance)
            degrees = np.where(has_past, pooled, degrees)
        single = self.clusters <= 1
        return LevelVariance(np.where(single, independent, variance), np.where(single, 0.0, degrees))

    @cached_property
    def clusters(self) -> Integers:
        """Repositories with units, per group."""
        return reduce_cells((self.units > 0).astype(np.float64), self._offsets).astype(np.int64)

    @cached_property
    def _offsets(self) -> Integers:
        return self.grouping.offsets()

    def _between(self, influence: Floats, independent: Floats, lag: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Variance beyond independence, its degrees of freedom, and whether any window can be differenced.

        Degrees of freedom follow from how unequally repositories with shares w contribute to the variance: by w for
        that
        of independent units, by w² for their ups and downs (Satterthwaite 1946).
        """
        pairs = self._pairs
        spread = reduce_cells((influence[pairs.now] - influence[pairs.before]) ** 2, pairs.offsets)
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = 1.0 / (independent + np.roll(independent, lag))
        valid = pairs.has_both & np.isfinite(weight)
        weight = np.where(valid, weight, 0.0)
        excess = self._over_a_year(spread * weight - (1 - pairs.squares) * valid, lag)
        scale = self._over_a_year(2 * pairs.left * weight, lag)
        count = self._over_a_year(valid.astype(np.float64), lag)
        has_past = count > 0
        extra = np.where(has_past, np.maximum(excess, 0.0) / np.where(has_past, scale, 1.0), 0.0)
        quarters = np.maximum(count / lag, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            luck = np.where(extra > 0, extra / (independent + extra), 0.0)
            by_chance, by_luck = 1 - luck, luck / pairs.squares
        parts = by_chance**2 * pairs.squares + 2 * by_chance * by_luck * pairs.cubes + by_luck**2 * pairs.fourths
        repositories = 1 / finite(parts, 1.0)
        # Differences that share a window are correlated: J of them bear 2 J² / (3 J - 1) degrees of freedom each.
        degrees = (repositories - 1) * 2 * quarters**2 / (3 * quarters - 1)
        return extra, np.maximum(degrees, 1.0), has_past

    def _over_a_year(self, per_group: Floats, lag: int) -> Floats:
        """Sum over the group's window and those before it, within a year."""
        windows = int(self.grouping.windows.max(initial=0)) + 1
        total = np.cumsum(per_group.reshape(-1, windows), axis=1)
        span = lag * QUARTERS_POOLED
        earlier = np.zeros_like(total)
        earlier[:, span:] = total[:, :-span]
        return (total - earlier).reshape(-1)

    @cached_property
    def _pairs(self) -> "_Pairs":
        assert self.history is not None
        grouping, lag = self.grouping, self.history.windows_per_quarter
        late = grouping.windows >= lag
        now = np.flatnonzero(np.repeat(late, grouping.clusters)).astype(np.int64)
        before = now - lag * np.repeat(grouping.clusters, grouping.clusters)[now]
        offsets = np.concatenate([[0], np.cumsum(np.where(late, grouping.clusters, 0))]).astype(np.int64)
        total = reduce_cells(self.units, self._offsets)
        share = self.units / grouping.spread(np.maximum(total, np.finfo(np.float64).tiny))
        both = (share[now] + share[before]) / 2
        squares, cubes = reduce_cells(both**2, offsets), reduce_cells(both**3, offsets)
        has_both = late & (total > 0) & (np.roll(total, lag) > 0)
        squares = np.where(has_both, squares, 1.0)
        fourths = reduce_cells(both**4, offsets)
        return _Pairs(now, before, offsets, squares, cubes, fourths, left_in_residuals(squares, cubes), has_both)


@dataclass(frozen=True)
class _Pairs:
    """Cells of a window and the one a quarter before; per group the sum of squared shares, and what residuals keep."""

    now: Integers
    before: Integers
    offsets: Integers
    squares: Floats
    cubes: Floats
    fourths: Floats
    left: Floats
    has_both: NDArray[np.bool_]
