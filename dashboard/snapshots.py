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

from dashboard import limits
from metrics.gaps import TABLE as GAPS
from schemas.errors import NoSnapshot, PlumblineError
from schemas.published import all_tables
from schemas.quoting import quoted
from schemas.snapshot import Manifest, SnapshotFolder, SnapshotTable
from schemas.sql import DUCKDB_TYPES
from schemas.tables import PublishedTable

SNAPSHOTS_HELD = 24
"""The newest and the one that a page may still be drawing, each once per set of teams that readers are limited to."""
RESULTS_HELD = 300
REGISTERS = "register_"
COUNTED = (
    *("orphan_counts", "link_counts", "slowest_changes", "repo_dimension"),
    *("record_links", "constraint_definitions", "phase_checklists"),
    GAPS,
)
"""What else a snapshot may carry: registers as they stood at the cut, counts of rows without a parent and of links
between records, the slowest changes, repositories with their teams, and why metrics have no rows (`metrics.gaps`)."""


class SnapshotUnreadable(PlumblineError):
    """What the pointer names cannot be read."""


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot. `teams` are those that its reader is limited to, None for a reader of everything."""

    manifest: Manifest
    connection: duckdb.DuckDBPyConnection
    teams: tuple[str, ...] | None = None

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
        return _kept_rows(self.id, self.teams, sql, parameters, self)

    def _local(self, instant: str) -> datetime:
        return datetime.fromisoformat(instant).astimezone(ZoneInfo(self.manifest.timezone))


@st.cache_data(max_entries=RESULTS_HELD, show_spinner=False)
def _kept_rows(
    snapshot_id: str,  # noqa: ARG001 -- it and the teams are the cache's key
    teams: tuple[str, ...] | None,  # noqa: ARG001
    sql: str,
    parameters: Sequence[object],
    _snapshot: Snapshot,
) -> pl.DataFrame:
    try:
        return _snapshot.connection.cursor().execute(sql, list(parameters)).pl()
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise _unreadable(_snapshot.id, error) from None


def newest(folder: SnapshotFolder, teams: tuple[str, ...] | None = None) -> Snapshot:
    """The snapshot that the pointer names now; opened once and shared by all sessions that may see the same.

    Args:
        folder: where it lies.
        teams: those that its reader is limited to, None for all.

    Raises:
        NoSnapshot: nothing has been built yet.
        SnapshotUnreadable: its manifest or a part of it is missing, damaged, or of a newer version.
    """
    snapshot_id = folder.current_id()
    if snapshot_id is None:
        raise NoSnapshot("nothing has been built yet", str(folder.state.parent), "run `plumbline build`")
    return _opened(str(folder.state), snapshot_id, teams)


@st.cache_resource(max_entries=SNAPSHOTS_HELD, show_spinner=False)
def _opened(state: str, snapshot_id: str, teams: tuple[str, ...] | None) -> Snapshot:
    folder = SnapshotFolder(Path(state))
    try:
        manifest = folder.read(snapshot_id)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(snapshot_id, error) from None
    connection = duckdb.connect(":memory:")
    # Parts never change, so what their footers say may be kept: a query reads no more than the groups that it needs.
    connection.execute("set parquet_metadata_cache = true")
    try:
        if teams is not None:
            _limit(connection, folder, manifest, teams)
        for name, model in all_tables().items():
            connection.execute(_view(connection, name, model, folder, manifest.tables.get(name), teams))
        if "repo_dimension" not in manifest.tables:  # an older version's; teams are then not known by repository
            connection.execute(
                "create view repo_dimension as select null::varchar as repo_id, null::varchar as team limit 0"
            )
        for name, table in manifest.tables.items():
            if name.startswith(REGISTERS) or name in COUNTED:
                rows = f"select * from {folder.relation(table, by_name=True)}"
                connection.execute(f"create view {quoted(name)} as {rows}{_where(name, teams)}")
    except duckdb.Error as error:
        raise _unreadable(snapshot_id, error) from None
    return Snapshot(manifest, connection, teams)


def _limit(
    connection: duckdb.DuckDBPyConnection, folder: SnapshotFolder, manifest: Manifest, teams: tuple[str, ...]
) -> None:
    """Make what the limits of a reader's teams lean on."""
    repositories = manifest.tables.get("repo_dimension") or manifest.tables.get("change_facts")
    values = manifest.tables.get("metric_values")
    nothing = "(select null as repo_id, null as service, null as team, null as tier, null as metric,"
    nothing += " null as segment, null as segment_kind, null as grain where false)"
    sources = (
        folder.relation(table, by_name=True) if table and table.parts else nothing for table in (repositories, values)
    )
    for statement in limits.helpers(teams, *sources):
        connection.execute(statement)


def _where(table: str, teams: tuple[str, ...] | None) -> str:
    return "" if teams is None else f" where {limits.condition(table, teams)}"


def _view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    model: type[PublishedTable],
    folder: SnapshotFolder,
    table: SnapshotTable | None,
    teams: tuple[str, ...] | None,
) -> str:
    """The view of a table, with all columns that this version knows: those that its parts lack are null."""
    declared = {column.name: DUCKDB_TYPES[column.type] for column in model.table_columns()}
    parts = folder.relation(table, by_name=True) if table and table.parts else ""
    found = {row[0] for row in connection.execute(f"describe select * from {parts}").fetchall()} if parts else set()
    columns = ", ".join(
        quoted(column) if column in found else f"null::{kind} as {quoted(column)}" for column, kind in declared.items()
    )
    rows = f"select {columns} {f'from {parts}' if parts else 'where false'}"
    seen = "*" if teams is None else ", ".join(f"{limits.column(name, each)} as {quoted(each)}" for each in declared)
    return f"create view {quoted(name)} as select {seen} from ({rows}){_where(name, teams)}"


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
