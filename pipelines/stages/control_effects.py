"""Facts and control changes → control effects: what each change was followed by, and what else changed meanwhile."""

from metrics.control_effects import control_effect_rows
from metrics.definitions import all_metrics
from metrics.spans import compare_spans
from pipelines.build_engine import calendar_of, engine_of
from pipelines.build_store import BuildStore
from pipelines.rollout_frames import register
from pipelines.stage import Made, asset
from schemas.published.control_effects import ControlEffects


@asset(
    deps=["metric_values", "control_changes"],
    group_name="verdicts",
    description=ControlEffects.table_grain(),
    kinds={"parquet"},
)
def control_effects(build: BuildStore) -> Made:
    """The quarter after each change against the quarter before it, by tier."""
    calendar = calendar_of(build)
    frame = control_effect_rows(
        register(build, "control_changes"),
        lambda spans, figures: compare_spans(engine_of(build), all_metrics())(spans, figures),
        calendar.local_day,
        calendar.local_day(build.cut.as_of),
    )
    table = build.write("control_effects", frame, order_by=ControlEffects.table_key())
    return Made({"rows": table.rows})
