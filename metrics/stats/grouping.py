"""Rows into groups (tier × segment × window), and groups into cells (group × repository).

Everything is integer arithmetic on whole columns: a group is a number, a cell is a number, and sums over cells are
one pass over the rows. Cells
of one group lie side by side and in the same order for every window of a tier, so that two windows can be compared
repository by repository.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

Column = Floats | None
"""Numbers over rows, or None: each row counts as one."""

RADIX_BITS = 16
"""NumPy sorts 16-bit integers by radix, linear in the rows; wider ones by merging, ten times slower at a million."""
CELLS_AT_ONCE = 1 << 22
"""Cells (group × repository) held in memory at a time: 4 million of six counters are 200 MB."""
MANY_ROWS = 500_000
"""Rows from which the compiled loops of `stats.kernels` pay for the time that loading them takes."""
MANY_CELLS = 20_000
"""Cells from which they pay where they are loaded already: what is saved is three passes, and no import."""
LOOPS = "metrics.stats.kernels"
PAIRS_IN_A_TABLE = 1 << 26
"""Holder × repository pairs that a table of flags is made for (64 MB); beyond, distinct pairs are found by sorting."""


def are_many(rows: int) -> bool:
    """Whether so many rows are worth the compiled loops."""
    return rows >= MANY_ROWS


def are_many_cells(cells: int) -> bool:
    """Whether so many cells are worth the compiled loops: fewer, once rows of which there are many have loaded these.

    Only for loops that come to the same as NumPy to the last bit: what has been loaded depends on what ran before.
    """
    return cells >= (min(MANY_CELLS, MANY_ROWS) if LOOPS in sys.modules else MANY_ROWS)


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


class Rows(Protocol):
    """The rows of a grouping: which group and which repository each belongs to."""

    @property
    def codes(self) -> Integers:
        """Per row its group, -1 for none."""

    @property
    def local(self) -> Integers:
        """Per row the number of its repository, among those of its group."""

    def sums(self, columns: Sequence[Column], offsets: Integers) -> list[Floats]:
        """The sum of each column over each cell; None counts the rows."""

    def sort(self, values: Floats, carried: NDArray[Any], groups: int) -> tuple[Floats, NDArray[Any], Integers]:
        """Values and what they carry, group by group in the order of the rows; where each group starts."""


@dataclass(frozen=True)
class GivenRows:
    """Rows whose groups are given one by one."""

    codes: Integers
    local: Integers

    def sums(self, columns: Sequence[Column], offsets: Integers) -> list[Floats]:
        """The sum of each column over each cell; None counts the rows."""
        if are_many(len(self.codes)):
            from metrics.stats import kernels

            codes, local = codes_of(self.codes), codes_of(self.local)
            return [
                kernels.cell_units(codes, local, offsets)
                if column is None
                else kernels.cell_sums(codes, local, offsets, column)
                for column in columns
            ]
        cells, inside = self._cells(offsets)
        size = int(offsets[-1])
        return [
            np.bincount(
                cells, weights=column if column is None or inside is None else column[inside], minlength=size
            ).astype(np.float64)
            for column in columns
        ]

    def sort(self, values: Floats, carried: NDArray[Any], groups: int) -> tuple[Floats, NDArray[Any], Integers]:
        """Values and what they carry, group by group in the order of the rows; where each group starts."""
        if are_many(len(values)):
            from metrics.stats import kernels

            found: tuple[Floats, NDArray[Any], Integers] = kernels.sorted_into_groups(
                codes_of(self.codes), groups, values, carried
            )
            return found
        inside = self.codes >= 0
        kept = None if inside.all() else np.flatnonzero(inside)
        codes = self.codes if kept is None else self.codes[kept]
        order = stable_order(codes, groups)
        rows = order if kept is None else kept[order]
        starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=groups))]).astype(np.int64)
        return values[rows], carried[rows], starts

    def _cells(self, offsets: Integers) -> tuple[Integers, NDArray[np.bool_] | None]:
        """The cells of the rows that are in a group, and which those are; None for all."""
        inside = self.codes >= 0
        if inside.all():
            return offsets[self.codes] + self.local, None
        return offsets[self.codes[inside]] + self.local[inside], inside


@dataclass(frozen=True)
class Grouping:
    """Groups of rows.

    Arrays over groups: `tiers`, `segments`, `windows` (what the group stands for) and `clusters` (how many repository
    numbers it may hold).
    """

    rows: Rows
    tiers: Integers
    segments: Integers
    windows: Integers
    clusters: Integers

    @property
    def size(self) -> int:
        """Number of groups."""
        return len(self.tiers)

    @property
    def codes(self) -> Integers:
        """Per row its group, -1 for none."""
        return self.rows.codes

    @property
    def local(self) -> Integers:
        """Per row the number of its repository."""
        return self.rows.local

    def offsets(self) -> Integers:
        """Where each group's cells begin; one more entry than groups."""
        return self._offsets

    @cached_property
    def _offsets(self) -> Integers:
        return np.concatenate([[0], np.cumsum(self.clusters)])

    def cells(self) -> Integers:
        """The cell of each row, -1 where the row is in no group."""
        inside = np.maximum(self.codes, 0)
        return np.where(self.codes >= 0, self.offsets()[inside] + self.local, -1)

    def sums(self, columns: Sequence[Column]) -> list[Floats]:
        """Sum of each column over each cell (None counts the rows); a column given twice is added up once."""
        distinct = list({id(column): column for column in columns}.values())
        found = self.rows.sums(distinct, self._offsets)
        by_column = {id(column): sums for column, sums in zip(distinct, found, strict=True)}
        return [by_column[id(column)] for column in columns]

    def units(self) -> Floats:
        """Rows of each cell."""
        return self.sums([None])[0]

    def sort(self, values: Floats, carried: NDArray[Any]) -> tuple[Floats, NDArray[Any], Integers]:
        """Values and what they carry, group by group in the order of the rows; where each group starts."""
        return self.rows.sort(values, carried, self.size)

    def over_groups(self, cell_values: Floats) -> Floats:
        """Sum of a cell column over each group's cells (a group without cells sums to zero)."""
        return reduce_cells(cell_values, self.offsets())

    def spread(self, group_values: NDArray[Any]) -> NDArray[Any]:
        """A group column repeated over each group's cells."""
        return np.repeat(group_values, self.clusters)


def reduce_cells(values: NDArray[Any], offsets: Integers) -> Floats:
    """Sums of consecutive runs of cells, one after another; exact zeros for empty runs.

    In this order a cell without units changes no bit of the sum (`np.add.reduceat` pairs neighbours), so that a window
    comes to the same whichever repositories worked in other windows only: what part of the windows gives, all give.
    """
    if are_many_cells(len(values)):
        from metrics.stats import kernels

        totals: Floats = kernels.run_sums(values, offsets)
        return totals
    runs = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.bincount(runs, weights=values, minlength=len(offsets) - 1).astype(np.float64)


def influence_of(
    grouping: Grouping, numerators: NDArray[Any], units: NDArray[Any], ratios: Floats, scales: Floats
) -> Floats:
    """Each cell's part in the error of a ratio of sums: (numerator - ratio × units) × scale, those of the group."""
    if are_many_cells(len(units)):
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
