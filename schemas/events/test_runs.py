"""Runs of tests."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column
from schemas.units import Unit


class TestRuns(EventTable):
    """One run of one suite."""

    _about = About(born="ran_at")

    test_run_id: str = column("the run", key=True)
    repo_id: str = column("what was tested", parent="repositories.repo_id")
    change_id: str = column("the change tested", nullable=True, parent="changes.change_id")
    suite: str = column("which tests", nullable=True)
    outcome: str = column("how it went", allowed=("passed", "failed"))
    is_flaky: bool = column("passed and failed on the same code", default=False)
    ran_at: datetime = column("when")
    duration_seconds: float = column("how long it ran", nullable=True, minimum=0, unit=Unit.SECONDS)
