"""Change facts: the milestones, stages and outcome of every change."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class ChangeFacts(PublishedTable):
    """One change."""

    _about = About(source="changes with their commits, reviews, events, deployments, incidents and defects")

    change_id: str = column("the change", key=True)
    repo_id: str = column("its repository")
    service: str = column("its service")
    team: str = column("its team", nullable=True)
    tier: int = column("`1` to `4`; null is untiered, at the merge", nullable=True, minimum=1, maximum=4)
    author_kind: str = column("what kind of account", allowed=("human", "bot", "agent"))
    ai_use: str = column("how AI took part", allowed=("none", "assisted", "authored", "unknown"))
    kind: str = column("what it is for")
    state: str = column("where it stands", allowed=("open", "merged", "closed"))
    first_commit_at: datetime = column("earliest author date of its commits", nullable=True)
    opened_at: datetime = column("when it was opened")
    ready_at: datetime = column("when it left its first draft", nullable=True)
    first_review_at: datetime = column("first eligible review", nullable=True)
    approved_at: datetime = column("approval that no later request for changes undid", nullable=True)
    merged_at: datetime = column("when it was merged", nullable=True)
    closed_at: datetime = column("when it was merged or given up", nullable=True)
    deployed_at: datetime = column("end of the first successful production deployment that holds it", nullable=True)
    deployment_id: str = column("that deployment", nullable=True)
    deploy_link: str = column("how the deployment was found", allowed=("explicit", "sha", "next_deployment", "none"))
    coding_seconds: float = column("first commit to opening", nullable=True, minimum=0, unit=Unit.SECONDS)
    draft_seconds: float = column("opening to ready", nullable=True, minimum=0, unit=Unit.SECONDS)
    pickup_seconds: float = column("ready to first review", nullable=True, minimum=0, unit=Unit.SECONDS)
    review_seconds: float = column("first review to approval", nullable=True, minimum=0, unit=Unit.SECONDS)
    merge_wait_seconds: float = column("approval to merge", nullable=True, minimum=0, unit=Unit.SECONDS)
    deploy_wait_seconds: float = column("merge to deployment", nullable=True, minimum=0, unit=Unit.SECONDS)
    cycle_seconds: float = column("opening to merge", nullable=True, minimum=0, unit=Unit.SECONDS)
    lead_seconds: float = column("first commit to deployment", nullable=True, minimum=0, unit=Unit.SECONDS)
    review_count: int = column("eligible reviews", minimum=0, unit=Unit.REVIEWS)
    review_rounds: int = column(
        "requests for changes that new commits followed; null where the commits are not known",
        nullable=True,
        minimum=0,
        unit=Unit.COUNT,
    )
    reviewer_count: int = column("distinct eligible reviewers", minimum=0, unit=Unit.COUNT)
    size_lines: int = column("additions and deletions", nullable=True, minimum=0, unit=Unit.LINES)
    is_rework: bool = column("whether it repairs earlier work")
    rework_reason: str = column("why it counts as rework", nullable=True)
    gates_passed: bool = column(
        "whether all required gates before the merge passed; null without a policy", nullable=True
    )
    caused_incident: bool = column("whether an incident is put down to it")
    deployment_failed: bool = column("whether the deployment that carried it failed", nullable=True)
    rolled_back: bool = column("whether the deployment that carried it was rolled back", nullable=True)
    escaped_defects: int = column("production defects put down to it", minimum=0, unit=Unit.COUNT)
    validated: bool = column("deployed and undisturbed through the follow-up; null while it runs", nullable=True)
    anomalies: list[str] = column("codes of what had to be clamped or left out")
