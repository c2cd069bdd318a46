"""Writing the monthly brief and the ROI report of the newest snapshot as files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.monthly import chosen_month
from metrics.briefs.months import parsed
from metrics.briefs.roi.document import RoiReport
from metrics.briefs.roi.periods import chosen_quarter, parsed_quarter
from metrics.briefs.roi.phases import quarter_at_end
from pipelines.brief_editions import Numbered, numbered
from pipelines.brief_settings import locale_of
from pipelines.brief_tables import origin_of, read_brief, read_months
from pipelines.exports import Document, form_names, rendered
from pipelines.parts import replace_bytes
from pipelines.roi_tables import read_phase, read_quarters, read_report
from pipelines.snapshot_reader import open_snapshot
from schemas.errors import InputError
from schemas.workspace import Workspace

Progress = Callable[[str], None]


@dataclass(frozen=True)
class WrittenBrief:
    """What was written. `period` as 2026-10, 2026Q3 or a phase; `edition` None for a look back."""

    period: str
    snapshot_id: str
    edition: int | None
    is_new_edition: bool
    title: str
    summary: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def month(self) -> str:
        """The period of a monthly brief."""
        return self.period


def _silent(_: str) -> None:
    """Tells nobody."""


def write_brief(
    workspace: Workspace, month: str | None, folder: Path, forms: Sequence[str], tell: Progress = _silent
) -> WrittenBrief:
    """Write `stability-brief-2026-10.html` and its like.

    Args:
        workspace: whose newest snapshot.
        month: as 2026-10; the last complete one where None.
        folder: made if missing.
        forms: among `form_names`.
        tell: is told of each step.

    Raises:
        NoSnapshot: nothing has been built yet.
        InputError: an unknown form, something that is no month, or a month without data.
    """
    check_forms(forms, MonthlyBrief, "the brief")
    return written(made_brief(workspace, month, tell), folder, forms, tell)


def made_brief(workspace: Workspace, month: str | None, tell: Progress = _silent) -> Numbered:
    """The brief of a month with the number of its edition; see `write_brief`."""
    wanted = parsed(month) if month else None
    if month and wanted is None:
        raise InputError(f"{month!r} is no month", "--month", "write it as 2026-10")
    with open_snapshot(workspace) as snapshot:
        origin = origin_of(snapshot.manifest, locale_of(snapshot.connection))
        chosen = chosen_month(read_months(snapshot.connection, origin), wanted, origin)
        tell(f"reading {chosen:%Y-%m} from snapshot {origin.snapshot_id}")
        brief = read_brief(snapshot.connection, origin, chosen)
    return numbered(workspace, brief)


def write_report(
    workspace: Workspace,
    quarter: str | None,
    phase: str | None,
    folder: Path,
    forms: Sequence[str],
    tell: Progress = _silent,
) -> WrittenBrief:
    """Write `roi-report-2026Q3.html` and its like.

    Args:
        workspace: whose newest snapshot.
        quarter: as 2026Q3; the last complete one where None.
        phase: of the rollout, instead of a quarter: the report of the quarter that was over when it ended.
        folder: made if missing.
        forms: among `form_names(RoiReport)`.
        tell: is told of each step.

    Raises:
        NoSnapshot: nothing has been built yet.
        InputError: an unknown form, quarter or phase, or one without data.
    """
    check_forms(forms, RoiReport, "the report")
    return written(made_report(workspace, quarter, phase, tell), folder, forms, tell)


def made_report(workspace: Workspace, quarter: str | None, phase: str | None, tell: Progress = _silent) -> Numbered:
    """The report of a quarter or phase with the number of its edition; see `write_report`."""
    if quarter and phase:
        raise InputError("a report is of a quarter or of a phase", "--phase", "name one of the two")
    wanted = parsed_quarter(quarter) if quarter else None
    if quarter and wanted is None:
        raise InputError(f"{quarter!r} is no quarter", "--quarter", "write it as 2026Q3")
    with open_snapshot(workspace) as snapshot:
        origin = origin_of(snapshot.manifest, locale_of(snapshot.connection))
        ended = read_phase(snapshot.connection, origin, phase) if phase else None
        if ended is not None:
            wanted = quarter_at_end(ended, origin)
        chosen = chosen_quarter(read_quarters(snapshot.connection, origin), wanted)
        tell(f"reading the quarter from {chosen} from snapshot {origin.snapshot_id}")
        report = read_report(snapshot.connection, origin, chosen, ended)
    return numbered(workspace, report)


def check_forms(forms: Sequence[str], kind: type[Document], what: str) -> None:
    """Refuse a form that a kind of brief cannot be made in."""
    known = form_names(kind)
    for form in forms:
        if form not in known:
            raise InputError(f"{what} cannot be made as {form!r}", "--format", f"choose among {', '.join(known)}")


def written(made: Numbered, folder: Path, forms: Sequence[str], tell: Progress = _silent) -> WrittenBrief:
    """A brief written to files, one a form."""
    files = []
    for form in dict.fromkeys(forms):
        path = folder / f"{made.stem}.{form}"
        tell(f"writing {path.name}")
        replace_bytes(path, rendered(made.brief, form))
        files.append(path)
    brief = made.brief
    period = f"{brief.month:%Y-%m}" if isinstance(brief, MonthlyBrief) else brief.name
    return WrittenBrief(
        period, brief.identity.snapshot_id, made.number, made.is_new, brief.title, brief.summary, tuple(files)
    )
