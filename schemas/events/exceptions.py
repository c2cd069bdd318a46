"""Exceptions: policies that were set aside for a time, by whom and why."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Exceptions(EventTable):
    """One exception."""

    _about = About(
        born="granted_at",
        is_register=True,
        rules=(
            Rule("expires_at >= granted_at", "expires_at", "is earlier than granted_at"),
            Rule("closed_at >= granted_at", "closed_at", "is earlier than granted_at"),
            Rule("reviewed_at >= granted_at", "reviewed_at", "is earlier than granted_at"),
        ),
    )

    exception_id: str = column("the exception", key=True)
    policy: str = column("what was set aside")
    repo_id: str = column("where it applies", nullable=True, parent="repositories.repo_id")
    tier: int = column("the tier where it applies", nullable=True, minimum=1, maximum=4)
    approver: str = column("who granted it")
    granted_at: datetime = column("from when")
    expires_at: datetime = column("until when")
    closed_at: datetime = column("when it was ended", nullable=True)
    reviewed_at: datetime = column("when it was last looked at", nullable=True)
    requested_by: str = column("who asked for it", nullable=True)
    reason: str = column("why", nullable=True)
    link: str = column("where to read more", nullable=True)
