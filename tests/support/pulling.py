"""A workspace with one source, pulled from a replay host, and what its warehouse holds afterwards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from pipelines.ingest import StreamReport, World, ingest_sources
from pipelines.warehouse import Warehouse
from schemas.events import all_tables
from schemas.workspace import Workspace, load_workspace


@dataclass
class Recorder:
    """Progress that remembers what it was told."""

    streams: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def started(self, source: str, stream: str) -> None:
        self.streams.append(stream)

    def advanced(self, report: StreamReport) -> None:
        """Counts are read from the reports."""

    def waits(self, source: str, seconds: float, reason: str) -> None:
        self.waited.append(seconds)


def make_workspace(folder: Path, **settings: object) -> Workspace:
    """A workspace whose only source has these settings."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    text = 'name = "test"\n\n[[sources]]\n' + "\n".join(lines) + "\n"
    (folder / "plumbline.toml").write_text(text, encoding="utf-8")
    return load_workspace(folder)


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


def pull(
    workspace: Workspace,
    now: str,
    transport: httpx.BaseTransport | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
    since: datetime | None = None,
    full: bool = False,
) -> list[StreamReport]:
    """Pull at a fixed instant, without sleeping."""
    instant = datetime.fromisoformat(now).timestamp()
    world = World(transport, clock=lambda: instant, sleep=lambda _: None, environment=environment or {})
    return ingest_sources(workspace, names, Recorder(), since=since, full=full, world=world)


def contents(workspace: Workspace, *, with_instants: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Rows of all event tables by their key, tombstones included, without provenance and when they were seen."""
    left_out = "load_id, record" if with_instants else "load_id, record, observed_at"
    with Warehouse.open(workspace, write=False) as warehouse:
        return {
            name: rows
            for name, table in all_tables().items()
            if (
                rows := warehouse.rows(
                    f"SELECT * EXCLUDE ({left_out}) FROM warehouse.{name} ORDER BY {', '.join(table.table_key())}"
                )
            )
        }


def rows_of(workspace: Workspace, sql: str) -> list[dict[str, Any]]:
    """The result of a query on the warehouse."""
    with Warehouse.open(workspace, write=False) as warehouse:
        return warehouse.rows(sql)


def status_of(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """The books of each stream."""
    return {row["stream"]: row for row in rows_of(workspace, "FROM warehouse.source_status")}
