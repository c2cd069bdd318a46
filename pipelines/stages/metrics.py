"""Facts → metric values: every definition of the metric tree as an asset of its own, run by the one aggregator.

All definitions are one step: they share the facts, and a large organisation's are run side by side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

import polars as pl

from metrics.calendar import Calendar
from metrics.control_changes import SCHEMA as CONTROL_CHANGES
from metrics.definitions import all_metrics
from metrics.facts.sql import timestamp
from metrics.gaps import TABLE as GAPS
from metrics.gaps import Gap
from metrics.model import Metric
from pipelines.build_engine import RELATIONS, engine_of
from pipelines.build_store import BuildStore
from pipelines.companion import workers_for
from pipelines.metric_workers import Ground, Measured, Past, measure_apart, measure_here
from pipelines.reuse import Reuse
from pipelines.settled_comparisons import write_comparisons
from pipelines.stage import Asked, Asset, Made, asset, assets
from schemas.published import all_tables
from schemas.snapshot import Part

FACTS = ("change_facts", "deployment_facts", "incident_facts")
GAP_SCHEMA = {"metric": pl.String, "tier": pl.String, "tables": pl.String, "reason": pl.String}
BUILD_ONLY = ("contrasts",)
"""What only verdicts and comparisons are made from."""
SIZES = """
    select grain, window_end, metric, statistic, tier, max(n) as n, max(unit) as unit,
        bool_or(is_provisional) as is_provisional
    from contrasts where segment_kind = 'all' and grain in ('quarter', 'trailing_year') group by all
"""
"""How many units stand behind the compared figures of a tier: what the ROI report needs of the contrasts."""


def metric_key(metric: str) -> str:
    """The asset of a metric; apart from tables, whose names metrics may share."""
    return f"metrics/{metric}"


def _spec(metric: Metric) -> Asset:
    facts = [fact for fact in FACTS if fact in set(_facts_of(metric.estimators))] or ["incident_facts"]
    return Asset(
        metric_key(metric.id),
        deps=(*facts, "baselines"),
        group_name=f"{metric.side}_metrics",
        description=f"{metric.name} ({metric.unit}). {metric.formula}",
        code_version=metric.version,
        metadata={"source": metric.source, "direction": metric.direction, "headline": metric.headline},
    )


def _facts_of(declared: object) -> Iterator[str]:
    """The facts that an estimator reads, itself or in its parts."""
    if isinstance(declared, tuple):
        for each in declared:
            yield from _facts_of(each)
    elif is_dataclass(declared):
        for field in fields(declared):
            value = getattr(declared, field.name)
            yield from [value] if field.name == "fact" else _facts_of(value)


@assets([_spec(metric) for metric in all_metrics().values()], is_divisible=True)
def metrics(build: BuildStore, asked: Asked) -> Iterator[Made]:
    """Run the definitions that are asked for."""
    selected = [metric for name, metric in sorted(all_metrics().items()) if metric_key(name) in asked.assets]
    measured = _measured(build, selected)
    for table, kind in (("metric_values", "values"), ("contrasts", "contrasts")):
        parts: dict[str, tuple[Part, ...]] = {name: getattr(each, kind) for name, each in measured.items()}
        build.add_partitions(table, parts, build_only=table in BUILD_ONLY)
    _write_gaps(build, [_gap_row(gap) for metric in selected for gap in measured[metric.id].gaps], list(measured))
    for metric in selected:
        yield Made({"rows": measured[metric.id].rows}, metric_key(metric.id))


def _measured(build: BuildStore, metrics: Sequence[Metric]) -> dict[str, Measured]:
    """Runs definitions on this build's facts, side by side where there is enough to measure."""
    engine = engine_of(build)
    relations = {name: build.relation(name) for name in RELATIONS}
    changes = build.tables()["change_facts"].rows
    workers, include_bots, parts = workers_for(changes), build.workspace.include_bots, build.folder.parts
    reuse = Reuse.of(build, engine, metrics)
    past = reuse.past if reuse else Past()
    ground = Ground.of(engine, relations, include_bots=include_bots, parts=parts, past=past)
    if workers == 1:
        measured = measure_here(metrics, engine, ground, build.companion)
    else:
        measured = measure_apart(metrics, ground, build.companions(workers))
        build.end_companions()  # with the memory that they hold
    if reuse:
        reuse.close(measured)
    return measured


def _write_gaps(build: BuildStore, rows: list[dict[str, str]], metrics: list[str]) -> None:
    """Write why figures are missing; the rows of metrics that were not run again stay as they are."""
    frame = pl.DataFrame(rows, schema=GAP_SCHEMA)
    if GAPS in build.tables():
        others = [metric for metric in all_metrics() if metric not in metrics]
        frame = pl.concat([frame, build.frame(f"select * from {GAPS}").filter(pl.col("metric").is_in(others))])
    build.write(GAPS, frame, order_by=["metric"], internal=True)


def _gap_row(gap: Gap) -> dict[str, str]:
    return {"metric": gap.metric, "tier": gap.tier, "tables": ", ".join(gap.tables), "reason": gap.reason}


@asset(
    deps=[metric_key(metric) for metric in all_metrics()],
    group_name="metrics",
    description=all_tables()["metric_values"].table_grain(),
    kinds={"parquet"},
)
def metric_values(build: BuildStore) -> Made:
    """Every statistic of every metric: what the metrics have written, and nothing of definitions that are gone."""
    return Made({"rows": build.keep_partitions("metric_values", sorted(all_metrics())).rows})


def _control_changes(build: BuildStore) -> pl.DataFrame:
    """The register of control changes as of the cut, by local day."""
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    rows = build.connection.execute(
        "select tier, effective_at, layer, summary from control_changes"
        f" where effective_at <= {timestamp(build.cut.as_of)}"
    ).fetchall()
    listed = [(tier, calendar.local_day(instant), layer, summary) for tier, instant, layer, summary in rows]
    return pl.DataFrame(listed, schema=CONTROL_CHANGES, orient="row")


@asset(
    deps=[*(metric_key(metric) for metric in all_metrics()), "control_changes"],
    group_name="metrics",
    description=all_tables()["comparisons"].table_grain(),
    kinds={"parquet"},
)
def comparisons(build: BuildStore) -> Made:
    """Every compared statistic of every window, with the interval of its change."""
    build.keep_partitions("contrasts", sorted(all_metrics()))
    return Made({"rows": write_comparisons(build, _control_changes(build))})


@asset(deps=["comparisons"], group_name="metrics", kinds={"parquet"})
def contrast_sizes(build: BuildStore) -> Made:
    """How many units stand behind the compared figures of a tier, of the contrasts that comparisons are made from."""
    return Made({"rows": build.write("contrast_sizes", SIZES, order_by=("all",), internal=True).rows})
