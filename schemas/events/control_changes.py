"""Control changes: what was altered in the way that work is controlled."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class ControlChanges(EventTable):
    """One change of a control."""

    _about = About(born="effective_at", is_register=True)

    control_change_id: str = column("the control change", key=True)
    layer: str = column("what it belongs to", allowed=("access", "context", "gates", "measurement", "rollout"))
    tier: int = column("the tier concerned; all where null", nullable=True, minimum=1, maximum=4)
    effective_at: datetime = column("from when it was in force")
    summary: str = column("what was changed")
    rationale: str = column("why", nullable=True)
    expected_impact: str = column("what was hoped for", nullable=True)
    owner: str = column("who answers for it", nullable=True)
    trigger_kind: str = column(
        "what gave rise to it", nullable=True, allowed=("verdict", "incident", "review", "failure_mode")
    )
    trigger_id: str = column("which one", nullable=True)
