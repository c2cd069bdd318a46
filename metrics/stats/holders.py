"""Rows by tier and segment, to be cut into windows of any kind: by their day.

A window is a stretch of days, so that a row's group follows from its holder and its day and need not be written down.
Sums are additive over days: of a large organisation they are made once per repository and *atom* (a stretch of days
that no week or month cuts in two), and every window's are sums of those. Quantiles are not: their rows are sorted anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.grouping import (
    Column,
    Floats,
    GivenRows,
    Grouping,
    Integers,
    are_many,
    codes_of,
    local_numbers,
)

ROOM_PER_ROW = 2
"""Numbers per row that a table by repository and atom may have: where it would be larger, adding up rows is cheaper."""
SMALL_TABLE = 1 << 16
"""Windows by holder and day that are counted from one table instead of row by row."""


NONE_GIVEN = np.zeros(0, dtype=np.int32)
"""Days or atoms, where rows are cut into windows that are given one by one."""


@dataclass(frozen=True)
class Holders:
    """Rows by tier × segment, repositories numbered within each: made once, then cut into windows of any kind."""

    codes: Integers
    local: Integers
    clusters: Integers
    tiers: int
    segments: int
    days: Integers
    """Per row, the number of its day; none where windows are given row by row."""
    atoms: Integers
    """Per day, the number of its atom; none where nothing is to be kept by atom."""

    def by_day(self, window_of_day: Integers, window_count: int) -> Grouping:
        """Groups of tier × segment × window, by the window of each row's day.

        Args:
            window_of_day: per day, or per tier and day, the number of its window, negative for none.
            window_count: how many windows there are.
        """
        table = np.atleast_2d(window_of_day)
        by_tier = np.broadcast_to(table, (self.tiers, table.shape[1])).astype(np.int32)
        return self._grouping(ByDay(self, self.days, by_tier, window_count), window_count)

    def by_window(self, windows: Integers, window_count: int) -> Grouping:
        """Groups of tier × segment × window; a row with a negative segment or window is in no group."""
        outside = (windows < 0) | (self.codes < 0)
        codes = np.where(outside, -1, self.codes.astype(np.int64) * window_count + windows)
        return self._grouping(GivenRows(codes, self.local), window_count)

    def _grouping(self, rows: "GivenRows | ByDay", window_count: int) -> Grouping:
        group = np.arange(self.tiers * self.segments * window_count)
        holder, window = np.divmod(group, window_count)
        tier, segment = np.divmod(holder, self.segments)
        return Grouping(rows, tier, segment, window, np.repeat(self.clusters, window_count))

    def at(self, rows: NDArray[np.intp]) -> "Holders":
        """The same holders, with some of the rows; repositories keep their numbers."""
        return replace(self, codes=self.codes[rows], local=self.local[rows], days=self.days[rows])

    def by_atom(self, column: Column) -> Floats:
        """Sums of a column per repository of each holder, and atom: made once for all windows."""
        from metrics.stats import kernels

        if id(column) not in self._by_atom:
            arguments = (codes_of(self.codes), codes_of(self.local), self.places, codes_of(self.days))
            atoms = codes_of(self.atoms)
            sums = (
                kernels.atom_units(*arguments, atoms, self.atom_count)
                if column is None
                else kernels.atom_sums(*arguments, atoms, self.atom_count, column)
            )
            self._by_atom[id(column)] = (column, sums)
        return self._by_atom[id(column)][1]

    def tier_days(self, days: int) -> Integers:
        """Per row, the place of its tier and day in a table of so many days a tier."""
        if self.tiers == 1:
            return self.days
        if days not in self._tier_days:
            if are_many(len(self.days)):
                from metrics.stats import kernels

                rows = codes_of(self.codes), codes_of(self.days)
                self._tier_days[days] = kernels.tier_days(*rows, self.segments, days)
            else:
                tier = self.codes if self.segments == 1 else self.codes // self.segments
                self._tier_days[days] = np.maximum(tier, 0).astype(np.int64) * days + self.days
        return self._tier_days[days]

    @cached_property
    def _tier_days(self) -> dict[int, Integers]:
        """Worked out once for all windows that the rows are cut into."""
        return {}

    def units_by_day(self, days: int) -> Integers:
        """Rows of each holder and day: holders × days."""
        from metrics.stats import kernels

        if days not in self._daily:
            size = self.tiers * self.segments
            self._daily[days] = kernels.units_by_day(codes_of(self.codes), codes_of(self.days), size, days)
        return self._daily[days]

    @cached_property
    def _by_atom(self) -> dict[int, tuple[Column, Floats]]:
        """Sums by the column that they are of, which is kept beside them so that no other takes its number."""
        return {}

    @cached_property
    def _daily(self) -> dict[int, Integers]:
        """Rows of each holder and day, made once for all windows."""
        return {}

    @cached_property
    def places(self) -> Integers:
        """Where each holder's repositories begin, one after another; one more entry than holders."""
        return np.concatenate([[0], np.cumsum(self.clusters)])

    @cached_property
    def atom_count(self) -> int:
        """How many atoms there are; none where days are not given."""
        return int(self.atoms.max(initial=-1)) + 1

    @cached_property
    def first_days(self) -> Integers:
        """The first day of each atom."""
        return np.searchsorted(self.atoms, np.arange(self.atom_count))


@dataclass(frozen=True)
class ByDay:
    """Rows whose groups follow from their holder and day."""

    holders: Holders
    days: Integers
    table: NDArray[np.int32]
    """Per tier and day the number of its window, negative for none."""
    count: int

    @property
    def local(self) -> Integers:
        """Per row the number of its repository."""
        return self.holders.local

    @cached_property
    def codes(self) -> Integers:
        """Per row its group, -1 for none."""
        holder = self.holders.codes
        if are_many(len(self.days)):
            from metrics.stats import kernels

            codes: Integers = kernels.day_codes(*self._rows, self.count)
            return codes
        window = self.table.ravel()[self.holders.tier_days(self.table.shape[1])]
        return np.where((window < 0) | (holder < 0), -1, holder.astype(np.int64) * self.count + window)

    def sums(self, columns: Sequence[Column], offsets: Integers) -> list[Floats]:
        """The sum of each column over each cell; None counts the rows."""
        if not are_many(len(self.days)) or not self._is_of_atoms:
            return GivenRows(self.codes, self.local).sums(columns, offsets)
        from metrics.stats import kernels

        holders = self.holders
        windows = self.table[:, holders.first_days]
        return [
            kernels.window_sums(holders.by_atom(column), holders.places, windows, holders.segments, self.count, offsets)
            for column in columns
        ]

    def sort(self, values: Floats, carried: NDArray[Any], groups: int) -> tuple[Floats, NDArray[Any], Integers]:
        """Values and what they carry, group by group in the order of the rows; where each group starts."""
        if not are_many(len(values)):
            return GivenRows(self.codes, self.local).sort(values, carried, groups)
        from metrics.stats import kernels

        starts = np.concatenate([[0], np.cumsum(self._units(groups))])
        ordered, along = kernels.sorted_by_day(*self._rows, self.count, starts, values, carried)
        return ordered, along, starts

    def _units(self, groups: int) -> Integers:
        """Rows of each group: from those of each holder and day, where these fit into a table."""
        from metrics.stats import kernels

        holders = self.holders
        if self.table.size * holders.segments > SMALL_TABLE:
            counts: Integers = kernels.units_by_group(*self._rows, self.count, groups)
            return counts
        windows = np.repeat(self.table, holders.segments, axis=0)
        group = np.arange(len(windows))[:, None] * self.count + windows
        inside = windows >= 0
        daily = holders.units_by_day(self.table.shape[1])[inside]
        return np.bincount(group[inside], weights=daily, minlength=groups).astype(np.int64)

    @cached_property
    def _is_of_atoms(self) -> bool:
        """Whether no window cuts an atom in two, and a table of them is worth its room."""
        holders = self.holders
        if not holders.atom_count or int(holders.places[-1]) * holders.atom_count > ROOM_PER_ROW * len(self.days):
            return False
        return bool((self.table[:, holders.first_days][:, holders.atoms] == self.table).all())

    @property
    def _rows(self) -> tuple[NDArray[np.int32], Integers, NDArray[np.int32]]:
        """Per row its holder, and the place of its tier and day; per place, the number of its window."""
        places = self.holders.tier_days(self.table.shape[1])
        return codes_of(self.holders.codes), places, self.table.ravel()


def make_holders(
    tiers: Integers,
    repositories: Integers,
    tier_count: int,
    segments: Integers | None = None,
    segment_count: int = 1,
    *,
    days: Integers = NONE_GIVEN,
    atoms: Integers = NONE_GIVEN,
) -> Holders:
    """Groups rows by tier × segment; a row with a negative segment has none."""
    if segments is None:
        local, per_holder = local_numbers(tiers, repositories, tier_count)
        return Holders(tiers, local, per_holder, tier_count, 1, days, atoms)
    codes = tiers * np.int32(segment_count) + np.maximum(segments, 0)
    local, per_holder = local_numbers(codes, repositories, tier_count * segment_count)
    held = np.where(segments < 0, -1, codes)
    return Holders(held, local, per_holder, tier_count, segment_count, days, atoms)


def repository_holders(
    tiers: Integers,
    repositories: Integers,
    tier_count: int,
    repository_count: int,
    *,
    days: Integers = NONE_GIVEN,
    atoms: Integers = NONE_GIVEN,
) -> Holders:
    """Groups rows by tier × repository: each holder is its own one repository. Rows of none of them have no holder."""
    codes = np.where(repositories < repository_count, tiers * np.int32(repository_count) + repositories, -1)
    alone = np.ones(tier_count * repository_count, dtype=np.int64)
    return Holders(codes, np.zeros_like(codes), alone, tier_count, repository_count, days, atoms)
