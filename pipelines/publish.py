"""Publishing: one immutable snapshot under a new name, and only then the pointer.

All parts of the build are on the disk by now, and the brief of its last complete month joins them. The manifest that
names them is written first, then `current` is replaced in one step; a build that fails anywhere before leaves the last
good snapshot being served. What only stages read is not named there. Parts that no manifest names any more are
removed last.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from pipelines.brief_documents import TABLE as BRIEF_DOCUMENTS
from pipelines.brief_documents import write_brief_documents
from pipelines.build_store import BuildStore
from pipelines.garbage import remove_unnamed_parts
from pipelines.parts import replace_text
from pipelines.versions_in_force import versions_in_force
from schemas.snapshot import Manifest, SnapshotTable


def publish(build: BuildStore) -> Manifest:
    """Write the manifest of what the build has made, move the pointer to it, and tidy up."""
    created_at, as_of = _text(build.created_at), _text(build.cut.as_of)
    known_at = _text(build.cut.known_at) if build.cut.known_at else None
    snapshot_id = _identifier(created_at, f"{as_of} {known_at}", build.snapshot_tables())
    write_brief_documents(build, snapshot_id)
    manifest = Manifest(
        snapshot_id=snapshot_id,
        created_at=created_at,
        as_of=as_of,
        known_at=known_at,
        workspace=build.workspace.name,
        timezone=build.workspace.timezone,
        definitions=versions_in_force(build),
        tables=build.snapshot_tables(),
    )
    replace_text(build.folder.manifest_path(manifest.snapshot_id), manifest.to_json())
    replace_text(build.folder.pointer, manifest.snapshot_id + "\n")
    remove_unnamed_parts(build.folder, in_work=build.tables())
    return manifest


def _text(instant: datetime) -> str:
    return f"{instant.isoformat()}Z"


def _identifier(created_at: str, cut: str, tables: Mapping[str, SnapshotTable]) -> str:
    """When, and what: two builds of one second bear one name only if they are the same."""
    digest = hashlib.sha256(cut.encode())
    for name, table in tables.items():
        if name == BRIEF_DOCUMENTS:  # they name the snapshot themselves, and follow from its other tables
            continue
        digest.update(name.encode())
        for part in table.files:
            digest.update(part.sha256.encode())
    return f"{created_at.replace('-', '').replace(':', '')}-{digest.hexdigest()[:8]}"
