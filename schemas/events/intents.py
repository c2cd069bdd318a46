"""Intents: what was meant to be achieved, which changes then serve."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Intents(EventTable):
    """One intent."""

    _about = About(
        born="approved_at",
        is_register=True,
        rules=(Rule("closed_at >= approved_at", "closed_at", "is earlier than approved_at"),),
    )

    intent_id: str = column("the intent", key=True)
    repo_id: str = column("where, if in one place", nullable=True, parent="repositories.repo_id")
    team: str = column("whose", nullable=True)
    title: str = column("its title", nullable=True)
    tier: int = column("its tier", nullable=True, minimum=1, maximum=4)
    approved_at: datetime = column("when it was approved")
    closed_at: datetime = column("when it was settled", nullable=True)
