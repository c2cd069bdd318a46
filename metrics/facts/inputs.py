"""Event tables from frames: what tests, worked examples and notebooks hand in instead of a warehouse.

A frame may lack columns, and whole tables may be missing; both are filled as the contract says, and the integer keys
are added, so that the facts can rely on every column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import duckdb
import polars as pl
import pyarrow as pa

from metrics.facts.origins import STATEMENTS
from metrics.facts.sql import create_table, create_view, declare_table, text
from schemas.events import all_tables
from schemas.sql import text_hash_sql
from schemas.tables import Column, ColumnType, EventTable

Input: TypeAlias = pl.DataFrame | pa.Table | duckdb.DuckDBPyRelation

ROWS_PER_BATCH = 20_480
SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "list": "VARCHAR[]",
}


def prepare_inputs(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Input]) -> None:
    """Make every event table visible under its name, complete, with keys and without tombstones.

    Args:
        connection: Where the tables are made: views of frames and relations, so that columns which nobody asks for
            cost nothing. Missing tables become empty ones.
        tables: Rows by table name. Instants may be zone-less (then UTC) or zoned.

    Raises:
        ValueError: A table is unknown to the contract, or lacks a column that has no default.
    """
    models = all_tables()
    for name in tables:
        if name not in models:
            raise ValueError(f"{name}: no event table of that name; the contract has {', '.join(models)}")
    for name, model in models.items():
        source = f"{name}_input"
        connection.unregister(source)
        types = _make_visible(connection, source, tables[name]) if name in tables else {}
        if types:
            given = tables[name]
            small = not isinstance(given, duckdb.DuckDBPyRelation) and len(given) <= ROWS_PER_BATCH
            (create_table if small else create_view)(connection, name, complete_query(model, types, source))
        else:
            declare_table(connection, name, _stored_types(model))
        if name == "tier_assignments":
            _state_tiers(connection, model, types, tables.get(name))


def _make_visible(connection: duckdb.DuckDBPyConnection, source: str, given: Input) -> dict[str, str]:
    """Name what is given, and say which columns of which SQL types it has."""
    if isinstance(given, duckdb.DuckDBPyRelation):
        given.create_view(source, replace=True)
    else:
        connection.register(source, _in_batches(given))
    return {row[0]: row[1] for row in connection.execute(f"describe {source}").fetchall()}


def _stored_types(model: type[EventTable]) -> dict[str, str]:
    """All columns of a table with their SQL types, and its keys."""
    columns = model.table_columns()
    types = {each.name: SQL_TYPES[each.type] for each in columns}
    return types | {each.hashed_name: "UBIGINT" for each in columns if each.hashed_name}


def _state_tiers(
    connection: duckdb.DuckDBPyConnection, model: type[EventTable], types: Mapping[str, str], given: Input | None
) -> None:
    """Make what the register of tiers ever said: a frame holds one version of each row, and tombstones."""
    if given is None or isinstance(given, duckdb.DuckDBPyRelation):
        create_view(connection, STATEMENTS, "select * from tier_assignments")
    else:
        stated = complete_query(model, types, "tier_assignments_input", with_tombstones=True)
        create_view(connection, STATEMENTS, stated)


def _in_batches(given: pl.DataFrame | pa.Table) -> pa.Table:
    """The frame in batches, without a copy: each is read by one core at a time, and a frame may be one."""
    table = given.to_arrow(compat_level=pl.CompatLevel.newest()) if isinstance(given, pl.DataFrame) else given
    return pa.Table.from_batches(table.to_batches(max_chunksize=ROWS_PER_BATCH), table.schema)


def complete_query(
    model: type[EventTable], given: Mapping[str, str], source: str, *, with_tombstones: bool = False
) -> str:
    """The SELECT that gives `source` all columns of its table.

    Args:
        model: The table's schema.
        given: The columns that `source` has, with their SQL types.
        source: A relation.
        with_tombstones: Whether rows that were taken back are shown too.
    """
    columns = model.table_columns()
    for each in columns:
        if given and each.name not in given and not each.has_default:
            raise ValueError(f"{model.table_name()}: the column {each.name} is missing and has no default; add it")
    values = {each.name: _value(each, given) for each in columns}
    values |= {
        each.hashed_name: f"case when {value} is not null then {text_hash_sql(value)} end"
        for each, value in zip(columns, list(values.values()), strict=True)
        if each.hashed_name
    }
    selected = ", ".join(f"{value} as {name}" for name, value in values.items())
    living = "" if with_tombstones else f" where not {values['deleted']}"
    return f"select {selected} from {source}{living}"


def _value(column: Column, given: Mapping[str, str]) -> str:
    """SQL for the column's value: as given, else its default."""
    type_name = SQL_TYPES[column.type]
    values = []
    if column.name in given:
        zoned = column.type == "instant" and given[column.name] == "TIMESTAMP WITH TIME ZONE"
        values.append(f"timezone('UTC', {column.name})" if zoned else f"{column.name}::{type_name}")
    if column.default_column and column.default_column in given:
        values.append(f"{column.default_column}::{type_name}")
    elif isinstance(column.default, str | bool | int | float):
        literal = text(column.default) if isinstance(column.default, str) else str(column.default)
        values.append(f"{literal}::{type_name}")
    if len(values) > 1:
        return f"coalesce({', '.join(values)})"
    return values[0] if values else f"null::{type_name}"
