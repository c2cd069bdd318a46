"""Commits of changes."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column
from schemas.units import Unit


class Commits(EventTable):
    """One commit of one change."""

    _about = About(born="coalesce(committed_at, authored_at)", set_column="change_id")

    sha: str = column("the commit", key=True)
    change_id: str = column("the change that holds it", key=True, parent="changes.change_id")
    repo_id: str = column("where it was made", nullable=True, parent="repositories.repo_id")
    authored_at: datetime = column("when it was written")
    committed_at: datetime = column("when it entered the branch", nullable=True)
    author: str = column("who wrote it", nullable=True)
    additions: int = column("lines added", nullable=True, minimum=0, unit=Unit.LINES)
    deletions: int = column("lines removed", nullable=True, minimum=0, unit=Unit.LINES)
    rework_lines: int = column("lines that change recent lines again", nullable=True, minimum=0, unit=Unit.LINES)
