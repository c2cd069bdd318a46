"""Workspaces with channels, and snapshots that hold findings and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.alerts.delivery import World
from pipelines.alerts.model import Finding
from pipelines.alerts.senders import AppriseSender, Sender
from pipelines.parts import replace_text, write_part
from schemas.published.findings import Findings
from schemas.snapshot import Manifest, SnapshotFolder, SnapshotTable
from schemas.workspace import Workspace
from tests.support.workspaces import POLARS, new_workspace

START = datetime.fromisoformat("2026-11-01T05:00:00")
COLUMNS = {column.name: POLARS[column.type] for column in Findings.table_columns()}
ESCAPES = Finding(
    "speed_vs_escape:3:quarter:2026-07-01",
    "verdict",
    "3",
    "speed_vs_escape",
    "high",
    START - timedelta(hours=3),
    "rollbacks rose from 3 % to 6 %",
)
STALE = Finding("stale:github", "stale_source", None, "github", "medium", START, "not read for three days")


def channel(name: str, more: str = "") -> str:
    """A channel of plumbline.toml whose address stands in the variable of its name."""
    return f'\n[[alerts.channels]]\nname = "{name}"\nurl_env = "{name.upper()}"\n{more}\n'


def workspace_with(folder: Path, *channels: str) -> Workspace:
    """A workspace with channels."""
    return new_workspace(folder, "".join(channels))


@dataclass
class Clock:
    """An instant that moves when it is told to."""

    instant: datetime = START

    def __call__(self) -> datetime:
        """The instant."""
        return self.instant


@dataclass
class Builds:
    """Publishes findings an hour apart, as builds do."""

    workspace: Workspace
    count: int = 0
    clock: Clock = field(default_factory=Clock)

    def publish(
        self, findings: Sequence[Finding], as_of: datetime | None = None, known_at: str | None = None
    ) -> Manifest:
        """Publish a snapshot that holds these findings."""
        manifest = self._manifest(as_of, known_at)
        folder = SnapshotFolder(self.workspace.state)
        rows = [{**vars(finding), "acknowledged_by": None} for finding in findings]
        with duckdb.connect() as connection:
            connection.register("findings", pl.DataFrame(rows, schema=COLUMNS, orient="row").to_arrow())
            part = write_part(connection, "select * from findings", folder.parts)
        return self._move_to(replace(manifest, tables={"findings": SnapshotTable((part,))}))

    def publish_without_findings(self) -> Manifest:
        """Publish a snapshot as builds made it before there were findings."""
        return self._move_to(self._manifest(None, None))

    def _manifest(self, as_of: datetime | None, known_at: str | None) -> Manifest:
        self.count += 1
        self.clock.instant = START + timedelta(hours=self.count)
        made = f"{self.clock.instant.isoformat()}Z"
        return Manifest(
            snapshot_id=f"snapshot-{self.count:03}",
            created_at=made,
            as_of=f"{as_of.isoformat()}Z" if as_of else made,
            known_at=known_at,
            workspace=self.workspace.name,
            timezone="UTC",
            definitions={},
            tables={},
        )

    def _move_to(self, manifest: Manifest) -> Manifest:
        folder = SnapshotFolder(self.workspace.state)
        replace_text(folder.manifest_path(manifest.snapshot_id), manifest.to_json())
        replace_text(folder.pointer, manifest.snapshot_id + "\n")
        return manifest

    def world(self, sender: Sender | None = None, **addresses: str) -> World:
        """A world in which variables of these names hold addresses."""
        return World(sender or AppriseSender(), {name.upper(): text for name, text in addresses.items()}, self.clock)


def worse(finding: Finding, severity: str = "critical") -> Finding:
    """The same finding, more pressing."""
    return replace(finding, severity=severity, reason=f"now {severity}")
