"""Which rows of the facts differ between two builds, and those of the last days: what a refresh reads instead of all.

Rows are told apart by 64 bits of a hash of the columns that a definition may read: of ten million changed rows one
would pass for another with a chance of one in a hundred thousand. Ids go into it by way of `text_hash_sql`, since the
database's own hash takes some that differ in a few digits for the same; what other text is read are words of short
lists. What follows from other columns of the same row (durations from instants) does not go into it.

Belongs here: rows. Does not: what they mean for a metric (`metrics.reuse`), and what is kept of it (`pipelines.reuse`).
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import duckdb

from metrics.aggregate import Engine
from metrics.definitions import all_metrics
from metrics.differences import Recent
from metrics.facts.assemble import DURATIONS
from metrics.facts.sql import create_table, drop, timestamp
from metrics.ground import RECENT_FACTS, RECENT_MEASURED
from metrics.reuse import can_be_reused
from pipelines.build_engine import RELATIONS
from pipelines.parts import quoted, scan
from schemas.quoting import literal
from schemas.sql import text_hash_sql

READ_BY_ALL = ("change_facts", "defect_facts")
"""Relations that definitions read under other names (`metrics.ground.prepare`)."""
COLUMNS_OF_ALL = ("tier", "_repo", "_team", "ai_use", "author_kind", "_change_author_kind", "_change_id")
"""Columns that the engine itself reads."""
INSTANTS = ("opened_at", "submitted_at", "_ended_at")
"""By which rows are told apart by day, where a relation has one: that of a row which later events do not move."""
UNDATED = date(1, 1, 1)
"""The day of rows without one."""
CANDIDATES = ("candidates_before", "candidates_after")
"""Temporary tables: the rows of either build that may have changed."""
CHANGED = "changed_hashes"
"""A temporary table: the hashes of those that have."""


@dataclass(frozen=True)
class Sums:
    """How many rows each day (UTC) of a relation has, and what their hashes come to. They do not overflow."""

    terms: str
    """What the hashes are made of: those of other terms say nothing of each other."""
    days: Mapping[date, tuple[int, int]]

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """As `json` gave it."""
        return cls(raw["terms"], {date.fromisoformat(day): (rows, total) for day, rows, total in raw["days"]})

    def json(self) -> dict[str, object]:
        """The sums as JSON can write them."""
        return {"terms": self.terms, "days": [[day.isoformat(), *each] for day, each in sorted(self.days.items())]}

    def other_days(self, other: "Sums") -> list[date]:
        """The days that do not come to the same."""
        return sorted(day for day in self.days.keys() | other.days.keys() if self.days.get(day) != other.days.get(day))


@dataclass(frozen=True)
class Changed:
    """What differs between two builds."""

    rows: Mapping[str, tuple[Path, Path]]
    """Per relation the rows that only the earlier build has, and those that only this one has, in files."""
    sums: Mapping[str, Sums]
    """Per relation that was added up, what this build's rows come to: the next build need not read them for it."""


@dataclass(frozen=True)
class BothSides:
    """A relation as two builds have it: the rows of the earlier one, and of this one, as SQL to select from."""

    before: str
    after: str
    differing: tuple[str, str] | None = None
    """Those of either in which they may differ, where that is known (`SnapshotFolder.where_differing`)."""


@dataclass(frozen=True)
class Compared:
    """A relation of which some rows may differ: its two sides, and the columns that are read."""

    sides: tuple[str, str]
    """SQL of the rows of the earlier build, and of this one."""
    kept: Mapping[str, str]
    """The columns, and their SQL types."""
    told_apart_by: Mapping[str, str]
    """The same of columns in which two rows that differ in those do so as well."""

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, sides: BothSides) -> Self:
        """The rows of either build."""
        return cls((sides.before, sides.after), *_columns(connection, f"select * from {sides.after}"))

    @property
    def row_hash(self) -> str:
        """SQL by which rows are told apart."""
        told = ", ".join(text_hash_sql(column) if column.endswith("_id") else column for column in self.told_apart_by)
        return f"hash({told or '1'})"

    @property
    def instant(self) -> str | None:
        """The column by which rows are put into days; None where there is none."""
        return next((column for column in INSTANTS if column in self.kept), None)

    @property
    def day(self) -> str:
        """SQL of a row's day."""
        return f"coalesce({self.instant or 'null'}::date, {_constant(UNDATED)})"

    def before(self, connection: duckdb.DuckDBPyConnection, known: Sums | None) -> Sums:
        """What the earlier build's rows come to: as it is known, if that was made on these terms."""
        return known if known and known.terms == self._terms else self._sums(connection, self.sides[0])

    def after(self, connection: duckdb.DuckDBPyConnection) -> Sums:
        """What this build's rows come to."""
        return self._sums(connection, self.sides[1])

    def _sums(self, connection: duckdb.DuckDBPyConnection, side: str) -> Sums:
        """One reading of a side, in which rows are added up on the way."""
        rows = connection.execute(
            f"""select day, count(*), sum(row_hash)
            from (select {self.day} as day, {self.row_hash} as row_hash from {side}) group by day"""
        ).fetchall()
        return Sums(self._terms, {day: (count, total) for day, count, total in rows})

    @property
    def _terms(self) -> str:
        return f"{self.row_hash} by {self.day} of {' '.join(self.told_apart_by.values())}"

    def on(self, days: Sequence[date], recent: "RecentChanges | None") -> tuple[str, str]:
        """The rows of either side on some days; those of this build of the last days, where they lie apart."""
        before, after = self.sides
        if recent is not None and datetime.combine(days[0], time()) >= recent.after:
            after = recent.rows
        where = self._candidates(days)
        return f"{before} where {where}", f"{after} where {where}"

    def _candidates(self, days: Sequence[date]) -> str:
        """The condition, as SQL, under which a row falls on one of some days."""
        inside = f"{self.day} in ({', '.join(map(_constant, days))})"
        if self.instant is None or days[0] == UNDATED:
            return inside
        # Said of the column itself, the scan leaves out what is older before it reads anything else of it.
        return f"{self.instant} >= {_constant(days[0])}::timestamp and {inside}"


def changed_rows(
    connection: duckdb.DuckDBPyConnection,
    relations: Mapping[str, BothSides],
    folder: Path,
    recent: "RecentChanges | None" = None,
    known: Mapping[str, Sums] = MappingProxyType({}),
) -> Changed:
    """Per relation, the rows that only one of the builds has: the columns that a definition may read.

    Days that come to the same in both builds are passed over; only of the others are rows looked for. Where it is known
    which rows may differ, these are compared and nothing is added up.

    Args:
        connection: where the rows are read.
        relations: each as both builds have it.
        folder: where the files are written.
        recent: the changes of the last days, where there is a file of them.
        known: what the earlier build's rows come to, as far as it has added them up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found, sums = {}, dict(known)
    for name in RELATIONS:
        files = (folder / f"{name}-before.parquet", folder / f"{name}-after.parquet")
        sides = relations[name]
        compared = Compared.of(connection, sides)
        is_read = name in columns_read() or name in READ_BY_ALL
        differing: tuple[str, str] | None = None
        if is_read and sides.before != sides.after:
            if sides.differing:
                sums.pop(name, None)
                differing = sides.differing
            else:
                sums[name] = compared.after(connection)
                days = compared.before(connection, known.get(name)).other_days(sums[name])
                differing = compared.on(days, recent if name == "change_facts" else None) if days else None
        _write_changed(connection, compared, differing, files)
        found[name] = files
    drop(connection, *CANDIDATES, CHANGED)
    return Changed(found, sums)


def _write_changed(
    connection: duckdb.DuckDBPyConnection,
    compared: Compared,
    differing: tuple[str, str] | None,
    files: tuple[Path, Path],
) -> None:
    """Write the rows that only one side has, of those of either that may differ; none without these."""
    columns = ", ".join(compared.kept) or "1 as nothing"
    if differing is None:
        for side, file in zip(compared.sides, files, strict=True):
            connection.execute(f"copy (select {columns} from {side} where false) to '{quoted(file)}' (format parquet)")
        return
    for table, side in zip(CANDIDATES, differing, strict=True):
        rows = f"select {columns}, {compared.row_hash} as row_hash from {side}"
        create_table(connection, table, rows)
    both = " union all ".join(
        f"select row_hash, {sign} as side from {table}" for table, sign in zip(CANDIDATES, (-1, 1), strict=True)
    )
    create_table(connection, CHANGED, f"select row_hash from ({both}) group by row_hash having sum(side) <> 0")
    for table, file in zip(CANDIDATES, files, strict=True):
        rows = f"select {columns} from {table} where row_hash in (select row_hash from {CHANGED})"
        connection.execute(f"copy ({rows}) to '{quoted(file)}' (format parquet)")


@dataclass(frozen=True)
class RecentChanges:
    """The changes of which any instant falls on some day or later, in a file of the columns that definitions read.

    Units of the last days are a sixth of all, and rows lie by repository: without it, each metric would read its
    columns of all changes. Durations are not in the file: from its instants they are worked out sooner than copied.
    """

    first: date
    after: datetime
    """The instant at which that day begins."""
    instants: frozenset[str]
    durations: tuple[str, ...]
    file: Path

    @classmethod
    def of(cls, engine: Engine, first: date, folder: Path) -> Self:
        """Write the file."""
        read, told_apart_by = _columns(engine.connection, "change_facts")
        instants = [name for name, kind in read.items() if kind == "TIMESTAMP"]
        after = engine.calendar.instant(first)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{RECENT_FACTS}.parquet"
        rows = (
            f"select {', '.join(told_apart_by)} from change_facts"
            f" where greatest({', '.join(instants)}) >= {timestamp(after)}"
        )
        engine.connection.execute(f"copy ({rows}) to '{quoted(file)}' (format parquet, compression uncompressed)")
        durations = tuple(name for name in read if name not in told_apart_by)
        return cls(first, after, frozenset(instants), durations, file)

    @property
    def rows(self) -> str:
        """The changes with all columns that definitions read, as SQL to select from."""
        durations = "".join(f", {DURATIONS[name]} as {name}" for name in self.durations)
        return f"(select *{durations} from {scan([self.file])})"

    @property
    def recent(self) -> Recent:
        """What queries read instead of all changes."""
        return Recent("measured_changes", RECENT_MEASURED, self.first, self.instants)


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[dict[str, str], dict[str, str]]:
    """A relation's columns that definitions read, and those by which its rows are told apart, with their SQL types.

    Durations follow from instants of the same row: these tell what those would, and are fewer and quicker to read.
    """
    described = {name: kind for name, kind, *_ in connection.execute(f"describe {relation}").fetchall()}
    read = {name: kind for name, kind in described.items() if name in columns_read()}
    follow = {name: ends for name in read if (ends := _instants_behind(name)) and ends <= described.keys()}
    needed = {name for name in read if name not in follow}.union(*follow.values())
    return read, {name: kind for name, kind in described.items() if name in needed}


def _instants_behind(column: str) -> set[str]:
    """The instants that a duration of a change is made of; none of another column."""
    return {word for word in re.findall(r"\w+", DURATIONS.get(column, "")) if word.endswith("_at")}


def _constant(day: date) -> str:
    return f"date {literal(day)}"


def new_folder(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@cache
def columns_read() -> frozenset[str]:
    """Every word of the SQL of definitions that can be reused, and what all of them read: their columns among them."""
    read = [(each.estimators, each.pending) for each in all_metrics().values() if can_be_reused(each)]
    kinds = {kind for each in all_metrics().values() for kind in each.watched}
    return frozenset(re.findall(r"\w+", repr(read))) | {*COLUMNS_OF_ALL, *(f"_{kind}_watched" for kind in kinds)}
