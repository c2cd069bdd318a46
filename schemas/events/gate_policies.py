"""Gate policies: which gates a tier requires, and since when."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, Rule, column


class GatePolicies(EventTable):
    """One gate at one control point of one tier from one instant on."""

    _about = About(
        born="valid_from",
        is_register=True,
        rules=(Rule("valid_to > valid_from", "valid_to", "must be later than valid_from"),),
    )

    tier: int = column("1 to 4, 4 the most critical", key=True, minimum=1, maximum=4)
    control_point: str = column(
        "where the gate stands", key=True, allowed=("pre_commit", "pre_pr", "pre_merge", "post_merge")
    )
    gate: str = column("the gate's name", key=True)
    is_required: bool = column("whether it must be passed", default=True)
    valid_from: datetime = column("from when the policy applies", key=True)
    valid_to: datetime = column("until when, exclusive", nullable=True)
