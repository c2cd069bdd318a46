"""Rows into groups (tier × segment × window), and groups into cells (group × repository).

Everything is integer arithmetic on whole columns: a group is a number, a cell is a number, and sums over cells are
one pass over the rows. Cells
of one group lie side by side and in the same order for every window of a tier, so that two windows can be compared
repository by repository.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

RADIX_BITS = 16
"""NumPy sorts 16-bit integers by radix, linear in the rows; wider ones by merging, ten times slower at a million."""
CELLS_AT_ONCE = 1 << 22
"""Cells (group × repository) held in memory at a time: 4 million of six counters are 200 MB."""
MANY_ROWS = 500_000
"""Rows from which the compiled loops of `stats.kernels` pay for the time that loading them takes."""
PAIRS_IN_A_TABLE = 1 << 26
"""Holder × repository pairs that a table of flags is made for (64 MB); beyond, distinct pairs are found by sorting."""


def are_many(rows: int) -> bool:
    """Whether so many rows are worth the compiled loops."""
    return rows >= MANY_ROWS


def codes_of(column: Integers) -> NDArray[np.int32]:
    """A column of codes as the compiled loops take it."""
    return column.astype(np.int32, copy=False)


def finite(values: Floats, instead: float = 0.0) -> Floats:
    """The values, those that are not finite replaced (`numpy.nan_to_num` takes ten passes for this)."""
    return np.where(np.isfinite(values), values, instead)


def stable_order(codes: Integers, size: int) -> NDArray[np.intp]:
    """Row numbers ordered by code (0 ≤ code < size), stably: radix sort, 16 bits at a time."""
    order = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    shift = RADIX_BITS
    while size > (1 << shift):
        digit = ((codes[order] >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit, kind="stable")]
        shift += RADIX_BITS
    return order


@dataclass(frozen=True)
class Grouping:
    """Groups of rows. Arrays over rows: `codes` (the group, -1 for none), `local` (the repository's number).

    Arrays over groups: `tiers`, `segments`, `windows` (what the group stands for) and `clusters` (how many repository
    numbers it may hold).
    """

    codes: Integers
    local: Integers
    tiers: Integers
    segments: Integers
    windows: Integers
    clusters: Integers

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.tiers)

    def offsets(self) -> Integers:
        """Where each group's cells begin; one more entry than groups."""
        return self._offsets

    def cells(self) -> Integers:
        """The cell of each row, -1 where the row is in no group."""
        inside = np.maximum(self.codes, 0)
        return np.where(self.codes >= 0, self.offsets()[inside] + self.local, -1)

    def sums(self, columns: Sequence[Floats]) -> list[Floats]:
        """Sum of each column over each cell; a column given twice is added up once."""
        distinct = list({id(column): column for column in columns}.values())
        if are_many(len(self.codes)):
            from metrics.stats import kernels

            codes, local, offsets = codes_of(self.codes), codes_of(self.local), self.offsets()
            found = [kernels.cell_sums(codes, local, offsets, column) for column in distinct]
        else:
            cells, inside = self._cells_of_rows
            size = int(self.clusters.sum())
            found = [
                np.bincount(cells, weights=column if inside is None else column[inside], minlength=size)
                for column in distinct
            ]
        by_column = {id(column): sums for column, sums in zip(distinct, found, strict=True)}
        return [by_column[id(column)] for column in columns]

    def units(self) -> Floats:
        """Rows of each cell."""
        if are_many(len(self.codes)):
            from metrics.stats import kernels

            units: Floats = kernels.cell_units(codes_of(self.codes), codes_of(self.local), self.offsets())
            return units
        return np.bincount(self._cells_of_rows[0], minlength=int(self.clusters.sum())).astype(np.float64)

    @cached_property
    def _offsets(self) -> Integers:
        return np.concatenate([[0], np.cumsum(self.clusters)])

    @cached_property
    def _cells_of_rows(self) -> tuple[Integers, NDArray[np.bool_] | None]:
        """The cells of the rows that are in a group, and which those are; None for all."""
        cells = self.cells()
        inside = cells >= 0
        return (cells, None) if inside.all() else (cells[inside], inside)

    def over_groups(self, cell_values: Floats) -> Floats:
        """Sum of a cell column over each group's cells (a group without cells sums to zero)."""
        return reduce_cells(cell_values, self.offsets())

    def spread(self, group_values: Floats) -> Floats:
        """A group column repeated over each group's cells."""
        return np.repeat(group_values, self.clusters)


def reduce_cells(values: NDArray[Any], offsets: Integers) -> Floats:
    """Sums of consecutive runs of cells; exact zeros for empty runs."""
    totals = np.zeros(len(offsets) - 1)
    filled = offsets[1:] > offsets[:-1]
    if filled.any():
        totals[filled] = np.add.reduceat(values, offsets[:-1][filled])
    return totals


def influence_of(
    grouping: Grouping, numerators: NDArray[Any], units: NDArray[Any], ratios: Floats, scales: Floats
) -> Floats:
    """Each cell's part in the error of a ratio of sums: (numerator - ratio × units) × scale, those of the group."""
    if are_many(len(units)):
        from metrics.stats import kernels

        found: Floats = kernels.influences(numerators, units, ratios, scales, grouping.offsets())
        return found
    return np.asarray((numerators - grouping.spread(ratios) * units) * grouping.spread(scales))


def local_numbers(holders: Integers, repositories: Integers, holder_count: int) -> tuple[Integers, Integers]:
    """Numbers repositories within each holder (tier × segment): (number per row, repositories per holder)."""
    width = int(repositories.max(initial=0)) + 1
    if are_many(len(holders)):
        from metrics.stats import kernels

        found: tuple[Integers, Integers] = kernels.local_numbers(
            codes_of(holders), codes_of(repositories), holder_count, width
        )
        return found
    pairs = holders.astype(np.int64) * width + repositories
    if holder_count * width <= PAIRS_IN_A_TABLE:
        seen = np.zeros(holder_count * width, dtype=bool)
        seen[pairs] = True
        distinct = np.flatnonzero(seen)
        rank = (np.cumsum(seen) - 1)[pairs]
    else:
        distinct, rank = np.unique(pairs, return_inverse=True)
    per_holder = np.bincount(distinct // width, minlength=holder_count)
    first = np.concatenate([[0], np.cumsum(per_holder)])
    return (rank - first[holders]).astype(np.int64), per_holder.astype(np.int64)


@dataclass(frozen=True)
class Holders:
    """Rows by tier × segment, repositories numbered within each: made once, then cut into windows of any kind."""

    codes: Integers
    local: Integers
    clusters: Integers
    tiers: int
    segments: int

    def by_day(self, days: Integers, window_of_day: Integers, window_count: int) -> Grouping:
        """Groups of tier × segment × window, by the window of each row's day.

        Args:
            days: the number of each row's day.
            window_of_day: per day, or per tier and day, the number of its window, negative for none.
            window_count: how many windows there are.
        """
        table = np.atleast_2d(window_of_day)
        if are_many(len(days)):
            from metrics.stats import kernels

            by_tier = np.broadcast_to(table, (self.tiers, table.shape[1])).astype(np.int32)
            codes = kernels.day_codes(codes_of(self.codes), codes_of(days), by_tier, self.segments, window_count)
            return self._grouping(codes, window_count)
        tier = np.maximum(self.codes, 0) // self.segments if len(table) > 1 else 0
        return self.by_window(table[tier, days], window_count)

    def by_window(self, windows: Integers, window_count: int) -> Grouping:
        """Groups of tier × segment × window; a row with a negative segment or window is in no group."""
        outside = (windows < 0) | (self.codes < 0)
        return self._grouping(np.where(outside, -1, self.codes.astype(np.int64) * window_count + windows), window_count)

    def _grouping(self, codes: Integers, window_count: int) -> Grouping:
        group = np.arange(self.tiers * self.segments * window_count)
        holder, window = np.divmod(group, window_count)
        tier, segment = np.divmod(holder, self.segments)
        return Grouping(
            codes=codes,
            local=self.local,
            tiers=tier,
            segments=segment,
            windows=window,
            clusters=np.repeat(self.clusters, window_count),
        )


def make_holders(
    tiers: Integers,
    repositories: Integers,
    tier_count: int,
    segments: Integers | None = None,
    segment_count: int = 1,
) -> Holders:
    """Groups rows by tier × segment; a row with a negative segment has none."""
    if segments is None:
        local, per_holder = local_numbers(tiers, repositories, tier_count)
        return Holders(tiers, local, per_holder, tier_count, 1)
    codes = tiers * np.int32(segment_count) + np.maximum(segments, 0)
    local, per_holder = local_numbers(codes, repositories, tier_count * segment_count)
    return Holders(np.where(segments < 0, -1, codes), local, per_holder, tier_count, segment_count)


def repository_holders(tiers: Integers, repositories: Integers, tier_count: int, repository_count: int) -> Holders:
    """Groups rows by tier × repository: each holder is its own one repository. Rows of none of them have no holder."""
    codes = np.where(repositories < repository_count, tiers * np.int32(repository_count) + repositories, -1)
    return Holders(
        codes,
        np.zeros_like(codes),
        np.ones(tier_count * repository_count, dtype=np.int64),
        tier_count,
        repository_count,
    )
