"""Why metrics of the newest snapshot have no rows; opens no database where all have some."""

from __future__ import annotations

from metrics.gaps import TABLE, WHOLE, Gap
from schemas.snapshot import SnapshotFolder


def published_gaps(folder: SnapshotFolder) -> list[Gap]:
    """The gaps of the newest snapshot by metric and tier; none before the first build, or of an older version's.

    Args:
        folder: the workspace's snapshots.
    """
    manifest = folder.current()
    table = manifest.tables.get(TABLE) if manifest else None
    if table is None or table.rows == 0:
        return []
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select metric, tier, tables, reason from {folder.relation(table)} order by all"
        ).fetchall()
    return [Gap(metric, tier, tuple(tables.split(", ")), reason) for metric, tier, tables, reason in rows]


def gap_sentence(gap: Gap) -> str:
    """The reason for people, with the tier where it is one."""
    return gap.reason if gap.tier == WHOLE else f"in tier {gap.tier}: {gap.reason}"
