"""Failure modes that are present, criteria that fail, and an order of risk that was not kept."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from metrics.failure_modes import all_failure_modes
from metrics.findings.model import Finding, severity_of, where
from metrics.rollout.model import PHASES
from metrics.rollout.state import TierState

TOLD_ELSEWHERE = frozenset({"staging_kept", "no_exception_drift"})
"""Criteria that fail exactly where a finding of another kind stands: risk staging, and drift of exceptions."""


def failure_mode_findings(failure_modes: pl.DataFrame, settled: datetime) -> list[Finding]:
    """Failure modes that are present. `settled`: the end of the newest quarter that they were read from."""
    names = {mode.id: mode.name for mode in all_failure_modes().values()}
    return [
        Finding(
            finding_id=f"failure_mode/{row['failure_mode']}/{row['tier']}",
            kind="failure_mode",
            tier=row["tier"],
            subject=row["failure_mode"],
            severity=severity_of(row["tier"], "high"),
            opened_at=settled,
            reason=f"{names.get(row['failure_mode'], row['failure_mode'])} is present in {where(row['tier'])}."
            f" What prevents it: {row['controls']}.",
        )
        for row in failure_modes.filter(pl.col("status") == "present").to_dicts()
    ]


def stage_gate_findings(stage_gates: pl.DataFrame, states: Mapping[str, TierState], settled: datetime) -> list[Finding]:
    """Criteria that fail of the phase that a tier is in, or of one that it has passed.

    Those that are findings by themselves already are not told twice.
    """
    found: dict[tuple[str, str], Finding] = {}
    for row in stage_gates.filter(pl.col("outcome") == "fail").to_dicts():
        if row["criterion"] in TOLD_ELSEWHERE:
            continue
        state = states.get(row["tier"])
        if state is None or state.phase is None or PHASES.index(row["phase"]) > PHASES.index(state.phase):
            continue
        reason = f"{where(row['tier'], capital=True)} is in {state.phase}, but fails {row['phase']}/{row['criterion']}"
        # A criterion that several phases ask is one finding: that of the last of them.
        found[(row["criterion"], row["tier"])] = Finding(
            finding_id=f"stage_gate/{row['criterion']}/{row['tier']}",
            kind="stage_gate",
            tier=row["tier"],
            subject=row["stage_gate_id"],
            severity=severity_of(row["tier"], "high"),
            opened_at=settled,
            reason=f"{reason}: {row['evidence']}.",
        )
    return list(found.values())


def risk_staging_findings(states: Mapping[str, TierState]) -> list[Finding]:
    """Tiers in which the order of risk was not kept."""
    return [
        Finding(
            finding_id=f"risk_staging/{tier}",
            kind="risk_staging",
            tier=tier,
            subject=f"risk_staging/{tier}",
            severity=severity_of(tier, "high"),
            opened_at=min((row["onboarded_at"] for row in state.onboardings), default=state.as_of),
            reason=f"{where(tier, capital=True)}: {'; '.join(state.staging)}.",
        )
        for tier, state in states.items()
        if state.staging
    ]
