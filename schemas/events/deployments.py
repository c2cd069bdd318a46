"""Deployments of services."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class Deployments(EventTable):
    """One deployment."""

    _about = About(
        # Clocks of different machines differ: an end before the start is clamped by the facts, not rejected here.
        born="coalesce(started_at, finished_at)",
        rules=(
            Rule(
                "status NOT IN ('success', 'failure') OR finished_at IS NOT NULL OR started_at IS NOT NULL",
                "finished_at",
                "is missing on a finished deployment that has no started_at either",
            ),
        ),
    )

    deployment_id: str = column("the deployment", key=True)
    repo_id: str = column("what was deployed from", parent="repositories.repo_id")
    service: str = column("the repository's where null", nullable=True)
    environment: str = column("where it went", default="production")
    is_production: bool = column("by the workspace's rule on environment where null", nullable=True)
    sha: str = column("the commit that was deployed", nullable=True)
    status: str = column("how it ended", allowed=("success", "failure", "cancelled", "in_progress"))
    kind: str = column("what it was for", default="release", allowed=("release", "hotfix", "rollback", "redeploy"))
    started_at: datetime = column("when it began", nullable=True)
    finished_at: datetime = column("when it ended", nullable=True)
