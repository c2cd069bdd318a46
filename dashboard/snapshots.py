"""The newest published snapshot as a DuckDB connection in memory: a view per published table over its Parquet parts.

Read-only, and never of half a build: the pointer is followed on every run of a page, and a snapshot never changes once
it is named there. A snapshot of an older version may lack tables or columns; they are there all the same, empty, and
`Snapshot.rows_of` tells what was published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import streamlit as st

from metrics.gaps import TABLE as GAPS
from schemas.errors import NoSnapshot, PlumblineError
from schemas.published import all_tables
from schemas.quoting import literal, quoted
from schemas.snapshot import Manifest, SnapshotFolder, SnapshotTable
from schemas.sql import DUCKDB_TYPES
from schemas.tables import PublishedTable

SNAPSHOTS_HELD = 2
"""The newest, and the one that a page may still be drawing."""
RESULTS_HELD = 300
REGISTERS, ORPHANS = "register_", "orphan_counts"
"""What else a snapshot may carry: registers as they stood at the cut, and counts of rows without a parent;
also why metrics have no rows (`metrics.gaps`)."""


class SnapshotUnreadable(PlumblineError):
    """What the pointer names cannot be read."""


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot."""

    manifest: Manifest
    connection: duckdb.DuckDBPyConnection

    @property
    def id(self) -> str:
        """The snapshot's name."""
        return self.manifest.snapshot_id

    @property
    def as_of(self) -> datetime:
        """The cut, in the workspace's time zone."""
        return self._local(self.manifest.as_of)

    @property
    def created_at(self) -> datetime:
        """When it was built, in the workspace's time zone."""
        return self._local(self.manifest.created_at)

    @property
    def as_of_day(self) -> date:
        """The local day of the cut."""
        return self.as_of.date()

    def rows_of(self, table: str) -> int | None:
        """Rows of a published table; None where the snapshot has no such table."""
        published = self.manifest.tables.get(table)
        return published.rows if published else None

    def rows(self, sql: str, *parameters: object) -> pl.DataFrame:
        """What a query gives. Kept per snapshot, for all sessions: a snapshot never changes.

        Raises:
            SnapshotUnreadable: a part is gone or damaged.
        """
        return _kept_rows(self.id, sql, parameters, self)

    def _local(self, instant: str) -> datetime:
        return datetime.fromisoformat(instant).astimezone(ZoneInfo(self.manifest.timezone))


@st.cache_data(max_entries=RESULTS_HELD, show_spinner=False)
def _kept_rows(snapshot_id: str, sql: str, parameters: Sequence[object], _snapshot: Snapshot) -> pl.DataFrame:  # noqa: ARG001 -- the id is the cache's key
    try:
        return _snapshot.connection.cursor().execute(sql, list(parameters)).pl()
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise _unreadable(_snapshot.id, error) from None


def newest(folder: SnapshotFolder) -> Snapshot:
    """The snapshot that the pointer names now; opened once and shared by all sessions.

    Raises:
        NoSnapshot: nothing has been built yet.
        SnapshotUnreadable: its manifest or a part of it is missing, damaged, or of a newer version.
    """
    snapshot_id = folder.current_id()
    if snapshot_id is None:
        raise NoSnapshot("nothing has been built yet", str(folder.state.parent), "run `plumbline build`")
    return _opened(str(folder.state), snapshot_id)


@st.cache_resource(max_entries=SNAPSHOTS_HELD, show_spinner=False)
def _opened(state: str, snapshot_id: str) -> Snapshot:
    folder = SnapshotFolder(Path(state))
    try:
        manifest = folder.read(snapshot_id)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(snapshot_id, error) from None
    connection = duckdb.connect(":memory:")
    for name, model in all_tables().items():
        try:
            connection.execute(_view(connection, name, model, folder, manifest.tables.get(name)))
        except duckdb.Error as error:
            raise _unreadable(snapshot_id, error) from None
    for name, table in manifest.tables.items():
        if name.startswith(REGISTERS) or name in (ORPHANS, GAPS):
            connection.execute(f"create view {quoted(name)} as select * from {_parts(folder, table)}")
    return Snapshot(manifest, connection)


def _view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    model: type[PublishedTable],
    folder: SnapshotFolder,
    table: SnapshotTable | None,
) -> str:
    """The view of a table, with all columns that this version knows: those that its parts lack are null."""
    declared = {column.name: DUCKDB_TYPES[column.type] for column in model.table_columns()}
    parts = _parts(folder, table) if table and table.parts else ""
    found = {row[0] for row in connection.execute(f"describe select * from {parts}").fetchall()} if parts else set()
    columns = ", ".join(
        quoted(column) if column in found else f"null::{kind} as {quoted(column)}" for column, kind in declared.items()
    )
    return f"create view {quoted(name)} as select {columns} {f'from {parts}' if parts else 'where false'}"


def _parts(folder: SnapshotFolder, table: SnapshotTable) -> str:
    paths = ", ".join(literal(str(path)) for path in folder.part_paths(table))
    return f"read_parquet([{paths}], union_by_name = true)"


def _unreadable(snapshot_id: str, error: Exception) -> SnapshotUnreadable:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SnapshotUnreadable(f"the snapshot cannot be read: {reason}", snapshot_id, "run `plumbline build`")


def age(instant: datetime, now: datetime | None = None) -> str:
    """How long ago an instant was, roughly: `just now`, `3 hours ago`, `12 days ago`."""
    seconds = ((now or datetime.now(UTC)) - instant).total_seconds()
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
