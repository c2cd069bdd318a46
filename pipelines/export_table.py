"""A published table of the newest snapshot as one file: the contract's columns, in the contract's order."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

import schemas.published
from pipelines.warehouse import MEMORY_LIMIT, translated_errors
from schemas.discovery import table_names
from schemas.errors import InputError, NoSnapshot
from schemas.quoting import literal, quoted
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.tables import Column, PublishedTable
from schemas.workspace import Workspace

COPY_OPTIONS = {
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "csv": "FORMAT csv, HEADER true",
    "json": "FORMAT json, ARRAY true",
}


def export_table(workspace: Workspace, table: str, output: Path | None, form: str) -> None:
    """Write a table whole, or leave nothing behind.

    Args:
        workspace: Whose newest snapshot.
        table: Name of a published table.
        output: File to write; standard output where None.
        form: ``parquet``, ``csv`` or ``json`` (an array of objects). In text, instants are ISO-8601 with ``Z`` and
            lists are joined by ``;`` (CSV) or arrays (JSON).

    Raises:
        NoSnapshot: Nothing has been built yet.
        InputError: There is no such table, or Parquet would go to a terminal.
        StorageFull: There is no room for the file.
    """
    if table not in table_names(schemas.published):
        known = ", ".join(table_names(schemas.published))
        raise InputError(f"{table!r} is no published table", "", f"published are {known}")
    folder = SnapshotFolder(workspace.state)
    manifest = folder.current()
    if manifest is None:
        raise NoSnapshot("nothing has been built yet", str(workspace.root), "run `plumbline build`")
    if output is None and form == "parquet" and sys.stdout.isatty():
        raise InputError("Parquet is not for a terminal", "", "name a file with -o, or choose --format csv")
    with tempfile.TemporaryDirectory(dir=output.parent if output and output.parent.is_dir() else None) as temporary:
        made = Path(temporary) / "export"
        with translated_errors(output or made):
            _copy(folder, manifest, table, made, form)
            if output:
                made.replace(output)
                return
        with made.open("rb") as content:
            shutil.copyfileobj(content, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _copy(folder: SnapshotFolder, manifest: Manifest, table: str, target: Path, form: str) -> None:
    model = schemas.published.all_tables()[table]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # Rows laid over others have to be put in order among them, which for many of them takes more than memory.
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"SET temp_directory = {literal(target.parent)}")
        connection.execute(
            f"COPY ({_query(folder, manifest, table, model, form)}) TO {literal(target)} ({COPY_OPTIONS[form]})"
        )


def _query(folder: SnapshotFolder, manifest: Manifest, table: str, model: type[PublishedTable], form: str) -> str:
    published = manifest.tables.get(table)
    if published is None or not published.parts:
        from schemas.sql import DUCKDB_TYPES

        nothing = ", ".join(
            f"NULL::{DUCKDB_TYPES[column.type]} AS {quoted(column.name)}" for column in model.table_columns()
        )
        return f"SELECT {nothing} WHERE false"
    columns = ", ".join(_column(column, form) for column in model.table_columns())
    ordered = f" ORDER BY {', '.join(published.overlay.order)}" if published.overlay else ""
    return f"SELECT {columns} FROM {folder.relation(published, by_name=True)}{ordered}"


def _column(column: Column, form: str) -> str:
    name = quoted(column.name)
    if column.type == "instant" and form != "parquet":
        return f"replace(strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z') AS {name}"
    if column.type == "list" and form == "csv":
        return f"array_to_string({name}, ';') AS {name}"
    return name
