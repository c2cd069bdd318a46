"""Findings: what somebody has to look at."""

from __future__ import annotations

from datetime import datetime

from schemas.finding_kinds import KINDS, SEVERITIES
from schemas.tables import About, PublishedTable, column


class Findings(PublishedTable):
    """One finding."""

    _about = About(source="verdicts, stage gates, exceptions and sources")

    finding_id: str = column("the finding", key=True)
    kind: str = column("what kind", allowed=tuple(KINDS))
    tier: str = column("the tier", nullable=True)
    subject: str = column("what it is about")
    severity: str = column("how pressing", allowed=SEVERITIES)
    opened_at: datetime = column("since when")
    closed_at: datetime = column("until when", nullable=True)
    acknowledged_by: str = column("who took it", nullable=True)
    reason: str = column("why")
