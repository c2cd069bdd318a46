"""Onboardings: which repositories work with AI under control, and since when."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class Onboardings(EventTable):
    """One repository."""

    _about = About(born="onboarded_at", is_register=True)

    repo_id: str = column("the repository", key=True, parent="repositories.repo_id")
    team: str = column("its team", nullable=True)
    onboarded_at: datetime = column("since when")
    phase: str = column(
        "the phase of the rollout",
        default="pilot",
        allowed=("pilot", "controlled_expansion", "governance_enforcement", "org_wide"),
    )
    context_package_complete: bool = column("whether the context package is complete", default=False)
    context_package_updated_at: datetime = column("when it was last brought up to date", nullable=True)
