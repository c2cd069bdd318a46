"""Verdicts, figures and registers → stage gates: what each tier has shown, and what the next phase still asks."""

import dagster as dg

from metrics.rollout.gates import stage_gate_rows
from metrics.rollout.phases import all_phases
from pipelines.build_store import BuildStore
from pipelines.rollout_frames import REGISTERS, rollout_frames, tier_states
from schemas.published.stage_gates import StageGates


@dg.asset(
    deps=["verdicts", "comparisons", "metric_values", "failure_modes", "baselines", *REGISTERS],
    group_name="verdicts",
    description=StageGates.table_grain(),
    kinds={"parquet"},
)
def stage_gates(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Every criterion of every phase in every tier, from facts where they speak, else from attestations."""
    frames = rollout_frames(build)
    found = stage_gate_rows(all_phases(), tier_states(build, frames), frames.attestations)
    table = build.write("stage_gates", found)
    return dg.MaterializeResult(metadata={"rows": table.rows})
