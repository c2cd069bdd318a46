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
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import left_in_residuals, small_sample_factor
from metrics.stats.grouping import Grouping, are_many, are_many_cells, finite, reduce_cells

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

QUARTERS_POOLED = 4
"""Differences of a year are averaged: enough degrees of freedom for few repositories, and no season counts twice."""

PASSES_OVER_GROUPS = 10
"""NumPy takes so many passes over groups for one over cells: of groups, a tenth are as much work as so many cells."""


class Page(Protocol):
    """Where what windows add to the average over a year is kept for the next build (`metrics.ledger`)."""

    def completed(self, summands: Floats) -> Floats:
        """The summands with those of windows that an earlier build knew in their place, and more of them in front.

        Args:
            summands: what is averaged × holders × windows.
        """


@dataclass(frozen=True)
class History:
    """Windows are differenced with the one a quarter before: within a quarter what sways a repository would cancel."""

    windows_per_quarter: int
    page: Page | None = None


@dataclass(frozen=True)
class LevelVariance:
    """Per group: variance of the level, and degrees of freedom of the reference (0 for one repository: normal)."""

    variance: Floats
    degrees: Floats


@dataclass(frozen=True)
class Repositories:
    """Cells of a grouping, ready to be differenced: `units` per cell; without a `history`, windows stand alone."""

    grouping: Grouping
    units: NDArray[Any]
    history: History | None

    def level(self, influence: Floats, independent: Floats) -> LevelVariance:
        """Variance of each group's level.

        Args:
            influence: per cell, the repository's linearised share in the error of the estimate (they sum to zero).
            independent: per group, the variance of independent units, in that unit squared: the least that is given.
        """
        known = finite(influence)
        alike = reduce_cells(known * known, self._offsets)
        if self.history is None:
            return self._level(alike, None, independent)
        pairs = self._pairs
        return self._level(
            alike, reduce_cells((known[pairs.now] - known[pairs.before]) ** 2, pairs.offsets), independent
        )

    def level_of(self, numerators: NDArray[Any], ratios: Floats, scales: Floats, independent: Floats) -> LevelVariance:
        """Variance of each group's level, where a repository's influence is that on a ratio to its units.

        Args:
            numerators: per cell; the repository's influence is (numerator - ratio × units) × scale.
            ratios: per group.
            scales: per group.
            independent: as in `level`.
        """
        ratios, scales = finite(ratios), finite(scales)
        if not are_many_cells(len(self.units)):
            spread = self.grouping.spread
            return self.level((numerators - spread(ratios) * self.units) * spread(scales), independent)
        from metrics.stats import kernels

        lag = self.history.windows_per_quarter if self.history else 0
        sums = kernels.spreads(numerators, self.units, ratios, scales, self._offsets, self.grouping.windows, lag)
        return self._level(sums[:, 0], sums[:, 1] if lag else None, independent)

    def _level(self, alike: Floats, spread: Floats | None, independent: Floats) -> LevelVariance:
        """The variance from the sums of squares: of influence, and of its change since the quarter before."""
        variance = np.maximum(alike * small_sample_factor(self.clusters), finite(independent))
        degrees = self.clusters - 1.0
        if self.history is not None and spread is not None:
            extra, pooled, has_past = self._between(spread, independent, self.history.windows_per_quarter)
            variance = np.where(has_past, independent + extra, variance)
            degrees = np.where(has_past, pooled, degrees)
        single = self.clusters <= 1
        return LevelVariance(np.where(single, independent, variance), np.where(single, 0.0, degrees))

    @cached_property
    def clusters(self) -> Integers:
        """Repositories with units, per group."""
        if are_many_cells(len(self.units)):
            from metrics.stats import kernels

            filled: Integers = kernels.filled_cells(self.units, self._offsets)
            return filled
        return reduce_cells((self.units > 0).astype(np.float64), self._offsets).astype(np.int64)

    @cached_property
    def _offsets(self) -> Integers:
        return self.grouping.offsets()

    def _between(self, spread: Floats, independent: Floats, lag: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Variance beyond independence, its degrees of freedom, and whether any window can be differenced.

        Degrees of freedom follow from how unequally repositories with shares w contribute to the variance: by w for
        that
        of independent units, by w² for their ups and downs (Satterthwaite 1946).
        """
        pairs = self._powers
        if self._has_many_groups:
            from metrics.stats import kernels

            columns = spread, independent, pairs.has_both, pairs.squares, pairs.left
            sums = self._over_a_year(kernels.differences(*columns, self._windows, lag), lag)
            powers = pairs.squares, pairs.cubes, pairs.fourths
            return *kernels.beyond_independence(sums, independent, *powers, lag), sums[2] > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = 1.0 / (independent + np.roll(independent, lag))
        valid = pairs.has_both & np.isfinite(weight)
        weight = np.where(valid, weight, 0.0)
        excess, scale, count = self._over_a_year(
            np.stack([spread * weight - (1 - pairs.squares) * valid, 2 * pairs.left * weight, valid]), lag
        )
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
        """Sums over the group's window and those before it, within a year: a row for each of several columns.

        Added up from the oldest on, so that they come to the same wherever the windows begin.
        """
        windows = self._windows
        summands = per_group.reshape(len(per_group), -1, windows)
        if self.history is not None and self.history.page is not None:
            summands = self.history.page.completed(summands)
        if self._has_many_groups:
            from metrics.stats import kernels

            sums: Floats = kernels.year_sums(summands, lag * QUARTERS_POOLED, windows)
            return sums
        width = summands.shape[-1]
        total = np.zeros_like(summands)
        for back in reversed(range(min(lag * QUARTERS_POOLED, width))):
            total[..., back:] += summands[..., : width - back]
        return total[..., width - windows :].reshape(len(per_group), -1)

    @property
    def _has_many_groups(self) -> bool:
        return are_many(self.grouping.size * PASSES_OVER_GROUPS)

    @cached_property
    def _windows(self) -> int:
        return int(self.grouping.windows.max(initial=0)) + 1

    @cached_property
    def _pairs(self) -> "_Pairs":
        """The cells that are differenced."""
        assert self.history is not None
        grouping, lag = self.grouping, self.history.windows_per_quarter
        late = grouping.windows >= lag
        now = np.flatnonzero(np.repeat(late, grouping.clusters)).astype(np.int64)
        before = now - lag * np.repeat(grouping.clusters, grouping.clusters)[now]
        offsets = np.concatenate([[0], np.cumsum(np.where(late, grouping.clusters, 0))]).astype(np.int64)
        return _Pairs(now, before, offsets)

    @cached_property
    def _powers(self) -> "_Powers":
        """What repositories of unequal size do to differences."""
        assert self.history is not None
        lag, total = self.history.windows_per_quarter, reduce_cells(self.units, self._offsets)
        if are_many_cells(len(self.units)):
            from metrics.stats import kernels

            powers = kernels.shares_of_pairs(self.units, self._offsets, total, self.grouping.windows, lag)
            squares, cubes, fourths = powers.T
        else:
            pairs = self._pairs
            share = self.units / self.grouping.spread(np.maximum(total, np.finfo(np.float64).tiny))
            both = (share[pairs.now] + share[pairs.before]) / 2
            square = both * both
            powers = (square, square * both, square * square)
            squares, cubes, fourths = (reduce_cells(power, pairs.offsets) for power in powers)
        has_both = (self.grouping.windows >= lag) & (total > 0) & (np.roll(total, lag) > 0)
        squares = np.where(has_both, squares, 1.0)
        return _Powers(squares, cubes, fourths, left_in_residuals(squares, cubes), has_both)


@dataclass(frozen=True)
class _Pairs:
    """Cells of a window and the one a quarter before, and where those of each group begin."""

    now: Integers
    before: Integers
    offsets: Integers


@dataclass(frozen=True)
class _Powers:
    """Per group: sums of powers of the mean shares in both windows, what residuals keep, and whether both had units."""

    squares: Floats
    cubes: Floats
    fourths: Floats
    left: Floats
    has_both: NDArray[np.bool_]
