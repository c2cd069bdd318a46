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
from metrics.facts.sql import create_table, create_view, text
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
        given = tables.get(name)
        source = f"{name}_input"
        connection.unregister(source)
        if given is None:
            create_table(connection, name, complete_query(model, {}, "(select 1 where false)"))
        elif isinstance(given, duckdb.DuckDBPyRelation):
            given.create_view(source, replace=True)
            create_view(connection, name, complete_query(model, _types(connection, source), source))
        else:
            connection.register(source, _in_batches(given))
            create_view(connection, name, complete_query(model, _types(connection, source), source))
    _state_tiers(connection, tables.get("tier_assignments"))


def _state_tiers(connection: duckdb.DuckDBPyConnection, given: Input | None) -> None:
    """Make what the register of tiers ever said: a frame holds one version of each row, and tombstones."""
    model = all_tables()["tier_assignments"]
    if given is None or isinstance(given, duckdb.DuckDBPyRelation):
        create_view(connection, STATEMENTS, "select * from tier_assignments")
        return
    connection.register("stated_tiers", given)
    query = complete_query(model, _types(connection, "stated_tiers"), "stated_tiers", with_tombstones=True)
    create_table(connection, STATEMENTS, query)
    connection.unregister("stated_tiers")


def _in_batches(given: pl.DataFrame | pa.Table) -> pa.Table:
    """The frame in batches, without a copy: each is read by one core at a time, and a frame may be one."""
    table = given.to_arrow() if isinstance(given, pl.DataFrame) else given
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
    selected = ", ".join(f"{_value(each, given)} as {each.name}" for each in columns)
    keys = "".join(
        f", case when {each.name} is not null then {text_hash_sql(each.name)} end as {each.hashed_name}"
        for each in columns
        if each.hashed_name
    )
    living = "" if with_tombstones else " where not deleted"
    return f"select *{keys} from (select {selected} from {source}){living}"


def _types(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {source}").fetchall()}


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
    return f"coalesce({', '.join(values)}, null)" if values else f"null::{type_name}"
