"""Events in the life of a change."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class ChangeEvents(EventTable):
    """One event of one change."""

    _about = About(born="occurred_at", set_column="change_id")

    event_id: str = column("the event", key=True)
    change_id: str = column("the change", parent="changes.change_id")
    kind: str = column(
        "what happened",
        allowed=(
            "ready_for_review",
            "converted_to_draft",
            "review_requested",
            "reopened",
            "closed",
            "merged",
            "force_pushed",
            "merge_conflict",
            "labeled",
        ),
    )
    occurred_at: datetime = column("when")
    actor: str = column("who did it", nullable=True)
