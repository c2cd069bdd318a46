"""Units of a definition as integer-coded columns: what an estimator needs to know of each row, and no more.

A unit has a tier (0 for untiered), a repository, a team, a kind of AI use, a category, a local day, and its numbers.
The columns come from
DuckDB as NumPy arrays without copies; text stays behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import GRAINS, Calendar, Grain, Period
from metrics.stats.grouping import are_many, codes_of

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
"""Codes: 32 bits where they come from facts."""

AI_USES = ("none", "assisted", "authored", "unknown")
TIERS = ("untiered", "1", "2", "3", "4")
MIXED = "all"
MICROSECONDS_PER_DAY = 86_400_000_000
BITS_OF_A_ROW = 63
"""What the codes of one row may take together: an integer of 64 bits with its sign."""

Numbers = tuple[NDArray[np.float64], ...]
Order = Callable[[Numbers], tuple[NDArray[np.integer[Any]], Numbers]]
"""The order in which units are wanted, from their numbers: row numbers, and the numbers in that order."""


@dataclass(frozen=True)
class Units:
    """Columns over units. Codes are -1 where a unit has none; `numbers` are the estimator's own columns."""

    tier: Integers
    repository: Integers
    team: Integers
    ai_use: Integers
    category: Integers
    day: Integers
    numbers: tuple[Floats, ...]

    def __len__(self) -> int:
        """Number of units."""
        return len(self.tier)

    def take(self, order: Integers) -> "Units":
        """The units in another order."""
        numbers = tuple(
            constant_number(float(column[0]), len(order)) if _is_constant(column) else column[order]
            for column in self.numbers
        )
        return self._with(_all_taken(self._codes, [order]), numbers)

    def chosen(self, inside: NDArray[np.bool_], order: Order | None) -> "Units":
        """The units inside, in the order that is wanted, or in that of the facts."""
        rows = None if inside.all() else np.flatnonzero(inside)
        if order is None:
            return self if rows is None else self.take(rows)
        wanted, numbers = order(self.numbers if rows is None else tuple(column[rows] for column in self.numbers))
        return self._with(_all_taken(self._codes, [wanted] if rows is None else [rows, wanted]), numbers)

    @property
    def _codes(self) -> tuple[Integers, ...]:
        return self.tier, self.repository, self.team, self.ai_use, self.category, self.day

    def _with(self, codes: Sequence[Integers], numbers: tuple[Floats, ...]) -> "Units":
        """Units of other codes, in the order of `_codes`, and numbers."""
        tier, repository, team, ai_use, category, day = codes
        return Units(tier, repository, team, ai_use, category, day, numbers)

    def pooled(self) -> "Units":
        """The same units with all tiers mixed into one."""
        return replace(self, tier=constant(0, len(self)))


def constant(code: int, rows: int) -> Integers:
    """A column of one and the same code, which takes no room."""
    return np.broadcast_to(np.int32(code), rows)


def constant_number(number: float, rows: int) -> Floats:
    """A column of one and the same number, which takes no room."""
    return np.broadcast_to(np.float64(number), rows)


def _all_taken(columns: Sequence[Integers], orders: Sequence[Integers]) -> list[Integers]:
    """Columns of codes in another order, or in one order of those rows that another one takes.

    The codes of a row are far apart from each other, and so are rows that follow each other in the order. Of many rows
    the codes are first put side by side into 64 bits, so that each row is looked up in memory once.
    """
    rows = len(orders[-1])
    widths = [0 if _is_constant(column) else int(column.max(initial=0) + 1).bit_length() for column in columns]
    if not are_many(rows) or sum(widths) > BITS_OF_A_ROW:
        return [
            _in_turn(column, orders) if width else constant(int(column[0]), rows)
            for column, width in zip(columns, widths, strict=True)
        ]
    from metrics.stats import kernels

    shifts = np.cumsum([0, *widths])
    packed: Integers = np.zeros(len(columns[0]), dtype=np.int64)
    for column, width, shift in zip(columns, widths, shifts[:-1], strict=True):
        if width:
            kernels.pack(packed, codes_of(column), shift)
    packed = _in_turn(packed, orders)
    return [
        kernels.unpacked(packed, shift, width) if width else constant(int(column[0]), rows)
        for column, width, shift in zip(columns, widths, shifts[:-1], strict=True)
    ]


def _in_turn(column: Integers, orders: Sequence[Integers]) -> Integers:
    """A column in one order after another."""
    for order in orders:
        column = column[order]
    return column


def _is_constant(column: NDArray[Any]) -> bool:
    """Whether a column was made by `constant` or `constant_number`."""
    return column.strides == (0,) and len(column) > 0


def concatenate(parts: Sequence[Units]) -> Units:
    """Units of several parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    return Units(
        _joined([part.tier for part in parts]),
        _joined([part.repository for part in parts]),
        _joined([part.team for part in parts]),
        _joined([part.ai_use for part in parts]),
        _joined([part.category for part in parts]),
        _joined([part.day for part in parts]),
        tuple(np.concatenate(columns) for columns in zip(*(part.numbers for part in parts), strict=True)),
    )


def _joined(columns: Sequence[Integers]) -> Integers:
    """Columns one after another."""
    filled = [column for column in columns if len(column)]
    codes = {int(column[0]) if _is_constant(column) else None for column in filled}
    if len(codes) == 1 and None not in codes:
        return constant(int(filled[0][0]), sum(map(len, filled)))
    return np.concatenate(columns)


@dataclass(frozen=True)
class Days:
    """The local days that the data span, and the window of each grain that each day falls into."""

    calendar: Calendar
    first: date
    last: date

    @cached_property
    def all(self) -> list[date]:
        """Every local day from the first to the last."""
        return [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]

    def number(self, microseconds: Integers) -> Integers:
        """The day's number of each instant; -1 outside the span.

        Guessed by division, then mended where the clock changes.
        """
        edges = self._edges
        if are_many(len(microseconds)):
            from metrics.stats import kernels

            numbers: Integers = kernels.day_numbers(microseconds.astype(np.int64, copy=False), edges)
            return numbers
        if self._are_alike:
            days = (microseconds - edges[0]) // MICROSECONDS_PER_DAY
            return np.where((days < 0) | (days >= len(edges) - 1), -1, days).astype(np.int32)
        guess = np.clip((microseconds - edges[0]) // MICROSECONDS_PER_DAY, 0, len(edges) - 2)
        guess = np.where(microseconds < edges[guess], np.maximum(guess - 1, 0), guess)
        guess = np.where(microseconds >= edges[guess + 1], np.minimum(guess + 1, len(edges) - 2), guess)
        return np.where((microseconds < edges[0]) | (microseconds >= edges[-1]), -1, guess).astype(np.int32)

    @cached_property
    def step(self) -> int:
        """The longest stretch of microseconds that no day cuts in two, counted from 1970: a day, an hour, a quarter."""
        return int(np.gcd.reduce(self._edges))

    def windows(self, grain: Grain) -> tuple[list[Period], Integers]:
        """The windows of a grain, and per day the number of its window."""
        if grain not in self._windows:
            periods = self.calendar.windows(self.first, self.last, grain)
            starts = np.array([period.start for period in periods], dtype="datetime64[D]")
            numbers = (np.searchsorted(starts, self._days, side="right") - 1).astype(np.int64)
            self._windows[grain] = (periods, numbers)
        return self._windows[grain]

    @cached_property
    def _windows(self) -> dict[Grain, tuple[list[Period], Integers]]:
        """The windows that have been asked for: every metric asks for them dozens of times."""
        return {}

    @cached_property
    def years(self) -> list[Period]:
        """The trailing years that are complete."""
        return self.calendar.windows(self.first, self.last, "trailing_year")

    @cached_property
    def atoms(self) -> Integers:
        """Per day, the number of the stretch of days that no window of any grain cuts in two."""
        begins = np.zeros(len(self.all), dtype=bool)
        for grain in GRAINS:
            begins |= np.diff(self.windows(grain)[1], prepend=-1) != 0
        return np.cumsum(begins) - 1

    def inside(self, period: Period) -> NDArray[np.bool_]:
        """Per day, whether it falls into the period."""
        return np.asarray((self._days >= np.datetime64(period.start)) & (self._days < np.datetime64(period.end)))

    def inside_each(self, periods: Sequence[Period | None]) -> NDArray[np.bool_]:
        """Per period and day, whether the day falls into it; into none where there is no period."""
        masks = {period: self.inside(period) for period in {*periods} if period is not None}
        nowhere = np.zeros(len(self.all), dtype=bool)
        return np.stack([nowhere if period is None else masks[period] for period in periods])

    @cached_property
    def _are_alike(self) -> bool:
        """Whether no clock changes: then a day is a division away."""
        return bool((np.diff(self._edges) == MICROSECONDS_PER_DAY).all())

    @cached_property
    def _days(self) -> NDArray[np.datetime64]:
        return np.array(self.all, dtype="datetime64[D]")

    @cached_property
    def _edges(self) -> Integers:
        return self.calendar.edges([*self.all, self.last + timedelta(days=1)])


__all__ = ["AI_USES", "GRAINS", "MIXED", "TIERS", "Days", "Units", "concatenate"]
