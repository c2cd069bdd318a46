"""Workspaces for tests: made in a folder, filled from rows, and read back."""

# ruff: noqa: DTZ001 -- the warehouse keeps instants in UTC without a zone

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.intake.load import LoadReport, load_folder
from pipelines.warehouse import Warehouse
from schemas.tables import Column, ColumnType, EventTable
from schemas.workspace import Workspace, load_workspace

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""When tests load, unless they say otherwise."""

POLARS: Mapping[ColumnType, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "float": pl.Float64,
    "boolean": pl.Boolean,
    "instant": pl.Datetime("us"),
    "date": pl.Date,
    "list": pl.List(pl.String),
}


def new_workspace(folder: Path, more: str = "") -> Workspace:
    """A workspace in a folder, with further lines of plumbline.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plumbline.toml").write_text(f'name = "test"\n{more}\n', encoding="utf-8")
    return load_workspace(folder)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Files of a folder, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def load_files(workspace: Workspace, files: Mapping[str, str | bytes], now: datetime = NOON) -> LoadReport:
    """Load files, given by name, as a folder of their own."""
    number = len(list(workspace.root.glob("incoming*")))
    folder = write_files(workspace.root / f"incoming{number}", files)
    with Warehouse.open(workspace, write=True) as warehouse:
        return load_folder(warehouse, folder, now=now)


def query(workspace: Workspace, sql: str) -> list[dict[str, Any]]:
    """Rows of a query on the warehouse, with the event views."""
    with Warehouse.open(workspace, write=False) as warehouse:
        warehouse.create_event_views()
        return warehouse.rows(sql)


def sample_value(column: Column, number: int) -> Any:  # noqa: ANN401 -- as many types as columns have
    """A good value for a column; another number gives another one where the column allows."""
    if column.allowed:
        return column.allowed[number % len(column.allowed)]
    if column.type == "instant":
        return datetime(2026, 1, 1 + number, 6, 30, 15, 250000)
    if column.type == "date":
        return date(2026, 1 + number, 1)
    if column.name == "currency":
        return "EUR"
    values: dict[ColumnType, Any] = {
        "text": f'{column.name} "{number}", with; all,\nsorts → of text',
        "integer": int(column.minimum or 0) + number,
        "float": (column.minimum or 0) + number + 0.5,
        "boolean": number % 2 == 0,
        "list": [f"a {number}", "b"],
    }
    return values[column.type]


def sample_rows(table: type[EventTable], count: int = 2) -> list[dict[str, Any]]:
    """Good rows of a table with every column given."""
    rows = [{column.name: sample_value(column, number) for column in table.table_columns()} for number in range(count)]
    for row in rows:
        if table.table_name() == "changes":
            row["state"] = "merged"
        if "valid_to" in row:
            row["valid_to"] = datetime(2027, 1, 1)
        row["deleted"] = False
    return rows


def frame(table: type[EventTable], rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a typed frame."""
    schema = {column.name: POLARS[column.type] for column in table.table_columns()}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")


def as_text(value: object) -> str:
    """A value as CSV files give it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return ";".join(value) if isinstance(value, list) else str(value)


def as_ndjson(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as NDJSON."""
    plain = [
        {name: as_text(value) if isinstance(value, date) else value for name, value in row.items()} for row in rows
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in plain)
