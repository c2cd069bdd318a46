"""Writing the monthly brief of the newest snapshot as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metrics.briefs.monthly import chosen_month
from metrics.briefs.months import parsed
from pipelines.brief_tables import origin_of, read_brief, read_months, snapshot_connection
from pipelines.exports import brief_forms
from pipelines.parts import replace_text
from schemas.errors import InputError, NoSnapshot
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace


@dataclass(frozen=True)
class WrittenBrief:
    """What was written. `month` as 2026-10."""

    month: str
    snapshot_id: str
    files: tuple[Path, ...]


def write_brief(workspace: Workspace, month: str | None, folder: Path, forms: Sequence[str]) -> WrittenBrief:
    """Write `stability-brief-2026-10.html` and its like.

    Args:
        workspace: whose newest snapshot.
        month: as 2026-10; the last complete one where None.
        folder: made if missing.
        forms: names of `brief_forms`.

    Raises:
        NoSnapshot: nothing has been built yet.
        InputError: an unknown form, something that is no month, or a month without data.
    """
    known = brief_forms()
    for form in forms:
        if form not in known:
            raise InputError(f"the brief cannot be made as {form!r}", "--format", f"choose among {', '.join(known)}")
    wanted = parsed(month) if month else None
    if month and wanted is None:
        raise InputError(f"{month!r} is no month", "--month", "write it as 2026-10")
    snapshots = SnapshotFolder.of_workspace(workspace.root)
    manifest = snapshots.current()
    if manifest is None:
        raise NoSnapshot("nothing has been built yet", str(workspace.root), "run `plumbline build`")
    origin = origin_of(manifest)
    with snapshot_connection(snapshots, manifest) as connection:
        chosen = chosen_month(read_months(connection, origin), wanted, origin)
        brief = read_brief(connection, origin, chosen)
    name = f"{chosen:%Y-%m}"
    files = []
    for form in dict.fromkeys(forms):
        path = folder / f"stability-brief-{name}.{form}"
        replace_text(path, known[form](brief))
        files.append(path)
    return WrittenBrief(name, manifest.snapshot_id, tuple(files))
