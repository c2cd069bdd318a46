"""Verdicts, figures and registers → stage gates: what each tier has shown, and what the next phase still asks."""

import polars as pl

from metrics.failure_modes import all_failure_modes
from metrics.rollout.gates import stage_gate_rows
from metrics.rollout.history import CHECKLIST_SCHEMA, checklist_then, frames_then
from metrics.rollout.phases import all_phases
from metrics.rollout.state import RolloutFrames, Row
from pipelines.build_engine import engine_of
from pipelines.build_store import BuildStore
from pipelines.checklist_log import TABLE, kept_checklists
from pipelines.constraints_of import constraints_of
from pipelines.rollout_frames import REGISTERS, registers_then, rollout_frames, tier_states
from pipelines.stage import Made, asset
from schemas.published.stage_gates import StageGates


@asset(
    deps=["verdicts", "comparisons", "metric_values", "failure_modes", "baselines", *REGISTERS],
    group_name="verdicts",
    description=StageGates.table_grain(),
    kinds={"parquet"},
)
def stage_gates(build: BuildStore) -> Made:
    """Every criterion of every phase in every tier; and the checklist on which each phase decision was taken."""
    frames = rollout_frames(build)
    found = stage_gate_rows(all_phases(), tier_states(build, frames), frames.attestations)
    table = build.write("stage_gates", found)
    build.write(TABLE, _decided_on(build, frames), internal=True)
    return Made({"rows": table.rows})


def _decided_on(build: BuildStore, frames: RolloutFrames) -> pl.DataFrame:
    """The checklists of all phase decisions, kept from the first build that saw them.

    A build that cuts knowledge keeps nothing.
    """

    def make(decision: Row) -> pl.DataFrame:
        then = decision["decided_at"]
        known = frames_then(
            registers_then(build, frames, then),
            then,
            constraints_of(build.workspace),
            all_failure_modes(),
            engine_of(build).empty_inputs,
        )
        return checklist_then(decision, all_phases(), known)

    decisions = frames.phase_decisions.sort("decided_at", "decision_id").to_dicts()
    if build.cut.known_at is not None:
        return pl.concat([pl.DataFrame(schema=CHECKLIST_SCHEMA), *(make(decision) for decision in decisions)])
    return kept_checklists(build.workspace.state, decisions, make, build.created_at)
