"""Numbers of editions: the same figures bear the same number, a look back never makes a new one."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.monthly import monthly_brief
from pipelines.brief_editions import EDITIONS, briefs_folder, numbered
from schemas.errors import PlumblineError
from schemas.workspace import Workspace
from tests.support.brief_frames import MONTH, origin, paid_for
from tests.support.workspaces import new_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "workspace")


def brief_of(day: int, rate: float = 0.12, known_at: datetime | None = None) -> MonthlyBrief:
    """The brief of October, seen on a day of November, with a rollback rate."""
    seen = origin(as_of=datetime(2026, 11, day), known_at=known_at)  # noqa: DTZ001 -- UTC, as all tables keep it
    made = monthly_brief(paid_for(), seen, MONTH)
    figures = tuple(replace(f, value=rate) if f.metric == "rollback_rate" else f for f in made.figures)
    return replace(made, figures=figures)


def test_editions_are_numbered_by_what_they_say(workspace: Workspace) -> None:
    first = numbered(workspace, brief_of(10))
    assert (first.number, first.is_new, first.stem) == (1, True, "stability-brief-2026-10")
    again = numbered(workspace, brief_of(11))
    assert (again.number, again.is_new, again.brief.revision) == (1, False, None)
    second = numbered(workspace, brief_of(12, rate=0.2))
    assert (second.number, second.is_new, second.stem) == (2, True, "stability-brief-2026-10-r2")
    assert second.brief.revision is not None
    assert second.brief.revision.changes[0].endswith("12.0 % before, 20.0 % now.")
    kept = numbered(workspace, brief_of(13, rate=0.2))
    assert kept.brief.revision == second.brief.revision
    assert numbered(workspace, brief_of(14)).number == 1


def test_a_look_back_is_no_edition_and_is_not_taken_for_one(workspace: Workspace) -> None:
    numbered(workspace, brief_of(10))
    earlier = numbered(workspace, brief_of(5, rate=0.3))
    assert (earlier.number, earlier.stem) == (None, "stability-brief-2026-10-seen-2026-11-05")
    known = datetime(2026, 11, 8)  # noqa: DTZ001 -- UTC, as all tables keep it
    past = numbered(workspace, brief_of(20, rate=0.3, known_at=known))
    assert (past.number, past.stem) == (None, "stability-brief-2026-10-seen-2026-11-08")
    assert numbered(workspace, brief_of(20, rate=0.12, known_at=known)).number == 1
    assert numbered(workspace, brief_of(21, rate=0.3)).number == 2


def test_a_running_month_has_no_number(workspace: Workspace) -> None:
    seen = origin(as_of=datetime(2026, 10, 20))  # noqa: DTZ001 -- UTC, as all tables keep it
    found = numbered(workspace, monthly_brief(paid_for(), seen, MONTH))
    assert (found.number, found.stem) == (None, "stability-brief-2026-10")
    assert not (briefs_folder(workspace) / EDITIONS).exists()


def test_a_damaged_record_is_told_in_one_line(workspace: Workspace) -> None:
    path = briefs_folder(workspace) / EDITIONS / "stability-brief-2026-10.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(PlumblineError, match=r"stability-brief-2026-10.json: .* cannot be read .*; remove the file"):
        numbered(workspace, brief_of(10))
