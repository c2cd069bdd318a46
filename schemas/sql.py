"""SQL that follows from a table's declaration: column types, DDL and hashed keys. Plain text, no database needed."""

from __future__ import annotations

from schemas.quoting import literal, quoted
from schemas.tables import NO_DEFAULT, Column, ColumnType, EventTable

DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "list": "VARCHAR[]",
}
__all__ = [
    "DUCKDB_TYPES",
    "create_table_sql",
    "default_sql",
    "hashed_key_sql",
    "literal",
    "quoted",
    "text_hash_sql",
    "warehouse_columns",
]

PROVENANCE = ("load_id", "record")


def default_sql(column: Column) -> str:
    """What stands where the column is absent; ``NULL`` without a default."""
    if column.default_column:
        return quoted(column.default_column)
    return "NULL" if column.default is NO_DEFAULT else literal(column.default)


def text_hash_sql(text: str) -> str:
    """A 64-bit number for an SQL expression of a text, as good as unique: two of ten million agree once in 400,000.

    ``hash`` alone will not do for text: it takes eight bytes at a time and mixes them little, so that ids that differ
    in a few digits, as ids do, come out equal: 24 pairs among eight million. Over MD5's bits it is uniform.
    """
    return f"hash(md5_number({text}))"


def hashed_key_sql(column: Column, source: str = "") -> str:
    """Expression of a column's 64-bit key; null stays null, which ``hash`` alone would not keep."""
    name = f"{source}.{quoted(column.name)}" if source else quoted(column.name)
    number = text_hash_sql(name)
    return number if not column.nullable else f"CASE WHEN {name} IS NOT NULL THEN {number} END"


def warehouse_columns(table: type[EventTable]) -> dict[str, str]:
    """Columns of the stored table with their types: the contract's, then keys, then provenance."""
    columns = table.table_columns()
    stored = {column.name: DUCKDB_TYPES[column.type] for column in columns}
    stored |= {column.hashed_name: "UBIGINT" for column in columns if column.hashed_name}
    return stored | dict.fromkeys(PROVENANCE, "BIGINT")


def create_table_sql(table: type[EventTable], target: str) -> str:
    """DDL of the stored table, without constraints or indexes: the screen holds what they would."""
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in warehouse_columns(table).items())
    return f"CREATE TABLE IF NOT EXISTS {target} ({columns})"
