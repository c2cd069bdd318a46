"""What was published: how large it is, and whether two builds published the same."""

from pathlib import Path

import duckdb

from schemas.published import all_tables
from schemas.quoting import quoted
from schemas.snapshot import Manifest, SnapshotFolder

TOLD_OF_LOADS = ("source_status", "quarantine")
"""Tables that tell when and in what pieces records came, which differs where they came in another order."""


def newest(workspace: Path) -> tuple[SnapshotFolder, Manifest]:
    """The newest snapshot of a workspace."""
    folder = SnapshotFolder.of_workspace(workspace)
    manifest = folder.current()
    assert manifest is not None
    return folder, manifest


def bytes_of(workspace: Path) -> int:
    """Bytes of the parts that the newest snapshot names."""
    _, manifest = newest(workspace)
    return sum({part.sha256: part.bytes for table in manifest.tables.values() for part in table.files}.values())


def differences(one: Path, other: Path) -> list[str]:
    """The published tables in which two workspaces differ: in the contract's columns, whatever the order of rows."""
    with duckdb.connect() as connection:
        return [
            name
            for name in sorted(set(all_tables()) - set(TOLD_OF_LOADS))
            if _digest(connection, one, name) != _digest(connection, other, name)
        ]


def _digest(connection: duckdb.DuckDBPyConnection, workspace: Path, table: str) -> tuple[object, ...]:
    """Rows, and sums over the hashes of rows: equal for equal rows in any order."""
    folder, manifest = newest(workspace)
    columns = ", ".join(quoted(column.name) for column in all_tables()[table].table_columns())
    query = f"select count(*), bit_xor(hash({columns})), sum(hash({columns})::hugeint)"
    return connection.execute(f"{query} from {folder.relation(manifest.tables[table])}").fetchone() or ()
