"""Stage gates: what the next phase of the rollout asks for and what is missing."""

from __future__ import annotations

from schemas.tables import About, PublishedTable, column


class StageGates(PublishedTable):
    """One criterion of one phase in one tier."""

    _about = About(source="facts where they speak, else attestations")

    stage_gate_id: str = column("the criterion in this phase and tier", key=True)
    phase: str = column("the phase", allowed=("pilot", "controlled_expansion", "governance_enforcement", "org_wide"))
    category: str = column("kind of criterion")
    criterion: str = column("the criterion")
    tier: str = column("the tier")
    outcome: str = column("whether it is met", allowed=("pass", "fail", "no_evidence"))
    evidence: str = column("what shows it", nullable=True)
    note: str = column("what a reader has to know", nullable=True)
