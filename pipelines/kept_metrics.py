"""What a build keeps of a metric so that the next one measures only what has changed: parts, and what they rest on.

Rows of windows that were over long ago lie in a part of their own, those of the quarter before this one in another: the
next build names them again without a look, as long as nothing in them changed. Those of the quarter that runs lie in a
third, and those of cohorts of unfinished work, few and often measured again, in a fourth. With them goes the ledger
(`metrics.ledger`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import polars as pl

from metrics.aggregate import Result
from metrics.calendar import MONTHS_PER_QUARTER, add_months
from metrics.estimators.distribution import OF_COHORTS
from metrics.lasted import Lasted, Lasting
from metrics.ledger import Ledger
from metrics.reuse import Again, Known
from metrics.units import Days
from pipelines.parts import write_frame
from schemas.snapshot import Part


@dataclass(frozen=True)
class Kept:
    """What a build kept of one metric. Each table has parts: windows that end by each of `bounds`, others, cohorts."""

    key: str
    cut: datetime
    bounds: tuple[date, ...]
    provisional: date | None
    """The first end of a window that was provisional."""
    choices: list[list[str]]
    values: tuple[Part, ...]
    contrasts: tuple[Part, ...]
    ledger: tuple[Part, ...]
    lasted: Mapping[str, Lasting]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All files that it rests on."""
        return (*self.values, *self.contrasts, *self.ledger)

    def known(self, folder: Path) -> Known:
        """What the engine has to know of it."""
        return Known(self.cut, self.provisional, _read(folder, self.ledger), self.choices, self.lasted)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """As `dataclasses.asdict` gave it, instants and days as ISO-8601 text."""
        return cls(
            key=raw["key"],
            cut=datetime.fromisoformat(raw["cut"]),
            bounds=tuple(date.fromisoformat(day) for day in raw["bounds"]),
            provisional=date.fromisoformat(raw["provisional"]) if raw["provisional"] else None,
            choices=raw["choices"],
            values=tuple(Part(**part) for part in raw["values"]),
            contrasts=tuple(Part(**part) for part in raw["contrasts"]),
            ledger=tuple(Part(**part) for part in raw["ledger"]),
            lasted={query: _lasting(each) for query, each in raw.get("lasted", {}).items()},
        )


@dataclass(frozen=True)
class Keeper:
    """Writes what a metric came to, and what is kept of it."""

    key: str
    cut: datetime
    bounds: tuple[date, ...]
    folder: Path

    @classmethod
    def of(cls, key: str, cut: datetime, days: Days, folder: Path) -> Self:
        """Windows that ended before the quarter before this one began are settled, as a rule: what comes is newer."""
        quarter = days.calendar.floor(days.last, "quarter")
        return cls(key, cut, (add_months(quarter, -MONTHS_PER_QUARTER), quarter), folder)

    def keep_whole(self, result: Result, ledger: Ledger, lasted: Lasted) -> Kept:
        """Write everything."""
        return self._kept(
            self._written(result.values),
            self._written(result.contrasts),
            _first_provisional([result.values, result.contrasts]),
            self._ledger_written(ledger.frame()),
            ledger.choices,
            lasted.noted,
        )

    def keep_again(self, again: Again, before: Kept) -> Kept:
        """Write what was measured again, beside what holds of what an earlier build kept."""
        if again.result is None and before.bounds == self.bounds:
            return replace(before, key=self.key, cut=self.cut)
        named = self._still_hold(again, before)
        summed = sum(bound <= again.since for bound in self.bounds) if before.bounds == self.bounds else 0
        values = again.values(_read(self.folder, before.values[named:]))
        contrasts = again.contrasts(_read(self.folder, before.contrasts[named:]))
        first = _first_provisional([values, contrasts])
        if named and before.provisional and before.provisional <= self.bounds[named - 1]:
            first = before.provisional
        return self._kept(
            before.values[:named] + self._written(values, named),
            before.contrasts[:named] + self._written(contrasts, named),
            first,
            before.ledger[:summed] + self._ledger_written(again.ledger, summed),
            before.choices,
            again.lasted,
        )

    def tiers(self, kept: Kept) -> set[str]:
        """The tiers that have values."""
        paths = [self.folder / part.name for part in kept.values]
        found = pl.scan_parquet(paths).select(pl.col("tier").unique().cast(pl.String)).collect()
        return set(found["tier"])

    def _still_hold(self, again: Again, before: Kept) -> int:
        """How many of the parts, from the first on, are what they were."""
        if before.bounds != self.bounds:
            return 0
        names = [part.name for part, bound in zip(before.values, self.bounds, strict=False) if bound <= again.since]
        if again.cohorts_since >= again.since:
            return len(names)
        for number, name in enumerate(names):
            # Unfinished work may have something else to say of windows that are over.
            told = pl.scan_parquet(self.folder / name).filter(again.is_told).collect()
            if not again.with_asides(told)["note"].equals(told["note"]):
                return number
        return len(names)

    def _written(self, frame: pl.DataFrame, first: int = 0) -> tuple[Part, ...]:
        """Write rows as the parts from that number on; one of cohorts only where there are any."""
        of_cohorts = pl.col("statistic").is_in(OF_COHORTS)
        frames = [frame.filter(~of_cohorts, inside) for inside in self._spans(first)]
        cohorts = frame.filter(of_cohorts)
        return tuple(write_frame(each, self.folder) for each in (frames if cohorts.is_empty() else [*frames, cohorts]))

    def _ledger_written(self, ledger: pl.DataFrame, first: int = 0) -> tuple[Part, ...]:
        """Write summands as the parts from that number on."""
        return tuple(write_frame(ledger.filter(inside), self.folder) for inside in self._spans(first))

    def _spans(self, first: int) -> list[pl.Expr]:
        """Of each part from that number on, which windows it has: those that end by its bound, the last all others."""
        ends, edges = pl.col("window_end"), [date.min, *self.bounds, date.max]
        return [(ends > edges[number]) & (ends <= edges[number + 1]) for number in range(first, len(edges) - 1)]

    def _kept(
        self,
        values: tuple[Part, ...],
        contrasts: tuple[Part, ...],
        provisional: date | None,
        ledger: tuple[Part, ...],
        choices: list[list[str]],
        lasted: Mapping[str, Lasting],
    ) -> Kept:
        return Kept(self.key, self.cut, self.bounds, provisional, choices, values, contrasts, ledger, lasted)


def _read(folder: Path, parts: Sequence[Part]) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(folder / part.name) for part in parts])


def _lasting(raw: Mapping[str, Any]) -> Lasting:
    """As `dataclasses.asdict` gave it."""
    return Lasting(raw["longest"], date.fromisoformat(raw["opened"]) if raw["opened"] else None)


def _first_provisional(frames: Sequence[pl.DataFrame]) -> date | None:
    """The first end of a window that is provisional."""
    found = [frame.filter("is_provisional")["window_end"].min() for frame in frames]
    return min((day for day in found if isinstance(day, date)), default=None)
