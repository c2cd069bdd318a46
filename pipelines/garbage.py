"""What is removed after publishing: old snapshots that nothing is tied to, and parts that nothing names."""

import time
from collections.abc import Mapping

from pipelines import kept_facts
from pipelines.reuse import kept_parts
from schemas.snapshot import SnapshotFolder, SnapshotTable

SNAPSHOTS_KEPT = 30
"""The newest snapshots are kept, about a month of daily builds; pinned ones (a brief was made from them) always."""

GRACE_SECONDS = 3600.0
"""A part or manifest this young is kept: an open page may still read the snapshot that was current a moment ago."""


def remove_unnamed_parts(folder: SnapshotFolder, in_work: Mapping[str, SnapshotTable]) -> list[str]:
    """Remove snapshots beyond those kept, then parts that nothing names: no manifest, no build in work or to come.

    Returns:
        The names of the files removed.
    """
    youngest_removed = time.time() - GRACE_SECONDS
    manifests = sorted(folder.manifests.glob("*.json"), reverse=True)
    pinned = {path.name for path in folder.pins.glob("*")} if folder.pins.is_dir() else set()
    pinned.add(folder.current_id() or "")
    removed = []
    kept = set(manifests[:SNAPSHOTS_KEPT])
    for path in manifests[SNAPSHOTS_KEPT:]:
        if path.stem in pinned or path.stat().st_mtime > youngest_removed:
            kept.add(path)
        else:
            path.unlink()
            removed.append(path.name)
    named = {part.name for table in in_work.values() for part in table.files} | kept_parts(folder.state)
    named |= kept_facts.kept_parts(folder.state)
    for path in kept:
        named |= {part.name for table in folder.read(path.stem).tables.values() for part in table.files}
    for path in folder.parts.glob("*.parquet"):
        if path.name not in named and path.stat().st_mtime < youngest_removed:
            path.unlink()
            removed.append(path.name)
    return removed
