"""Editions of briefs: what was given out before is kept in the workspace, so that a later one can say what changed.

A brief of a period whose figures are those of an edition bears its number. One whose figures differ is a new edition,
if its snapshot is at least as new as the last one's and knows all that is known; a look back never is. Numbers
are kept in `.plumbline/briefs/editions/<name>.json`.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from metrics.briefs.document import MonthlyBrief, Revision
from metrics.briefs.revisions import Facts, facts_of, revision
from metrics.briefs.roi.document import RoiReport
from pipelines.parts import replace_text
from schemas.errors import PlumblineError
from schemas.workspace import Workspace

FOLDER = "briefs"
EDITIONS = "editions"
DAY = len("2026-10-31")


@dataclass(frozen=True)
class Edition:
    """One edition: its number, what it was made from, and what it says. `revision` is kept from the second on."""

    number: int
    snapshot_id: str
    as_of: str
    facts: Facts
    revision: dict[str, Any] | None = None


@dataclass(frozen=True)
class Numbered:
    """A brief with the number of its edition, None for a look back or a month that still runs.

    `seen_on` is the day to which a look back looks, where there are editions that it must not be taken for.
    """

    brief: MonthlyBrief | RoiReport
    number: int | None
    is_new: bool
    seen_on: str = ""

    @property
    def stem(self) -> str:
        """The name of its files, without their ending."""
        return stem(name_of(self.brief), self.number) + (f"-seen-{self.seen_on}" if self.seen_on else "")


def name_of(brief: MonthlyBrief | RoiReport) -> str:
    """`stability-brief-2026-10`, `roi-report-2026Q3`, `roi-report-pilot`."""
    return f"stability-brief-{brief.month:%Y-%m}" if isinstance(brief, MonthlyBrief) else f"roi-report-{brief.name}"


def stem(name: str, number: int | None) -> str:
    """The name of an edition's files: `stability-brief-2026-10-r2` from the second on."""
    return f"{name}-r{number}" if number is not None and number > 1 else name


def briefs_folder(workspace: Workspace) -> Path:
    """Where a workspace keeps the briefs that were issued."""
    return workspace.state / FOLDER


def numbered(workspace: Workspace, brief: MonthlyBrief | RoiReport) -> Numbered:
    """The brief with its number; a new edition is written down.

    Raises:
        PlumblineError: what is kept of earlier editions cannot be read.
    """
    if isinstance(brief, MonthlyBrief) and brief.is_running:
        return Numbered(brief, None, is_new=False)
    path = briefs_folder(workspace) / EDITIONS / f"{name_of(brief)}.json"
    editions = _read(path)
    facts = facts_of(brief)
    same = next((edition for edition in reversed(editions) if edition.facts == facts), None)
    if same is not None:
        return Numbered(_bearing(brief, same), same.number, is_new=False)
    last = editions[-1] if editions else None
    origin = brief.identity
    if origin.known_at is not None or (last is not None and origin.as_of < last.as_of):
        seen_on = (origin.known_at or origin.as_of)[:DAY] if editions else ""
        return Numbered(brief, None, is_new=False, seen_on=seen_on)
    number = len(editions) + 1
    said = None
    if last is not None:
        said = asdict(revision(number, f"snapshot {last.snapshot_id}, events up to {last.as_of}", last.facts, facts))
    edition = Edition(number, origin.snapshot_id, origin.as_of, facts, said)
    kept = [asdict(each) for each in (*editions, edition)]
    replace_text(path, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return Numbered(_bearing(brief, edition), number, is_new=True)


def _bearing(brief: MonthlyBrief | RoiReport, edition: Edition) -> MonthlyBrief | RoiReport:
    if edition.revision is None:
        return brief
    said = Revision(**(edition.revision | {"changes": tuple(edition.revision["changes"])}))
    return replace(brief, revision=said)


def _read(path: Path) -> list[Edition]:
    try:
        return [Edition(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise PlumblineError(
            f"what is kept of earlier editions cannot be read ({type(error).__name__})",
            str(path),
            "remove the file to number from 1 again",
        ) from error
