"""Decisions: what was done about a verdict, a gate, a finding or an exception."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Decisions(EventTable):
    """One decision."""

    _about = About(
        born="decided_at",
        is_register=True,
        rules=(Rule("closed_at >= decided_at", "closed_at", "is earlier than decided_at"),),
    )

    decision_id: str = column("the decision", key=True)
    subject_kind: str = column("what it is about", allowed=("verdict", "gate", "finding", "exception"))
    subject_id: str = column("which one")
    action: str = column("what is done")
    owner: str = column("who does it")
    decided_at: datetime = column("when it was decided")
    due_at: datetime = column("until when", nullable=True)
    closed_at: datetime = column("when it was done", nullable=True)
    note: str = column("anything else", nullable=True)
