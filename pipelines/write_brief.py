"""Writing the monthly brief of the newest snapshot as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metrics.briefs.monthly import chosen_month
from metrics.briefs.months import parsed
from pipelines.brief_settings import locale_of
from pipelines.brief_tables import origin_of, read_brief, read_months
from pipelines.exports import form_names, rendered
from pipelines.parts import replace_bytes
from pipelines.snapshot_reader import open_snapshot
from schemas.errors import InputError
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
        forms: among `form_names`.

    Raises:
        NoSnapshot: nothing has been built yet.
        InputError: an unknown form, something that is no month, or a month without data.
    """
    known = form_names()
    for form in forms:
        if form not in known:
            raise InputError(f"the brief cannot be made as {form!r}", "--format", f"choose among {', '.join(known)}")
    wanted = parsed(month) if month else None
    if month and wanted is None:
        raise InputError(f"{month!r} is no month", "--month", "write it as 2026-10")
    with open_snapshot(workspace) as snapshot:
        origin = origin_of(snapshot.manifest, locale_of(snapshot.connection))
        chosen = chosen_month(read_months(snapshot.connection, origin), wanted, origin)
        brief = read_brief(snapshot.connection, origin, chosen)
    name = f"{chosen:%Y-%m}"
    files = []
    for form in dict.fromkeys(forms):
        path = folder / f"stability-brief-{name}.{form}"
        replace_bytes(path, rendered(brief, form))
        files.append(path)
    return WrittenBrief(name, origin.snapshot_id, tuple(files))
