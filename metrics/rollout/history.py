"""The checklist of a phase on the day on which somebody decided about it.

Registers are as they stood at that instant; figures and verdicts are those of windows that were final by then. Where
late records have changed such a window since, the figure is today's: what exactly was on the screen on that day is told
by a build with `--known-at`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from metrics import follow_up
from metrics.failure_mode_model import FailureMode
from metrics.failure_mode_status import failure_mode_rows
from metrics.model import Constraint
from metrics.rollout.gates import SCHEMA, stage_gate_rows
from metrics.rollout.model import Phase
from metrics.rollout.staging import with_staging
from metrics.rollout.state import TIERS, RolloutFrames, Row, states

CHECKLIST_SCHEMA: dict[str, pl.DataType] = {"decision_id": pl.String(), **SCHEMA}


def frames_then(
    frames: RolloutFrames,
    then: datetime,
    constraints: Mapping[str, Constraint],
    modes: Mapping[str, FailureMode],
    empty_tables: Collection[str] = (),
) -> RolloutFrames:
    """The frames as they could be read at an instant.

    Args:
        frames: registers as they stood at that instant, published tables of today.
        then: the instant, UTC, zone-less.
        constraints: those that were judged, by id.
        modes: failure modes to look for.
        empty_tables: event tables in which there is nothing.
    """
    today = frames.local_day(then)
    of_constraints = {name: follow_up.of_constraint(each) for name, each in constraints.items()}
    verdicts = _final_by(frames.verdicts, "constraint", of_constraints, today)
    metrics = {*frames.metric_values["metric"].unique(), *frames.comparisons["metric"].unique()}
    of_metrics = {metric: follow_up.of_metric(metric) for metric in metrics}
    comparisons = _final_by(frames.comparisons, "metric", of_metrics, today)
    values = _final_by(frames.metric_values, "metric", of_metrics, today)
    return replace(
        frames,
        phase_decisions=frames.phase_decisions.filter(pl.col("decided_at") < then),
        verdicts=verdicts,
        comparisons=comparisons,
        metric_values=values,
        failure_modes=failure_mode_rows(modes, verdicts, comparisons, values, empty_tables),
    )


def _final_by(rows: pl.DataFrame, name: str, follow_ups: Mapping[str, timedelta], today: date) -> pl.DataFrame:
    """Rows of windows whose follow-up had passed by a local day."""
    waits = pl.col(name).replace_strict(follow_ups, default=timedelta(0), return_dtype=pl.Duration("us"))
    return rows.filter(pl.col("window_end").cast(pl.Datetime("us")) + waits <= pl.lit(today).cast(pl.Datetime("us")))


def checklist_then(decision: Row, phases: Mapping[str, Phase], then: RolloutFrames) -> pl.DataFrame:
    """The rows of `stage_gates` that a decision had before it: the phase that would begin, in its tier or in all."""
    tiers = TIERS if decision["tier"] is None else (str(decision["tier"]),)
    # The order of risk looks at all tiers, whichever is decided about.
    known = with_staging(states(then, decision["decided_at"]), then)
    asked = {phase: phases[phase] for phase in (decision["to_phase"],) if phase in phases}
    rows = stage_gate_rows(asked, {tier: known[tier] for tier in tiers}, then.attestations)
    return rows.select(pl.lit(decision["decision_id"]).alias("decision_id"), pl.all())
