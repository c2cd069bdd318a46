"""Reviews of changes."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column
from schemas.units import Unit


class Reviews(EventTable):
    """One review."""

    _about = About(born="submitted_at", set_column="change_id")

    review_id: str = column("the review", key=True)
    change_id: str = column("what was reviewed", parent="changes.change_id")
    reviewer: str = column("who reviewed", nullable=True)
    reviewer_kind: str = column("what kind of account", default="human", allowed=("human", "bot", "agent"))
    state: str = column("its outcome", allowed=("approved", "changes_requested", "commented", "dismissed"))
    submitted_at: datetime = column("when it was given")
    comment_count: int = column("comments in it", nullable=True, minimum=0, unit=Unit.COMMENTS)
