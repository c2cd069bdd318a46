"""Verdicts, comparisons and metric values → failure modes: which known ways of going wrong show in which tier."""

import polars as pl

from metrics.failure_mode_status import failure_mode_rows
from metrics.failure_modes import all_failure_modes
from pipelines.build_engine import engine_of
from pipelines.build_store import BuildStore
from pipelines.rollout_frames import quarterly_comparisons, quarterly_values
from pipelines.stage import Made, asset
from schemas.published.failure_modes import FailureModes


@asset(
    deps=["verdicts", "comparisons", "metric_values"],
    group_name="verdicts",
    description=FailureModes.table_grain(),
    kinds={"parquet"},
)
def failure_modes(build: BuildStore) -> Made:
    """What was seen of each mode, and what prevents it."""
    modes = all_failure_modes()
    read = {metric for mode in modes.values() for signal in mode.signals for metric in signal.metrics}
    of_modes = pl.col("metric").is_in(sorted(read))
    frame = failure_mode_rows(
        modes,
        build.frame("select * from verdicts"),
        quarterly_comparisons(build).filter(of_modes),
        quarterly_values(build).filter(of_modes),
        engine_of(build).empty_inputs,
    )
    table = build.write("failure_modes", frame, order_by=FailureModes.table_key())
    return Made({"rows": table.rows})
