"""Signals that the context given to AI no longer fits."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class ContextSignals(EventTable):
    """One signal."""

    _about = About(born="occurred_at")

    signal_id: str = column("the signal", key=True)
    repo_id: str = column("where", parent="repositories.repo_id")
    change_id: str = column("the change concerned", nullable=True, parent="changes.change_id")
    kind: str = column(
        "what was seen", allowed=("context_mismatch", "version_misalignment", "stale_doc", "boundary_violation")
    )
    occurred_at: datetime = column("when")
