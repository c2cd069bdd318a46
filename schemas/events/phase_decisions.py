"""Phase decisions: who let the rollout go on, or held it."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class PhaseDecisions(EventTable):
    """One decision on one passage between phases."""

    _about = About(born="decided_at", is_register=True)

    decision_id: str = column("the decision", key=True)
    tier: int = column("the tier; all where null", nullable=True, minimum=1, maximum=4)
    from_phase: str = column(
        "the phase that ends", allowed=("pilot", "controlled_expansion", "governance_enforcement", "org_wide")
    )
    to_phase: str = column(
        "the phase that would begin", allowed=("pilot", "controlled_expansion", "governance_enforcement", "org_wide")
    )
    is_approved: bool = column("whether it was granted")
    approvers: str = column("who decided")
    decided_at: datetime = column("when")
    remediation: str = column("what has to be mended first", nullable=True)
