"""One check per published table, made from its schema: what breaks its declaration never reaches a reader.

Tables are screened where they lie, by SQL that says the same as the pandera model (nulls, closed lists, bounds, rules
between columns), so that nothing is copied: first by the extremes of each column, which cost little more than reading
it, and only where those tell of a fault by counting its rows. Of a large table the footers of its parts tell most of
that, so only closed lists and what footers leave open are read; and parts that were found good once are not looked at
again (`pipelines.checked_parts`). Where a small table is found to be broken the model itself has the word: it names the
value. Keys that stand twice are looked for among hashes of them, and where two are equal among the keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

import duckdb
import polars as pl

from metrics.facts.sql import create_view
from pipelines.build_store import BuildStore
from pipelines.checked_parts import CheckedParts, Paths
from pipelines.part_footers import Footer, footers, footers_by_part
from pipelines.parts import scan
from schemas.snapshot import SnapshotFolder, SnapshotTable
from schemas.sql import DUCKDB_TYPES, literal, quoted
from schemas.tables import Column, PublishedTable, SchemaErrors

ROWS_BY_MODEL = 50_000
"""Up to so many rows a table that the screen found broken is handed to pandera, which names the value."""

MANY_ROWS = 500_000
"""From so many rows on, footers are asked before rows are read, and what was found is written down."""

SILENT = Footer(False, 0, 0, (), (), False, False)
"""The footer of a column of which nothing is told."""

NARROWER = {"BIGINT": ("TINYINT", "SMALLINT", "INTEGER"), "DOUBLE": ("FLOAT",)}
"""Types that hold fewer values and take less room; a reader sees the same numbers."""


@dataclass(frozen=True)
class Written:
    """A built table as it lies in its parts, so that it can be looked at beside whatever the build makes next."""

    table: type[PublishedTable]
    made: SnapshotTable
    folder: SnapshotFolder
    is_full: bool
    """Whether what earlier builds have found counts for nothing."""

    @classmethod
    def of(cls, build: BuildStore, table: type[PublishedTable]) -> Self:
        """A table that a build has made."""
        return cls(table, build.tables()[table.table_name()], build.folder, build.is_full)

    @property
    def paths(self) -> Paths:
        """The files of its parts."""
        return tuple(self.folder.parts / part.name for part in self.made.parts)

    @property
    def over(self) -> Path | None:
        """The file of the rows that are laid over them."""
        return self.folder.parts / self.made.overlay.part.name if self.made.overlay else None


def faults(build: BuildStore, table: type[PublishedTable]) -> Iterator[str]:
    """What is wrong with a built table, in words, worst first; nothing if all is well."""
    with duckdb.connect() as connection:
        yield from faults_of(connection, Written.of(build, table))


def faults_of(connection: duckdb.DuckDBPyConnection, written: Written) -> Iterator[str]:
    """The same of a table as it was written, on a connection that is not the build's."""
    table, name = written.table, written.table.table_name()
    create_view(connection, name, f"select * from {written.folder.relation(written.made)}")
    stored = dict(connection.execute(f"select column_name, column_type from (describe {name})").fetchall())
    for column in table.table_columns():
        wanted = DUCKDB_TYPES[column.type]
        if column.name not in stored:
            yield f"{name}: the column {column.name} is missing"
        elif stored[column.name] not in {wanted, *NARROWER.get(wanted, ())}:
            yield f"{name}.{column.name}: is {stored[column.name]}, must be {wanted}"
    if not all(column.name in stored for column in table.table_columns()):
        return
    if written.made.rows >= MANY_ROWS:
        yield from _of_many_rows(connection, written)
    else:
        found = list(_by_screen(connection, table))
        is_small = written.made.rows <= ROWS_BY_MODEL
        yield from (list(_by_model(connection, table)) or found) if found and is_small else found
        yield from _keys_twice(connection, table, [written.paths, *_alone(written)])
        yield from _keys_not_replaced(connection, written)


def _of_many_rows(connection: duckdb.DuckDBPyConnection, written: Written) -> Iterator[str]:
    """What is wrong with the rows of a large table: only parts that no build before has found good are looked at."""
    table, name = written.table, written.table.table_name()
    checked = CheckedParts.of(written.folder.state, name, nothing=written.is_full)
    files = [*((path,) for path in written.paths), *_alone(written)]
    new = checked.without_known(files)
    found = list(_by_screen(connection, table, [path for (path,) in new])) if new else []
    stretches = [*_stretches(connection, written), *_alone(written)]
    found += _keys_twice(connection, table, checked.without_known(stretches))
    together = [(*written.paths, *over) for over in _alone(written)]
    if checked.without_known(together):
        found += _keys_not_replaced(connection, written)
    yield from found
    if not found:
        checked.keep([*files, *stretches, *together])


def _alone(written: Written) -> list[Paths]:
    """The file of the rows that are laid over a table's parts, by itself; none where there are no such rows."""
    return [(written.over,)] if written.over else []


def _keys_not_replaced(connection: duckdb.DuckDBPyConnection, written: Written) -> Iterator[str]:
    """The first key of a row that is laid over a table's parts although one of these that counts has it as well."""
    if written.over is None:
        return
    table, keys = written.table, ", ".join(quoted(key) for key in written.table.table_key())
    over = f"(select {keys} from {scan([written.over])})"
    rows = f"(select {keys} from {written.folder.not_replaced(written.made)})"
    twice = connection.execute(f"select * from {rows} semi join {over} using ({keys}) limit 1").fetchone()
    if twice:
        yield f"{table.table_name()}: the key {', '.join(map(str, twice))} stands twice"


def _stretches(connection: duckdb.DuckDBPyConnection, written: Written) -> list[Paths]:
    """The parts of a table, those together that may have keys in common; parts without rows are left out.

    Where a column of the key has one value in every part, parts with different values have no key in common; nor have
    parts of which the one's days all lie before the other's.
    """
    told = footers_by_part(connection, written.paths)
    paths = [path for path in written.paths if path in told]
    keys = [column for column in written.table.table_columns() if column.key]
    values = [[_footer(told, path, key).constant for path in paths] for key in keys]
    telling = [column for column in values if None not in column]
    together: dict[tuple[str | None, ...], list[Path]] = {}
    for index, path in enumerate(paths):
        together.setdefault(tuple(column[index] for column in telling), []).append(path)
    day = next((key for key in keys if key.type == "date"), None)
    if day is None:
        return [tuple(each) for each in together.values()]
    return [
        stretch for each in together.values() for stretch in _by_days({path: _footer(told, path, day) for path in each})
    ]


def _footer(told: Mapping[Path, Mapping[str, Footer]], path: Path, column: Column) -> Footer:
    """What is told of a column of a part; nothing where its footer says nothing of it."""
    return told[path].get(column.name, SILENT)


def _by_days(days: Mapping[Path, Footer]) -> list[Paths]:
    """Parts together of which the days overlap; all together where the days of some are not told."""
    if not all(footer.knows_nulls and footer.nulls == 0 and footer.knows_extremes for footer in days.values()):
        return [tuple(days)]
    stretches: list[list[Path]] = []
    latest = ""
    # As text of one width, days stand in the order of time.
    for path, footer in sorted(days.items(), key=lambda item: min(item[1].low)):
        if not stretches or min(footer.low) > latest:
            stretches.append([])
        stretches[-1].append(path)
        latest = max(latest, *footer.high)
    return [tuple(each) for each in stretches]


def _keys_twice(
    connection: duckdb.DuckDBPyConnection, table: type[PublishedTable], stretches: Sequence[Paths]
) -> Iterator[str]:
    """The first key that stands twice in a stretch of parts."""
    for paths in stretches if table.table_key() else ():
        if _may_stand_twice(table, paths):
            keys = ", ".join(quoted(key) for key in table.table_key())
            twice = connection.execute(
                f"select {keys} from {scan(paths)} group by all having count(*) > 1 limit 1"
            ).fetchone()
            if twice:
                yield f"{table.table_name()}: the key {', '.join(map(str, twice))} stands twice"
                return


def _may_stand_twice(table: type[PublishedTable], paths: Paths) -> bool:
    """Whether two rows have one 64-bit hash of their keys: true wherever a key stands twice, and hardly ever else."""
    keys = list(table.table_key())
    types = {tuple(pl.read_parquet_schema(path)[key] for key in keys) for path in paths}
    if len(types) > 1:  # the same value of another type has another hash
        return True
    hashes = pl.concat([pl.read_parquet(path, columns=keys).hash_rows() for path in paths]).sort()
    return bool((hashes == hashes.shift()).any())


def _by_model(connection: duckdb.DuckDBPyConnection, table: type[PublishedTable]) -> Iterator[str]:
    columns = ", ".join(
        f"{quoted(column.name)}::{DUCKDB_TYPES[column.type]} as {quoted(column.name)}"
        for column in table.table_columns()
    )
    frame = connection.sql(f"select {columns} from {table.table_name()}").pl()
    try:
        table.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases.with_columns(pl.col("failure_case").cast(pl.String))
        for case in cases.iter_rows(named=True):
            yield f"{table.table_name()}.{case['column']}: {case['check']} does not hold for {case['failure_case']}"


def _by_screen(
    connection: duckdb.DuckDBPyConnection, table: type[PublishedTable], paths: Sequence[Path] = ()
) -> Iterator[str]:
    """What rows of a table break; of large parts, what their footers tell is not read."""
    rows = scan(paths) if paths else table.table_name()
    if _extremes_hold(connection, table, rows, footers(connection, paths)):
        return
    yield from _by_counting(connection, table)


def _by_counting(connection: duckdb.DuckDBPyConnection, table: type[PublishedTable]) -> Iterator[str]:
    """Every condition that a row breaks, with how many do."""
    conditions = [(column.name, words, sql) for column in table.table_columns() for words, sql in _conditions(column)]
    conditions += [(rule.column, rule.reason, f"({rule.holds})") for rule in table.table_about().rules]
    counts = ", ".join(f"count(*) filter (where not coalesce({sql}, true))" for _, _, sql in conditions)
    found = connection.execute(f"select {counts} from {table.table_name()}").fetchone() or ()
    for (column_name, words, _), broken in zip(conditions, found, strict=True):
        if broken:
            yield f"{table.table_name()}.{column_name}: {words} does not hold for {broken} rows"


def _extremes_hold(
    connection: duckdb.DuckDBPyConnection,
    table: type[PublishedTable],
    rows: str,
    told: Mapping[str, Footer] = MappingProxyType({}),
) -> bool:
    """Whether the least and greatest values, the counts and the distinct words of the columns rule out every fault.

    Args:
        connection: where the rows are read.
        table: what they are rows of.
        rows: a relation of them.
        told: what footers tell of their columns, which is then not read.
    """
    asked = [each for column in table.table_columns() for each in _extremes(column, told.get(column.name))]
    asked += [f"bool_and(coalesce(({rule.holds}), true))" for rule in table.table_about().rules]
    found = connection.execute(f"select {', '.join(asked)} from {rows}").fetchone() if asked else ()
    return all(each is not False for each in found or (False,)) if asked else True


def _extremes(column: Column, told: Footer | None) -> Iterator[str]:
    """What `_conditions` asks, of a whole column at once: SQL that is false where a row may break it."""
    name = quoted(column.name)
    if not column.nullable and not (told and told.knows_nulls and not told.nulls):
        yield f"count({name}) = count(*)"
    if column.allowed and not (told and told.constant in column.allowed):
        words = ", ".join(literal(value) for value in column.allowed)
        yield f"list_has_all([{words}, null], list(distinct {name}))"
    if column.minimum is not None and not (told and told.is_within(low=column.minimum)):
        yield f"min({name}) >= {literal(column.minimum)}"
    if column.maximum is not None and not (told and told.is_within(high=column.maximum)):
        yield f"max({name}) <= {literal(column.maximum)}"
    if column.is_identifier and not (told and told.knows_extremes and "" not in told.low):
        yield f"min({name}) <> ''"
    if column.type == "float" and not (told and told.is_finite and told.is_within()):
        yield f"isfinite(min({name})) and isfinite(max({name}))"  # not-a-number is greater than every number


def _conditions(column: Column) -> Iterator[tuple[str, str]]:
    """What the declaration asks of one column: words, and SQL that holds for a good row (null counts as held)."""
    name = quoted(column.name)
    if not column.nullable:
        yield "not null", f"{name} is not null"
    if column.allowed:
        yield "the closed list of values", f"{name} in ({', '.join(literal(value) for value in column.allowed)})"
    if column.minimum is not None:
        yield f"at least {column.minimum}", f"{name} >= {literal(column.minimum)}"
    if column.maximum is not None:
        yield f"at most {column.maximum}", f"{name} <= {literal(column.maximum)}"
    if column.is_identifier:
        yield "not empty", f"{name} <> ''"
    if column.type == "float":
        yield "finite", f"isfinite({name})"
