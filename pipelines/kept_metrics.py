"""What a build keeps of a metric so that the next one measures only what has changed: parts, and what they rest on.

Rows of windows that were over long ago lie in a part of their own, which the next build names again without a look at
it; those of the last two quarters in another. Those of cohorts of unfinished work, few and often measured again, lie in
a third. With them goes the ledger (`metrics.ledger`).
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
from metrics.ledger import Ledger
from metrics.reuse import Again, Known
from metrics.units import Days
from pipelines.parts import write_frame
from schemas.snapshot import Part


@dataclass(frozen=True)
class Kept:
    """What a build kept of one metric. Each table has parts: windows that end by `settled_by`, the others, cohorts."""

    key: str
    cut: datetime
    settled_by: date
    provisional: date | None
    """The first end of a window that was provisional."""
    choices: list[list[str]]
    values: tuple[Part, ...]
    contrasts: tuple[Part, ...]
    ledger: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        """All files that it rests on."""
        return (*self.values, *self.contrasts, self.ledger)

    def known(self, folder: Path) -> Known:
        """What the engine has to know of it."""
        return Known(self.cut, self.provisional, pl.read_parquet(folder / self.ledger.name), self.choices)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """As `dataclasses.asdict` gave it, instants and days as ISO-8601 text."""
        return cls(
            key=raw["key"],
            cut=datetime.fromisoformat(raw["cut"]),
            settled_by=date.fromisoformat(raw["settled_by"]),
            provisional=date.fromisoformat(raw["provisional"]) if raw["provisional"] else None,
            choices=raw["choices"],
            values=tuple(Part(**part) for part in raw["values"]),
            contrasts=tuple(Part(**part) for part in raw["contrasts"]),
            ledger=Part(**raw["ledger"]),
        )


@dataclass(frozen=True)
class Keeper:
    """Writes what a metric came to, and what is kept of it."""

    key: str
    cut: datetime
    settled_by: date
    folder: Path

    @classmethod
    def of(cls, key: str, cut: datetime, days: Days, folder: Path) -> Self:
        """Windows that ended before the last quarter began are settled, as a rule: most of what comes is newer."""
        quarter = days.calendar.floor(days.last, "quarter")
        return cls(key, cut, add_months(quarter, -MONTHS_PER_QUARTER), folder)

    def keep_whole(self, result: Result, ledger: Ledger) -> Kept:
        """Write everything."""
        return self._kept(
            self._written(result.values),
            self._written(result.contrasts),
            _first_provisional([result.values, result.contrasts]),
            ledger.frame(),
            ledger.choices,
        )

    def keep_again(self, again: Again, before: Kept) -> Kept:
        """Write what was measured again, beside what holds of what an earlier build kept."""
        if again.result is None and before.settled_by == self.settled_by:
            return replace(before, key=self.key, cut=self.cut)
        is_settled = before.settled_by == self.settled_by <= again.since and not self._says_otherwise(again, before)
        begin = 1 if is_settled else 0
        values = again.values(self._read(before.values[begin:]))
        contrasts = again.contrasts(self._read(before.contrasts[begin:]))
        first, both = _first_provisional([values, contrasts]), (self._written(values), self._written(contrasts))
        if is_settled:
            if before.provisional and before.provisional <= self.settled_by:
                first = before.provisional
            both = (before.values[:1] + both[0][1:], before.contrasts[:1] + both[1][1:])
        return self._kept(*both, first, again.ledger, before.choices)

    def tiers(self, kept: Kept) -> set[str]:
        """The tiers that have values."""
        paths = [self.folder / part.name for part in kept.values]
        found = pl.scan_parquet(paths).select(pl.col("tier").cast(pl.String).unique()).collect()
        return set(found["tier"])

    def _says_otherwise(self, again: Again, before: Kept) -> bool:
        """Whether unfinished work has something else to say of settled windows than it had."""
        if again.result is None or again.cohorts_since >= self.settled_by:
            return False
        told = pl.scan_parquet(self.folder / before.values[0].name).filter(again.is_told)
        rows = told.collect()
        return not again.with_asides(rows)["note"].equals(rows["note"])

    def _read(self, parts: Sequence[Part]) -> pl.DataFrame:
        return pl.concat([pl.read_parquet(self.folder / part.name) for part in parts])

    def _written(self, frame: pl.DataFrame) -> tuple[Part, ...]:
        of_cohorts, is_settled = pl.col("statistic").is_in(OF_COHORTS), pl.col("window_end") <= self.settled_by
        kinds = (~of_cohorts & is_settled, ~of_cohorts & ~is_settled, of_cohorts)
        settled, others, cohorts = (frame.filter(kind) for kind in kinds)
        kept = [settled, others] if cohorts.is_empty() else [settled, others, cohorts]
        return tuple(write_frame(each, self.folder) for each in kept)

    def _kept(
        self,
        values: tuple[Part, ...],
        contrasts: tuple[Part, ...],
        provisional: date | None,
        ledger: pl.DataFrame,
        choices: list[list[str]],
    ) -> Kept:
        part = write_frame(ledger, self.folder)
        return Kept(self.key, self.cut, self.settled_by, provisional, choices, values, contrasts, part)


def _first_provisional(frames: Sequence[pl.DataFrame], also: date | None = None) -> date | None:
    """The first end of a window that is provisional."""
    found = [frame.filter("is_provisional")["window_end"].min() for frame in frames]
    return min((day for day in (*found, also) if isinstance(day, date)), default=None)
