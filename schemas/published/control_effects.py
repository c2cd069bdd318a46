"""Control effects: before and after each change of a control."""

from __future__ import annotations

from schemas.tables import About, PublishedTable, column


class ControlEffects(PublishedTable):
    """One control change, metric and tier."""

    _about = About(source="comparisons around the instant at which the control change took effect")

    control_change_id: str = column("the control change", key=True)
    metric: str = column("id of the metric", key=True)
    statistic: str = column("which statistic", key=True)
    tier: str = column("the tier", key=True)
    before: float = column("before it", nullable=True)
    after: float = column("after it", nullable=True)
    change: float = column("relative for durations and counts, absolute for rates", nullable=True)
    change_ci_low: float = column("lower bound of the 95 % interval", nullable=True)
    change_ci_high: float = column("upper bound of the 95 % interval", nullable=True)
    note: str = column("what else changed in the same time", nullable=True)
