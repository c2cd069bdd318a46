"""Incidents in production."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Incidents(EventTable):
    """One incident."""

    _about = About(
        born="opened_at",
        rules=(Rule("resolved_at >= opened_at", "resolved_at", "is earlier than opened_at"),),
    )

    incident_id: str = column("the incident", key=True)
    repo_id: str = column("the repository concerned", nullable=True, parent="repositories.repo_id")
    service: str = column("the service concerned", nullable=True)
    severity: int = column("1 is worst, 5 least", nullable=True, minimum=1, maximum=5)
    is_security: bool = column("whether security was concerned", default=False)
    opened_at: datetime = column("when it began")
    acknowledged_at: datetime = column("when somebody took it", nullable=True)
    resolved_at: datetime = column("when service was restored", nullable=True)
    caused_by_deployment_id: str = column("the deployment blamed", nullable=True, parent="deployments.deployment_id")
    caused_by_change_id: str = column("the change blamed", nullable=True, parent="changes.change_id")
    title: str = column("its title", nullable=True)
