"""Event tables from frames: what tests, worked examples and notebooks hand in instead of a warehouse.

A frame may lack columns, and whole tables may be missing; both are filled as the contract says, and the integer keys
are added, so that the facts can rely on every column.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeAlias

import duckdb
import polars as pl
import pyarrow as pa

from metrics.facts.origins import STATEMENTS
from metrics.facts.sql import create_table, create_view, declare_table, on_one_thread, text
from schemas.events import all_tables
from schemas.sql import text_hash_sql
from schemas.tables import Column, ColumnType, EventTable

Input: TypeAlias = pl.DataFrame | pa.Table | duckdb.DuckDBPyRelation

ROWS_PER_BATCH = 20_480
COMPUTED = "computed_"
"""How the names of columns begin that hold keys and stand beside those of a large frame."""
FEW = "repositories"
"""The table of which a large frame names few rows, each many times."""
SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "list": "VARCHAR[]",
}


class Stream:
    """A table of Arrow of which DuckDB only knows that it can be streamed, anew by each query.

    Given the table as such, it would make a dataset of it at each scan.
    """

    def __init__(self, table: pa.Table) -> None:
        """Take the batches as they are: each is read by one core at a time."""
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The batches by Arrow's C stream interface, without a copy."""
        return self._table.__arrow_c_stream__(requested_schema)


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
    # While small frames are copied and missing ones declared, the keys of large ones are computed beside that.
    with on_one_thread(connection), connection.cursor() as cursor, ThreadPoolExecutor(max_workers=1) as beside:
        large = {
            name: beside.submit(_with_keys, cursor, models[name], given)
            for name, given in tables.items()
            if not isinstance(given, duckdb.DuckDBPyRelation) and len(given) > ROWS_PER_BATCH
        }
        for name in sorted(models, key=large.__contains__):
            _make_visible(connection, models[name], tables.get(name), large.get(name))


def _make_visible(
    connection: duckdb.DuckDBPyConnection,
    model: type[EventTable],
    given: Input | None,
    large: Future[pa.Table] | None,
) -> None:
    """Make one event table, of what is given of it: for a large frame, what becomes of it with its keys."""
    name = model.table_name()
    source = f"{name}_input"
    connection.unregister(source)
    types: dict[str, str] = {}
    if given is None:
        declare_table(connection, name, _stored_types(model))
    elif isinstance(given, duckdb.DuckDBPyRelation):
        given.create_view(source, replace=True)
        types = dict(zip(given.columns, map(str, given.types), strict=True))
        create_view(connection, name, complete_query(model, types, source))
    else:
        table = _in_batches(given) if large is None else large.result()
        connection.register(source, Stream(table))
        types = _types(table)
        if large is None:
            create_table(connection, name, complete_query(model, types, source))
        else:
            # What a join knows of its keys would be handed to the scan, and scans of Arrow refuse some of that.
            connection.execute("set disabled_optimizers = 'join_filter_pushdown'")
            create_view(connection, name, complete_query(model, types, source))
    if name == "tier_assignments":
        _state_tiers(connection, model, types, source, given)


def _types(table: pa.Table) -> dict[str, str]:
    """The columns of a frame, and of its instants whether they are zoned."""
    return {
        field.name: "TIMESTAMP WITH TIME ZONE" if pa.types.is_timestamp(field.type) and field.type.tz else ""
        for field in table.schema
    }


def _with_keys(cursor: duckdb.DuckDBPyConnection, model: type[EventTable], given: pl.DataFrame | pa.Table) -> pa.Table:
    """A large frame with keys beside its columns: those of its rows, if others refer to them, and of repositories.

    A view works its columns out at each use. The former keys are used in nearly every step; the latter are few, and
    would be worked out for each row.
    """
    table = _in_batches(given)
    types = _types(table)
    found: dict[str, pa.ChunkedArray] = {}
    for each in model.table_columns():
        value = _value(each, types)
        if each.name in types and each.key and model.table_name() in _referred_to():
            found[f"{COMPUTED}{each.hashed_name}"] = _keys(cursor, table.select([each.name]), value)
        elif each.parent_table == FEW and value == f"{each.name}::VARCHAR" and _is_text(table, each.name):
            chunks = table.column(each.name).dictionary_encode().unify_dictionaries().chunks
            few = _keys(cursor, pa.table({each.name: chunks[0].dictionary}), value)
            found[f"{COMPUTED}{each.hashed_name}"] = pa.chunked_array(
                [keys for chunk in chunks for keys in few.take(chunk.indices).chunks]
            )
    for name, keys in found.items():
        table = table.append_column(name, keys)
    return _in_batches(table)


def _is_text(table: pa.Table, column: str) -> bool:
    """Whether a column holds plain text, which Arrow can number."""
    kind = table.schema.field(column).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _keys(cursor: duckdb.DuckDBPyConnection, ids: pa.Table, value: str) -> pa.ChunkedArray:
    """The key of each id, in their order."""
    cursor.register("ids", Stream(ids))
    # Rows come in the order in which they are asked for, so that keys stand beside their own: DuckDB's default.
    cursor.execute("set preserve_insertion_order = true")
    return cursor.execute(f"select {_key(value)} as key from ids").to_arrow_table().column(0)


@cache
def _referred_to() -> frozenset[str]:
    """Tables to whose rows those of others refer."""
    return frozenset(each.parent_table for model in all_tables().values() for each in model.table_columns())


def _stored_types(model: type[EventTable]) -> dict[str, str]:
    """All columns of a table with their SQL types, and its keys."""
    columns = model.table_columns()
    types = {each.name: SQL_TYPES[each.type] for each in columns}
    return types | {each.hashed_name: "UBIGINT" for each in columns if each.hashed_name}


def _state_tiers(
    connection: duckdb.DuckDBPyConnection,
    model: type[EventTable],
    types: Mapping[str, str],
    source: str,
    given: Input | None,
) -> None:
    """Make what the register of tiers ever said: a frame holds one version of each row, and tombstones."""
    if given is None or isinstance(given, duckdb.DuckDBPyRelation):
        create_view(connection, STATEMENTS, "select * from tier_assignments")
    else:
        create_view(connection, STATEMENTS, complete_query(model, types, source, with_tombstones=True))


def _in_batches(given: pl.DataFrame | pa.Table) -> pa.Table:
    """The frame in batches: each is read by one core at a time, and a frame may be one."""
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
    values = {each.name: _value(each, given) for each in columns}
    values |= {
        each.hashed_name: f"{COMPUTED}{each.hashed_name}" if f"{COMPUTED}{each.hashed_name}" in given else _key(value)
        for each, value in zip(columns, list(values.values()), strict=True)
        if each.hashed_name
    }
    selected = ", ".join(f"{value} as {name}" for name, value in values.items())
    living = "" if with_tombstones else f" where not {values['deleted']}"
    return f"select {selected} from {source}{living}"


def _key(value: str) -> str:
    """SQL for the key of an id; null where the id is."""
    return f"case when {value} is not null then {text_hash_sql(value)} end"


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
