"""One file or batch through conversion, screen and merge: the path that everything takes into the event tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.intake.books import Load, TableReport, instant_sql, newest_record, update_source_status, write_load
from pipelines.intake.conform import screen
from pipelines.intake.forms import open_reading, reading_errors
from pipelines.intake.merge import Merge, SetReading
from pipelines.intake.quarantine import quarantine_rows, release_mended_rows
from pipelines.intake.statements import note_statements
from schemas.tables import EventTable

RECORD_COLUMN = "record"
"""Column in which a connector's frame gives the position, from 0, of the raw record behind each row."""


def take_in(
    connection: duckdb.DuckDBPyConnection,
    table: type[EventTable],
    path: Path,
    load: Load,
    *,
    shown: Path | None = None,
    known_at: datetime | None = None,
) -> TableReport:
    """Take a file into its event table; the caller holds the transaction.

    Args:
        connection: With the warehouse attached for writing.
        table: The event table.
        path: The kept file, whose suffix says how to read it.
        load: What the books say of it.
        shown: The name under which the user knows the file.
        known_at: Leave out rows that were observed later.

    Raises:
        InputError: The file cannot be parsed.
    """
    shown = shown or path
    columns = tuple(column.name for column in table.table_columns())
    reading = open_reading(connection, path, shown, (*columns, RECORD_COLUMN))
    is_batch = load.batch_file != load.raw_file and RECORD_COLUMN in reading.types
    if is_batch:
        position = "CAST(record AS BIGINT) + 1"
        reading = replace(reading, record=position)
    at = instant_sql(load.observed_at or load.fetched_at)
    plan = screen(table, reading, observed_at=at, zone=load.zone, reserved=(RECORD_COLUMN,) if is_batch else ())
    if load.observed_at:
        plan = plan.with_given_instants()
    if known_at:
        plan = plan.known_at(instant_sql(known_at))
    with reading_errors(path, shown):
        sets = SetReading(load.set_column, load.set_ids, at) if load.set_column else None
        merge = Merge(connection, table, load.load_id)
        merged = merge.run(plan, sets)
        held_back = 0
        if merged.rows < reading.rows:
            held_back = quarantine_rows(
                connection,
                table,
                plan,
                load_id=load.load_id,
                source=load.origin,
                fetched_at=instant_sql(load.fetched_at),
            )
        if load.is_register:
            merged = replace(merged, changed=merged.changed + merge.take_back_vanished(plan, at))
    note_statements(connection, table.table_name())
    release_mended_rows(connection, table, load.load_id)
    report = TableReport(
        table.table_name(),
        load.stream,
        reading.rows,
        merged.new,
        merged.changed,
        merged.unchanged,
        held_back,
        plan.unknown,
    )
    write_load(connection, load, report)
    update_source_status(
        connection,
        load.source,
        load.stream,
        fetched_at=load.fetched_at,
        state="complete",
        rows_added=merged.new,
        last_record_at=newest_record(connection, table, load.load_id),
    )
    return report
