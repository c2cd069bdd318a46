"""Incident facts: how long each lasted and what it is put down to."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class IncidentFacts(PublishedTable):
    """One incident."""

    _about = About(source="incidents with the deployments and changes that they are put down to")

    incident_id: str = column("the incident", key=True)
    repo_id: str = column("its repository", nullable=True)
    service: str = column("its service", nullable=True)
    tier: int = column(
        "`1` to `4`; null is untiered; of several the most critical", nullable=True, minimum=1, maximum=4
    )
    severity: int = column("1 is worst, 5 least", nullable=True, minimum=1, maximum=5)
    is_security: bool = column("whether security was concerned")
    opened_at: datetime = column("when it began")
    acknowledged_at: datetime = column("when somebody took it", nullable=True)
    resolved_at: datetime = column("when service was restored", nullable=True)
    restore_seconds: float = column("opening to resolution", nullable=True, minimum=0, unit=Unit.SECONDS)
    deployment_id: str = column("the deployment that it is put down to", nullable=True)
    attribution: str = column("how that was found", allowed=("explicit", "window", "none"))
