"""Issuing briefs: kept in the workspace in every form, with their snapshot pinned, and sent through the alert channels.

An edition is issued once. What lies in `.plumbline/briefs` is never written again: a later edition stands beside it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.months import parsed
from metrics.briefs.roi.document import RoiReport
from metrics.briefs.roi.periods import parsed_quarter
from pipelines.alerts.after_brief import tell_of_brief
from pipelines.alerts.delivery import ChannelReport, World
from pipelines.brief_editions import Numbered, briefs_folder
from pipelines.exports import form_names
from pipelines.parts import replace_text
from pipelines.write_brief import Progress, WrittenBrief, made_brief, made_report, written
from schemas.errors import InputError
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace

BRIEF, ROI = "stability-brief-", "roi-report-"
FORMS_FIRST = ("html", "pdf")
MONTHS_REVISED = 12
"""How far back a correction of data makes new editions by itself."""


@dataclass(frozen=True)
class Issued:
    """What was issued, and what came of sending it; `was_there` where the edition had been issued before."""

    brief: WrittenBrief
    was_there: bool
    told: list[ChannelReport]


def _silent(_: str) -> None:
    """Tells nobody."""


def issue_brief(
    workspace: Workspace, month: str | None, tell: Progress = _silent, world: World | None = None
) -> Issued:
    """Issue the stability brief of a month; see `write_brief` for what may be wrong."""
    return _issue(workspace, made_brief(workspace, month, tell), tell, world)


def issue_report(
    workspace: Workspace,
    quarter: str | None,
    phase: str | None = None,
    tell: Progress = _silent,
    world: World | None = None,
) -> Issued:
    """Issue the ROI report of a quarter or phase; see `write_report` for what may be wrong."""
    return _issue(workspace, made_report(workspace, quarter, phase, tell), tell, world)


def reissue_corrected(workspace: Workspace, world: World | None = None) -> list[Issued]:
    """New editions of the months and quarters issued before whose figures have changed since, the oldest first."""
    found = []
    for kind, period in issued_periods(workspace):
        # A period that this snapshot does not hold keeps the editions that it has.
        with suppress(InputError):
            made = made_report(workspace, period, None) if kind == ROI else made_brief(workspace, period)
            issued = _issue(workspace, made, _silent, world)
            if not issued.was_there:
                found.append(issued)
    return found


def issued_periods(workspace: Workspace) -> list[tuple[str, str]]:
    """Kind and period of the newest months and of the quarters that were issued, oldest first.

    Reports at a phase's end are not among them: they tell of a moment.
    """
    folder = briefs_folder(workspace)
    stems = sorted(path.stem for path in folder.glob("*.html")) if folder.is_dir() else []
    months = [stem.removeprefix(BRIEF) for stem in stems if stem.startswith(BRIEF)]
    quarters = [stem.removeprefix(ROI) for stem in stems if stem.startswith(ROI)]
    whole = [(BRIEF, month) for month in months if parsed(month)][-MONTHS_REVISED:]
    return [*whole, *((ROI, quarter) for quarter in quarters if parsed_quarter(quarter))]


def _issue(workspace: Workspace, made: Numbered, tell: Progress, world: World | None) -> Issued:
    if made.number is None:
        raise InputError(
            f"{made.brief.title} cannot be issued: its month still runs, or its snapshot is a look back",
            "--issue",
            "leave --issue out, or build without --as-of and --known-at",
        )
    folder = briefs_folder(workspace)
    forms = list(_forms(made))
    files = tuple(folder / f"{made.stem}.{form}" for form in forms)
    was_there = all(file.exists() for file in files)
    brief = written(made, folder, () if was_there else forms, tell)
    if was_there:
        return Issued(replace(brief, files=files), True, [])
    pin = SnapshotFolder(workspace.state).pins / brief.snapshot_id
    replace_text(pin, f"{brief.title} was made from it.\n")
    told = tell_of_brief(workspace, made.stem, brief, world)
    return Issued(brief, False, told)


def _forms(made: Numbered) -> Iterator[str]:
    """Every form, those that people open first."""
    known: Sequence[str] = form_names(MonthlyBrief if isinstance(made.brief, MonthlyBrief) else RoiReport)
    yield from (form for form in FORMS_FIRST if form in known)
    yield from (form for form in known if form not in FORMS_FIRST)
