"""Deployment facts: what each deployment held and how it turned out."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class DeploymentFacts(PublishedTable):
    """One deployment."""

    _about = About(source="deployments with incidents, rollbacks, hotfixes and the changes that they carried")

    deployment_id: str = column("the deployment", key=True)
    repo_id: str = column("its repository")
    service: str = column("its service")
    team: str = column("its team", nullable=True)
    tier: int = column("`1` to `4`; null is untiered", nullable=True, minimum=1, maximum=4)
    environment: str = column("where it went")
    is_production: bool = column("whether that is production")
    kind: str = column("what it was for", allowed=("release", "hotfix", "rollback", "redeploy"))
    status: str = column("how it ended", allowed=("success", "failure", "cancelled", "in_progress"))
    started_at: datetime = column("when it began", nullable=True)
    finished_at: datetime = column("when it ended", nullable=True)
    change_count: int = column("changes that it carried", minimum=0, unit=Unit.CHANGES)
    failed: bool = column("failure, incident, rollback or blamed by a hotfix")
    failure_reason: str = column("the first reason found", nullable=True)
    incident_count: int = column("incidents put down to it", minimum=0, unit=Unit.COUNT)
    rolled_back: bool = column("whether it was taken back")
    recovered_at: datetime = column("when service was good again", nullable=True)
    recovery_seconds: float = column("its end to recovery", nullable=True, minimum=0, unit=Unit.SECONDS)
