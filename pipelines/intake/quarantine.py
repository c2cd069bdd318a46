"""Quarantine: every row that breaks its schema, once per offence, with the offending value and the reason in words."""

from __future__ import annotations

import duckdb

from pipelines.intake.conform import Screen
from schemas.quoting import literal, quoted
from schemas.tables import EventTable


def quarantine_rows(
    connection: duckdb.DuckDBPyConnection,
    table: type[EventTable],
    screen: Screen,
    *,
    load_id: int,
    source: str,
    fetched_at: str,
) -> int:
    """Write down what is wrong with the rows that the screen holds back.

    The same offence of the same row that came before is not repeated.

    Args:
        connection: With the warehouse attached, in a transaction.
        table: The event table.
        screen: How its rows are told apart.
        load_id: The load that brought them.
        source: What the reader knows as their origin.
        fetched_at: SQL of the instant at which they came.

    Returns:
        The number of rows held back.
    """
    listed = []
    for offence in screen.offences:
        column, value, reason = literal(offence.column), screen.shown(offence.column), literal(offence.reason)
        entry = f"{{'column': {column}, 'value': {value}, 'reason': {reason}}}"
        listed.append(f"CASE WHEN NOT ({offence.holds}) THEN {entry} END")
    offences = f"list_filter([{', '.join(listed)}], lambda v: v IS NOT NULL)"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE offences AS"
        f" SELECT {_key_text(table, screen)} AS key, record, unnest({offences}) AS offence"
        f" FROM ({screen.typed}) WHERE NOT ({screen.good})"
    )
    connection.execute(
        'INSERT INTO warehouse.quarantine ("table", key, "column", value, reason, source, fetched_at, load_id, record)'
        f" SELECT {literal(table.table_name())}, key, offence.column, offence.value, offence.reason, {literal(source)},"
        f" {fetched_at}, {load_id}, record FROM temp.offences AS new WHERE NOT EXISTS ("
        f'FROM warehouse.quarantine AS old WHERE old."table" = {literal(table.table_name())}'
        ' AND old.key IS NOT DISTINCT FROM new.key AND old."column" = new.offence.column'
        " AND old.value IS NOT DISTINCT FROM new.offence.value AND old.reason = new.offence.reason)"
    )
    row = connection.execute("SELECT count(DISTINCT record) FROM temp.offences").fetchone()
    connection.execute("DROP TABLE temp.offences")
    return row[0] if row else 0


def release_mended_rows(connection: duckdb.DuckDBPyConnection, table: type[EventTable], load_id: int) -> None:
    """Take out of quarantine the rows of which this load brought a good version."""
    name = table.table_name()
    waiting = connection.execute(
        'SELECT 1 FROM warehouse.quarantine WHERE "table" = ? AND load_id <> ? LIMIT 1', [name, load_id]
    ).fetchone()
    if not waiting:
        return
    keys = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in table.table_key())
    connection.execute(
        f'DELETE FROM warehouse.quarantine WHERE "table" = {literal(name)} AND load_id <> {load_id}'
        f" AND key IN (SELECT concat_ws('|', {keys}) FROM warehouse.{name} WHERE load_id = {load_id})"
    )


def _key_text(table: type[EventTable], screen: Screen) -> str:
    shown = ", ".join(f"coalesce({screen.shown(column)}, '')" for column in table.table_key())
    return f"nullif(concat_ws('|', {shown}), '')"
