"""A published snapshot as a DuckDB connection: one view per table, read-only, for commands that print facts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from schemas.errors import NoSnapshot
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.workspace import Workspace


@dataclass(frozen=True)
class Snapshot:
    """A manifest, and its tables as views of their own names."""

    manifest: Manifest
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[dict[str, object]]:
        """The result of a query, row by row, for small results."""
        result = self.connection.execute(query)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def open_snapshot(workspace: Workspace) -> Iterator[Snapshot]:
    """Open the newest snapshot.

    Raises:
        NoSnapshot: nothing has been built yet.
    """
    folder = SnapshotFolder(workspace.state)
    manifest = folder.current()
    if manifest is None:
        raise NoSnapshot("nothing has been built yet", str(workspace.root), "run `plumbline build`")
    with duckdb.connect() as connection:
        for name, table in manifest.tables.items():
            connection.execute(f'create view "{name}" as select * from {folder.relation(table)}')
        yield Snapshot(manifest, connection)
