"""The stored form of the warehouse: its tables, how an older file is brought up to date, and the views over it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import duckdb

from schemas.errors import WarehouseError
from schemas.events import all_tables
from schemas.quoting import literal, quoted
from schemas.sql import DUCKDB_TYPES, create_table_sql, default_sql, hashed_key_sql, text_hash_sql, warehouse_columns
from schemas.tables import EventTable
from schemas.workspace import Production

FORM = 1
"""Version of the stored form; a file of a later one is refused."""

FORMER_REFERENCES = "former_references"
"""The table of the changes that rows named before they became others (`pipelines.intake.merge`)."""

BOOKS = {
    "loads": {
        "load_id": "BIGINT",
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "table": "VARCHAR",
        "raw_file": "VARCHAR",
        "batch_file": "VARCHAR",
        "fetched_at": "TIMESTAMP",
        "observed_at": "TIMESTAMP",
        "zone": "VARCHAR",
        "is_register": "BOOLEAN",
        "set_column": "VARCHAR",
        "set_ids": "VARCHAR[]",
        "read": "BIGINT",
        "new": "BIGINT",
        "changed": "BIGINT",
        "unchanged": "BIGINT",
        "quarantined": "BIGINT",
        "unknown_columns": "VARCHAR[]",
    },
    "quarantine": {
        "table": "VARCHAR",
        "key": "VARCHAR",
        "column": "VARCHAR",
        "value": "VARCHAR",
        "reason": "VARCHAR",
        "source": "VARCHAR",
        "fetched_at": "TIMESTAMP",
        "load_id": "BIGINT",
        "record": "BIGINT",
    },
    "source_status": {
        "source": "VARCHAR",
        "stream": "VARCHAR",
        "rows": "BIGINT",
        "last_record_at": "TIMESTAMP",
        "last_fetched_at": "TIMESTAMP",
        "cursor": "VARCHAR",
        "requests": "BIGINT",
        "state": "VARCHAR",
    },
    "orphans": {"table": "VARCHAR", "column": "VARCHAR", "parent": "VARCHAR", "rows": "BIGINT"},
    "set_readings": {
        "table": "VARCHAR",
        "column": "VARCHAR",
        "parent_id": "VARCHAR",
        "observed_at": "TIMESTAMP",
        "load_id": "BIGINT",
    },
    "tier_statements": {
        "repo_id": "VARCHAR",
        "service": "VARCHAR",
        "tier": "BIGINT",
        "valid_from": "TIMESTAMP",
        "valid_to": "TIMESTAMP",
        "observed_at": "TIMESTAMP",
        "deleted": "BOOLEAN",
    },
    FORMER_REFERENCES: {"table": "VARCHAR", "load_id": "BIGINT", "change_key": "UBIGINT"},
    "meta": {"name": "VARCHAR", "value": "VARCHAR"},
}
"""Tables that the warehouse keeps about itself."""


def migrate(connection: duckdb.DuckDBPyConnection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
    """Make what is missing: tables, columns that were declared since, and keys of another database version.

    The form changes in one transaction and the rows in a second, as the database wants it; until the second is through,
    the file says that its keys are stale, so that an interruption between them is made up for at the next opening.

    Raises:
        WarehouseError: The file was written by a later version.
    """
    existing = stored_columns(connection)
    meta = _meta(connection) if "meta" in existing else {}
    if int(meta.get("form", FORM)) > FORM:
        raise WarehouseError("the warehouse was written by a later version", "", "update Plumbline")
    declared, keys = _fingerprint(), hash_fingerprint(connection)
    if meta.get("declared") != declared:
        with transaction():
            gained = _change_form(connection, existing)
            meta = {"form": str(FORM), "declared": declared, "keys": "" if gained else meta.get("keys", keys)}
            _write_meta(connection, meta)
    if meta["keys"] != keys:
        with transaction():
            _fill_derived_columns(connection)
            _write_meta(connection, {**meta, "keys": keys})


def _write_meta(connection: duckdb.DuckDBPyConnection, meta: dict[str, str]) -> None:
    connection.execute("DELETE FROM warehouse.meta")
    connection.executemany("INSERT INTO warehouse.meta VALUES (?, ?)", [list(each) for each in meta.items()])


def _change_form(connection: duckdb.DuckDBPyConnection, existing: dict[str, list[str]]) -> bool:
    """Make missing tables and columns; returns whether columns that are derived from others came into old tables."""
    for name, columns in BOOKS.items():
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS warehouse.{name} ({listed})")
        for column, kind in columns.items():
            if column not in existing.get(name, columns):
                connection.execute(f"ALTER TABLE warehouse.{name} ADD COLUMN {quoted(column)} {kind}")
    gained = False
    for name, table in all_tables().items():
        connection.execute(create_table_sql(table, f"warehouse.{name}"))
        if name in existing:
            gained |= _add_declared(connection, name, table, existing[name])
    return gained


def _meta(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, value FROM warehouse.meta").fetchall())


def _fingerprint() -> str:
    """Of everything declared, so that opening an up-to-date file costs one small query."""
    declared = [*sorted(BOOKS.items()), *((name, warehouse_columns(table)) for name, table in all_tables().items())]
    return hashlib.sha256(repr(declared).encode()).hexdigest()


def hash_fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """What this database version makes of a fixed text; keys stored under another one have to be made again."""
    sample = " || ".join(f"{text_hash_sql(text)}::VARCHAR" for text in ("'host:owner/name#1'", "''"))
    row = connection.execute(f"SELECT {sample}").fetchone()
    return str(row[0]) if row else ""


def stored_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Names of the columns that the file holds, by table."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_catalog = 'warehouse'"
        " ORDER BY table_name, ordinal_position"
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found


def former_references(connection: duckdb.DuckDBPyConnection) -> str:
    """A query for what rows named before they became others; nothing, where an earlier version wrote the file last."""
    if FORMER_REFERENCES in stored_columns(connection):
        return f"SELECT * FROM warehouse.{FORMER_REFERENCES}"
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in BOOKS[FORMER_REFERENCES].items())
    return f"SELECT {columns} WHERE false"


def _add_declared(
    connection: duckdb.DuckDBPyConnection, name: str, table: type[EventTable], existing: list[str]
) -> bool:
    """Add columns declared since the file was made, with their defaults; returns whether any is to be derived."""
    derived = False
    for column in table.table_columns():
        kind = DUCKDB_TYPES[column.type]
        if column.name not in existing:
            default = "" if column.default_column or column.nullable else f" DEFAULT {default_sql(column)}"
            connection.execute(f"ALTER TABLE warehouse.{name} ADD COLUMN {quoted(column.name)} {kind}{default}")
            derived |= bool(column.default_column)
        if column.hashed_name and column.hashed_name not in existing:
            connection.execute(f"ALTER TABLE warehouse.{name} ADD COLUMN {column.hashed_name} UBIGINT")
            derived = True
    return derived


def _fill_derived_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Set every key, and every column whose default is another column, from the columns that they derive from."""
    for name, table in all_tables().items():
        assignments = [
            f"{column.hashed_name} = {hashed_key_sql(column)}" for column in table.table_columns() if column.hashed_name
        ]
        assignments += [
            f"{quoted(column.name)} = coalesce({quoted(column.name)}, {quoted(column.default_column)})"
            for column in table.table_columns()
            if column.default_column
        ]
        if assignments:
            connection.execute(f"UPDATE warehouse.{name} SET {', '.join(assignments)}")


def view_selects(
    connection: duckdb.DuckDBPyConnection, production: Production, *, with_tombstones: bool = False
) -> dict[str, str]:
    """A query per event table that yields its living rows, or all, in today's form, whatever the age of the file."""
    existing = stored_columns(connection)
    keys_are_stale = _meta(connection).get("keys") != hash_fingerprint(connection) if "meta" in existing else True
    living = "" if with_tombstones else " WHERE NOT deleted"
    return {
        name: _view_select(name, table, existing.get(name), production, keys_are_stale=keys_are_stale)
        + (living if name in existing else "")
        for name, table in all_tables().items()
    }


def _view_select(
    name: str, table: type[EventTable], stored: list[str] | None, production: Production, *, keys_are_stale: bool
) -> str:
    if stored is None:
        nothing = (f"NULL::{kind} AS {quoted(column)}" for column, kind in warehouse_columns(table).items())
        return f"SELECT {', '.join(nothing)} WHERE false"
    parts = []
    for column in table.table_columns():
        value = quoted(column.name)
        if column.name not in stored:
            value = f"CAST({default_sql(column)} AS {DUCKDB_TYPES[column.type]})"
        elif (name, column.name) == ("deployments", "is_production"):
            value = f"coalesce(is_production, {production_rule(production)})"
        parts.append(value if value == quoted(column.name) else f"{value} AS {quoted(column.name)}")
    for column in table.table_columns():
        if column.hashed_name and (keys_are_stale or column.hashed_name not in stored):
            parts.append(f"{hashed_key_sql(column)} AS {column.hashed_name}")
        elif column.hashed_name:
            parts.append(column.hashed_name)
    return f"SELECT {', '.join([*parts, 'load_id', 'record'])} FROM warehouse.{name}"


def production_rule(production: Production, column: str = "environment") -> str:
    """The workspace's rule on environments as an SQL condition."""
    conditions = []
    if production.environments:
        conditions.append(f"{column} IN ({', '.join(literal(name) for name in production.environments)})")
    conditions += [f"regexp_matches({column}, {literal(pattern)})" for pattern in production.patterns]
    return f"({' OR '.join(conditions)})"
