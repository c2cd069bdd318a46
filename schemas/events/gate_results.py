"""Results of gates on changes."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column
from schemas.units import Unit


class GateResults(EventTable):
    """One run of one gate on one change."""

    _about = About(born="ran_at")

    gate_result_id: str = column("the result", key=True)
    change_id: str = column("the change", parent="changes.change_id")
    gate: str = column("the gate's name")
    control_point: str = column("where it stands", allowed=("pre_commit", "pre_pr", "pre_merge", "post_merge"))
    outcome: str = column("how it went", allowed=("passed", "failed", "overridden", "skipped"))
    ran_at: datetime = column("when")
    duration_seconds: float = column("how long it ran", nullable=True, minimum=0, unit=Unit.SECONDS)
    coverage_delta: float = column(
        "change of coverage on critical paths",
        nullable=True,
        minimum=-100,
        maximum=100,
        unit=Unit.PERCENTAGE_POINTS,
    )
    exception_id: str = column("the exception relied on", nullable=True, parent="exceptions.exception_id")
    reason: str = column("why it was overridden or skipped", nullable=True)
