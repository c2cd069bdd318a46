"""Small helpers for the SQL of this package: literals, and running named steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime

import duckdb

from schemas.quoting import literal


def timestamp(instant: datetime) -> str:
    """An instant as a SQL literal: zone-less, UTC, microseconds. A naive datetime is UTC already."""
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return f"timestamp '{instant.isoformat(sep=' ', timespec='microseconds')}'"


def text(value: str) -> str:
    """A string as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def enumerated(value: str, words: Sequence[str]) -> str:
    """SQL of a word of a closed list, held as its number; to comparisons, casts and files it is the text still.

    To whoever joins, sorts and writes millions of rows, such a word is a byte.
    """
    return f"{value}::enum({', '.join(text(word) for word in words)})"


def word_of(word: str, words: Sequence[str]) -> str:
    """SQL of one word of a closed list, held as its number: looked up once, not row by row."""
    return enumerated(text(word), words)


def numbered(value: str, words: Sequence[str]) -> str:
    """SQL of a word of a short closed list that comes as text, row by row, held as its number.

    To compare it with a few words takes a quarter of the time in which a cast looks it up; other words are left to the
    cast, which refuses them.
    """
    known = " ".join(f"when {text(word)} then {word_of(word, words)}" for word in words)
    return f"case {value} {known} else {enumerated(value, words)} end"


def relation(columns: Sequence[str], rows: Sequence[Sequence[str | int | date]]) -> str:
    """A few rows as a SQL relation: text, integers, days and instants (zone-less, UTC), none of them null.

    Written out, because DuckDB imports the whole of Arrow's datasets to look at a frame.
    """
    names = ", ".join(columns)
    if not rows:
        return f"(select {', '.join(f'null as {name}' for name in columns)} where false) as given({names})"
    written = ", ".join(f"({', '.join(map(_constant, row))})" for row in rows)
    return f"(values {written}) as given({names})"


def _constant(value: str | int | date) -> str:
    """A value as a SQL literal."""
    if isinstance(value, datetime):
        return timestamp(value)
    return f"date {literal(value)}" if isinstance(value, date) else literal(value)


def declare_table(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    """Make the temporary table `name` without rows, replacing an earlier one.

    Args:
        connection: Where the table is made.
        name: Of the table.
        columns: Their SQL types.
    """
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    _create(connection, "table", name, f"({declared})")


def create_table(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Keep the rows of `query` as the temporary table `name`, replacing an earlier one."""
    _create(connection, "table", name, f"as {query}")


def create_view(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Name `query` as the temporary view `name`, replacing an earlier one."""
    _create(connection, "view", name, f"as {query}")


def drop(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Forget temporary relations that are no longer needed, whether tables or views."""
    for name in names:
        try:
            connection.execute(f"drop table temp.{name}")
        except duckdb.CatalogException:
            # There is none, or it is a view, which DuckDB refuses to drop as a table.
            connection.execute(f"drop view if exists temp.{name}")


@contextmanager
def on_one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let small tables be made on one thread: two would write them twice, as batches and then as a whole.

    The setting is that of the whole database, and costs a millisecond or two: it is for many statements together.
    """
    row = connection.execute("select current_setting('threads')").fetchone()
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {row[0] if row else 1}")


@contextmanager
def joins_as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Hash the right side of each join, and stream the left, instead of what the planner takes for the smaller one.

    It guesses that a fifth of the rows pass a filter, although nearly all do, and would hash millions of wide rows.
    """
    row = connection.execute("select current_setting('disabled_optimizers')").fetchone()
    disabled = str(row[0]) if row and row[0] else ""
    both = f"{disabled},build_side_probe_side" if disabled else "build_side_probe_side"
    connection.execute(f"set disabled_optimizers = '{both}'")
    try:
        yield
    finally:
        connection.execute(f"set disabled_optimizers = '{disabled}'")


def _create(connection: duckdb.DuckDBPyConnection, kind: str, name: str, content: str) -> None:
    creation = f"create or replace temp {kind} {name} {content}"
    try:
        connection.execute(creation)
    except duckdb.CatalogException as error:
        # A table cannot replace a view, nor the reverse.
        if "trying to replace" not in str(error):
            raise
        drop(connection, name)
        connection.execute(creation)


def by_halves(instant: str, stretches: Sequence[tuple[datetime, str]]) -> str:
    """SQL that says in which stretch of time an instant lies: of thirty, five comparisons a row instead of thirty.

    Args:
        instant: an SQL expression; what lies before the first stretch, and null, counts as that one.
        stretches: the start of each, and what is said of it as SQL, in order of time.
    """
    if len(stretches) == 1:
        return stretches[0][1]
    half = len(stretches) // 2
    earlier, later = (by_halves(instant, each) for each in (stretches[:half], stretches[half:]))
    return f"case when {instant} >= {timestamp(stretches[half][0])} then {later} else {earlier} end"
