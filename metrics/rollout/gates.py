"""The published table `stage_gates`: every criterion of every phase in every tier, from facts or attestations.

No evidence is no pass. Where the facts speak they decide, whatever was attested; what was attested is said beside.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from metrics.rollout.model import Criterion, Phase
from metrics.rollout.state import TierState

SCHEMA: dict[str, pl.DataType] = {
    name: pl.String()
    for name in ("stage_gate_id", "phase", "category", "criterion", "tier", "outcome", "evidence", "note")
}


def stage_gate_rows(
    phases: Mapping[str, Phase], states: Mapping[str, TierState], attestations: pl.DataFrame
) -> pl.DataFrame:
    """A row per phase, criterion and tier, in the order of phases.

    Args:
        phases: by id, in their order.
        states: what is known of each tier.
        attestations: the register at the cut.
    """
    newest = _newest(attestations)
    rows: list[dict[str, str | None]] = [
        {
            "stage_gate_id": f"{phase.id}/{criterion.id}/{tier}",
            "phase": phase.id,
            "category": criterion.category,
            "criterion": criterion.id,
            "tier": tier,
            **_outcome(criterion, state, newest.get((phase.id, criterion.id))),
        }
        for phase in phases.values()
        for tier, state in states.items()
        for criterion in phase.criteria
        if tier in criterion.tiers
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _newest(attestations: pl.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """The newest attestation of each criterion of each phase."""
    rows = attestations.sort("attested_at", "attestation_id").to_dicts()
    return {(row["phase"], row["criterion"]): row for row in rows}


def _outcome(criterion: Criterion, state: TierState, attested: dict[str, Any] | None) -> dict[str, str | None]:
    """Outcome, evidence and note of one criterion."""
    found = criterion.evaluate(state) if criterion.evaluate else None
    said = _attestation_words(attested, state) if attested else None
    if found is not None:
        outcome = "pass" if found.is_met else "fail"
        is_contradicted = attested is not None and attested["outcome"] != outcome
        note = f"{criterion.says} The facts decide; {said}." if is_contradicted else criterion.says
        return {"outcome": outcome, "evidence": found.words, "note": note}
    if attested is not None:
        return {"outcome": attested["outcome"], "evidence": said, "note": criterion.says}
    missing = "nothing to read it off, and nobody attests it" if criterion.evaluate else "nobody attests it"
    return {"outcome": "no_evidence", "evidence": None, "note": f"{criterion.says} No evidence: {missing}."}


def _attestation_words(attested: dict[str, Any], state: TierState) -> str:
    note = f" ({attested['note']})" if attested["note"] else ""
    return f"{attested['attested_by']} attested {attested['outcome']} on {state.day(attested['attested_at'])}{note}"
