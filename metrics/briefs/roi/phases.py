"""A phase of the rollout at its end: who left it when, and what is still open."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from metrics.briefs.roi.document import Criterion, Phase, PhaseDecision
from metrics.briefs.tables import Origin
from metrics.calendar import MONTHS_PER_QUARTER, add_months
from metrics.words import joined
from schemas.errors import InputError


def ended_phase(name: str, known: Sequence[str], decisions: pl.DataFrame, gates: pl.DataFrame, origin: Origin) -> Phase:
    """The phase with the decisions on leaving it.

    Args:
        name: as in the contract, such as controlled_expansion.
        known: the phases in order.
        decisions: the register phase_decisions at the cut.
        gates: the published table stage_gates.
        origin: whose calendar.

    Raises:
        InputError: there is no such phase, or no tier has left it.
    """
    if name not in known:
        raise InputError(f"{name!r} is no phase", "--phase", f"choose among {', '.join(known)}")
    rows = decisions.filter(pl.col("from_phase") == name).sort("decided_at", "decision_id") if len(decisions) else None
    if rows is None or rows.filter("is_approved").is_empty():
        left = sorted(set(decisions.filter("is_approved")["from_phase"]), key=known.index) if len(decisions) else []
        which = f"phases that tiers have left: {joined(left)}" if left else "record it in registers/phase_decisions.csv"
        raise InputError(f"no tier has left the phase {name}", "--phase", which)
    found = tuple(
        PhaseDecision(
            tier="all" if row["tier"] is None else str(row["tier"]),
            to_phase=row["to_phase"],
            is_approved=row["is_approved"],
            decided_on=origin.calendar.local_day(row["decided_at"]),
            approvers=row["approvers"] or "",
            remediation=row["remediation"] or "",
        )
        for row in rows.iter_rows(named=True)
    )
    own = gates.filter(pl.col("phase") == name).sort("tier", "criterion") if len(gates) else gates
    waiting = own.filter(pl.col("outcome") != "pass") if len(own) else own
    criteria = tuple(
        Criterion(str(row["tier"]), row["criterion"], row["outcome"], row["note"] or row["evidence"] or "")
        for row in waiting.iter_rows(named=True)
    )
    return Phase(name, found, len(own) - len(criteria), criteria)


def quarter_at_end(phase: Phase, origin: Origin) -> date:
    """The newest quarter that was over when the last tier left the phase."""
    last = max(decision.decided_on for decision in phase.decisions if decision.is_approved)
    return add_months(origin.calendar.floor(last, "quarter"), -MONTHS_PER_QUARTER)
