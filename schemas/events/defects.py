"""Defects found."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Defects(EventTable):
    """One defect."""

    _about = About(
        born="opened_at",
        rules=(Rule("closed_at >= opened_at", "closed_at", "is earlier than opened_at"),),
    )

    defect_id: str = column("the defect", key=True)
    repo_id: str = column("where it lies", parent="repositories.repo_id")
    found_in: str = column("where it was found", allowed=("production", "pre_production"))
    category: str = column("what kind", nullable=True)
    severity: int = column("1 is worst, 5 least", nullable=True, minimum=1, maximum=5)
    opened_at: datetime = column("when it was found")
    closed_at: datetime = column("when it was settled", nullable=True)
    caused_by_change_id: str = column("the change blamed", nullable=True, parent="changes.change_id")
