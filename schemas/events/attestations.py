"""Attestations: what somebody vouches for where no data speak."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class Attestations(EventTable):
    """One statement on one criterion."""

    _about = About(born="attested_at", is_register=True)

    attestation_id: str = column("the attestation", key=True)
    phase: str = column("the phase", allowed=("pilot", "controlled_expansion", "governance_enforcement", "org_wide"))
    criterion: str = column("the criterion")
    outcome: str = column("what is attested", allowed=("pass", "fail"))
    attested_by: str = column("who vouches")
    attested_at: datetime = column("when")
    note: str = column("anything else", nullable=True)
