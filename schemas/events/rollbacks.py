"""Rollbacks of deployments."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class Rollbacks(EventTable):
    """One rollback."""

    _about = About(born="occurred_at")

    rollback_id: str = column("the rollback", key=True)
    repo_id: str = column("what was rolled back", parent="repositories.repo_id")
    service: str = column("the repository's where null", nullable=True)
    rolled_back_deployment_id: str = column(
        "the deployment taken back", nullable=True, parent="deployments.deployment_id"
    )
    occurred_at: datetime = column("when")
    severity: int = column("1 is worst, 5 least", nullable=True, minimum=1, maximum=5)
    method: str = column("how", default="redeploy", allowed=("redeploy", "revert", "flag"))
