"""The books: what every load brought, how fresh each source is, and how many rows wait for their parents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb

from schemas.events import all_tables
from schemas.quoting import quoted
from schemas.sql import hashed_key_sql
from schemas.tables import Column, EventTable


@dataclass(frozen=True)
class TableReport:
    """What became of one file or batch.

    Attributes:
        table: The event table.
        stream: The file or the source's stream.
        read: Records in it.
        new: Rows that were not there before.
        changed: Rows that replaced an earlier version, tombstones included.
        unchanged: Good rows that changed nothing.
        quarantined: Rows held back.
        unknown_columns: Columns that the contract does not name; they stay in the raw record.
        orphans: Living rows of the whole table whose parent is unknown, by the column that names it.
    """

    table: str
    stream: str
    read: int
    new: int
    changed: int
    unchanged: int
    quarantined: int
    unknown_columns: tuple[str, ...] = ()
    orphans: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """One load as the books begin it.

    Attributes:
        load_id: Its number.
        source: ``files``, ``registers`` or the name of a source.
        stream: The file or the source's stream.
        fetched_at: When it came, UTC.
        raw_file: Name of the raw file under the store.
        batch_file: Name of the file that replays the load; the raw file itself for files.
        zone: The workspace's time zone, in which bare dates were read.
        is_register: Whether the file is the full state of a register.
        observed_at: Taken for rows that do not say when they were observed.
        set_column: Column of a reading of whole sets; empty for none.
        set_ids: The parents read whole.
    """

    load_id: int
    source: str
    stream: str
    fetched_at: datetime
    raw_file: str
    batch_file: str
    zone: str
    is_register: bool = False
    observed_at: datetime | None = None
    set_column: str = ""
    set_ids: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Source and stream as a reader knows them."""
        return f"{self.source}/{self.stream}"


def naive(instant: datetime) -> datetime:
    """An instant as the warehouse keeps it: UTC without a zone."""
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def instant_sql(instant: datetime) -> str:
    """An instant as an SQL constant."""
    return f"TIMESTAMP '{naive(instant).isoformat(sep=' ')}'"


def next_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the next load."""
    row = connection.execute("SELECT coalesce(max(load_id), 0) + 1 FROM warehouse.loads").fetchone()
    return int(row[0]) if row else 1


def write_load(connection: duckdb.DuckDBPyConnection, load: Load, report: TableReport) -> None:
    """Enter a load and the freshness of its stream."""
    connection.execute(
        'INSERT INTO warehouse.loads (load_id, source, stream, "table", raw_file, batch_file, fetched_at, observed_at,'
        " zone, is_register, set_column, set_ids, read, new, changed, unchanged, quarantined, unknown_columns)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load.load_id,
            load.source,
            load.stream,
            report.table,
            load.raw_file,
            load.batch_file,
            naive(load.fetched_at),
            naive(load.observed_at) if load.observed_at else None,
            load.zone,
            load.is_register,
            load.set_column,
            list(load.set_ids),
            report.read,
            report.new,
            report.changed,
            report.unchanged,
            report.quarantined,
            list(report.unknown_columns),
        ],
    )


def update_source_status(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    stream: str,
    *,
    fetched_at: datetime,
    state: str,
    rows_added: int = 0,
    last_record_at: datetime | None = None,
    cursor: str | None = None,
    requests: int | None = None,
) -> None:
    """Enter how fresh a stream is. What is not given keeps its former value.

    Args:
        connection: With the warehouse attached, in a transaction.
        source: Name of the source.
        stream: Name of the stream.
        fetched_at: When it was read.
        state: How that ended: ``complete`` or ``partial``.
        rows_added: Rows that came with it.
        last_record_at: Instant of the newest record.
        cursor: Where the next reading begins.
        requests: Requests made.
    """
    known = connection.execute(
        'SELECT rows, last_record_at, "cursor", requests FROM warehouse.source_status WHERE source = ? AND stream = ?',
        [source, stream],
    ).fetchone()
    rows, newest, old_cursor, old_requests = known or (0, None, None, None)
    instants = [naive(each) for each in (newest, last_record_at) if each]
    connection.execute("DELETE FROM warehouse.source_status WHERE source = ? AND stream = ?", [source, stream])
    connection.execute(
        "INSERT INTO warehouse.source_status"
        ' (source, stream, rows, last_record_at, last_fetched_at, "cursor", requests, state)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            source,
            stream,
            rows + rows_added,
            max(instants) if instants else None,
            naive(fetched_at),
            old_cursor if cursor is None else cursor,
            old_requests if requests is None else requests,
            state,
        ],
    )


def newest_record(connection: duckdb.DuckDBPyConnection, table: type[EventTable], load_id: int) -> datetime | None:
    """Instant of the newest row that a load brought, where rows have one."""
    born = table.table_about().born
    if not born:
        return None
    rows = f"warehouse.{table.table_name()} WHERE load_id = {load_id} AND NOT deleted"
    sql = f"SELECT CAST(max({born}) AS TIMESTAMP) FROM {rows}"
    row = connection.execute(sql).fetchone()
    return row[0] if row else None


def count_orphans(connection: duckdb.DuckDBPyConnection, touched: Iterable[str]) -> dict[str, dict[str, int]]:
    """Count again the orphans that loads into the touched tables may have made or joined.

    Returns:
        By table, then by column, the living rows whose parent is unknown; only where there are any.
    """
    changed = set(touched)
    for name, table in all_tables().items():
        if not connection.execute(f"SELECT 1 FROM warehouse.{name} LIMIT 1").fetchone():
            continue  # rows only ever become tombstones, so an empty table has never had an orphan
        for column in table.table_columns():
            if column.parent and (name in changed or column.parent_table in changed):
                _count(connection, name, column)
    found: dict[str, dict[str, int]] = {}
    for name, column_name, rows in connection.execute(
        'SELECT "table", "column", rows FROM warehouse.orphans WHERE rows > 0 ORDER BY ALL'
    ).fetchall():
        found.setdefault(name, {})[column_name] = rows
    return found


def _count(connection: duckdb.DuckDBPyConnection, name: str, column: Column) -> None:
    parent = next(
        each for each in all_tables()[column.parent_table].table_columns() if each.name == column.parent_column
    )
    parent_key = parent.hashed_name or hashed_key_sql(parent)
    row = connection.execute(
        f"SELECT count(*) FROM warehouse.{name} AS c ANTI JOIN"
        f" (SELECT {parent_key} AS parent_key FROM warehouse.{column.parent_table} WHERE NOT deleted) AS p"
        f" ON c.{column.hashed_name} = p.parent_key WHERE NOT c.deleted AND c.{quoted(column.name)} IS NOT NULL"
    ).fetchone()
    connection.execute('DELETE FROM warehouse.orphans WHERE "table" = ? AND "column" = ?', [name, column.name])
    connection.execute(
        "INSERT INTO warehouse.orphans VALUES (?, ?, ?, ?)", [name, column.name, column.parent, row[0] if row else 0]
    )
