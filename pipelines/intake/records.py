"""Intake for connectors: a batch of conformed records goes the same way as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from pipelines.intake.batch import take_in
from pipelines.intake.books import Load, TableReport, count_orphans, next_load_id
from pipelines.intake.raw import RawStore
from pipelines.warehouse import Warehouse
from schemas.events import all_tables


def ingest_records(
    warehouse: Warehouse,
    *,
    source: str,
    stream: str,
    table: str,
    records: pl.DataFrame,
    raw_file: str,
    fetched_at: datetime,
    observed_at: datetime,
    complete_set_of: Sequence[str] = (),
) -> TableReport:
    """Take conformed records into an event table. The caller holds ``warehouse.transaction()``.

    Args:
        warehouse: Open for writing, inside a transaction, so that several tables and a cursor are kept together.
        source: Name of the source, as in plumbline.toml.
        stream: Name of the source's stream.
        table: Name of the event table.
        records: Columns of the contract, as text or typed, absent ones left out; a column ``record`` gives the
            position, from 0, of the raw record behind each row. An own ``observed_at`` column goes before the argument.
        raw_file: Name, under the workspace's raw folder, of the raw records as received.
        fetched_at: When the batch was fetched; enters the books and the quarantine.
        observed_at: When the source showed these versions.
        complete_set_of: Ids of the parents (the table's ``set_column``) whose rows were read whole: rows of theirs that
            are not among the records, and that were not observed later, become tombstones.

    Returns:
        What became of the records; orphans are counted by :func:`refresh_orphans`, once for all batches.
    """
    model = all_tables()[table]
    buffer = io.BytesIO()
    # A column of nothing but nulls has no type of its own; text holds it as well as any.
    records.with_columns(pl.selectors.by_dtype(pl.Null).cast(pl.String)).write_parquet(buffer, compression="zstd")
    kept = RawStore(warehouse.workspace.raw).keep_bytes(buffer.getvalue(), ".parquet")
    load = Load(
        load_id=next_load_id(warehouse.connection),
        source=source,
        stream=stream,
        fetched_at=fetched_at,
        raw_file=raw_file,
        batch_file=kept.name,
        zone=warehouse.workspace.timezone,
        observed_at=observed_at,
        set_column=model.table_about().set_column if complete_set_of else "",
        set_ids=tuple(complete_set_of),
    )
    if complete_set_of and not load.set_column:
        raise TypeError(f"{table} has no set_column: no reading holds a whole set of its rows")
    return take_in(warehouse.connection, model, kept, load)


def refresh_orphans(warehouse: Warehouse, tables: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count orphans again after batches into ``tables``; within the caller's transaction."""
    return count_orphans(warehouse.connection, tables)
