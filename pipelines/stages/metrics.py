"""Facts → metric values: every definition of the metric tree as an asset of its own, run by the one aggregator.

The definitions of one side of the tree are one step: they share the facts, and each costs a few milliseconds of log.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import dagster as dg
import polars as pl

from metrics.calendar import Calendar
from metrics.comparisons import comparisons as compared
from metrics.control_changes import SCHEMA as CONTROL_CHANGES
from metrics.definitions import all_metrics
from metrics.gaps import TABLE as GAPS
from metrics.gaps import Gap
from metrics.model import Metric
from pipelines.build_engine import engine_of
from pipelines.build_store import BuildStore
from schemas.published import all_tables

FACTS = ("change_facts", "deployment_facts", "incident_facts")
GAP_SCHEMA = {"metric": pl.String, "tier": pl.String, "tables": pl.String, "reason": pl.String}
INTERNAL = ("contrasts", GAPS)
SIDES = sorted({metric.side for metric in all_metrics().values()})


def metric_key(metric: str) -> dg.AssetKey:
    """The asset of a metric; apart from tables, whose names metrics may share."""
    return dg.AssetKey(["metrics", metric])


def _spec(metric: Metric) -> dg.AssetSpec:
    facts = [fact for fact in FACTS if fact in set(_facts_of(metric.estimators))] or ["incident_facts"]
    return dg.AssetSpec(
        metric_key(metric.id),
        deps=[*facts, "baselines"],
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


def _family(side: str) -> dg.AssetsDefinition:
    specs = [_spec(metric) for metric in all_metrics().values() if metric.side == side]

    @dg.multi_asset(name=f"{side}_metrics", specs=specs, can_subset=True)
    def family(
        context: dg.AssetExecutionContext, build: dg.ResourceParam[BuildStore]
    ) -> Iterator[dg.MaterializeResult[None]]:
        engine = engine_of(build)
        selected = [all_metrics()[key.path[-1]] for key in sorted(context.selected_asset_keys)]
        results = {metric.id: engine.run(metric) for metric in selected}
        _write(build, "metric_values", side, [result.values for result in results.values()], list(results))
        _write(build, "contrasts", side, [result.contrasts for result in results.values()], list(results))
        gaps = [gap for metric in selected for gap in engine.gaps(metric, results[metric.id].values)]
        _write(build, GAPS, side, [pl.DataFrame(list(map(_gap_row, gaps)), schema=GAP_SCHEMA)], list(results))
        for metric in selected:
            rows = results[metric.id].values.height
            yield dg.MaterializeResult(metric_key(metric.id), metadata={"rows": rows})

    return family


def _write(build: BuildStore, table: str, side: str, frames: list[pl.DataFrame], metrics: list[str]) -> None:
    """Write one side's rows of a table; those of its metrics that were not run again stay as they are."""
    if side in build.partitions(table):
        others = [metric.id for metric in all_metrics().values() if metric.side == side and metric.id not in metrics]
        frames = [*frames, build.frame(f"select * from {table}").filter(pl.col("metric").is_in(others))]
    rows = pl.concat(frames).sort("metric", maintain_order=True)
    build.write(table, rows, partition=side, internal=table in INTERNAL)


def _gap_row(gap: Gap) -> dict[str, str]:
    return {"metric": gap.metric, "tier": gap.tier, "tables": ", ".join(gap.tables), "reason": gap.reason}


families = [_family(side) for side in SIDES]


@dg.asset(
    deps=[metric_key(metric) for metric in all_metrics()],
    group_name="metrics",
    description=all_tables()["metric_values"].table_grain(),
    kinds={"parquet"},
)
def metric_values(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Every statistic of every metric: what the metrics have written, and nothing of definitions that are gone."""
    build.keep_partitions(GAPS, SIDES)
    return dg.MaterializeResult(metadata={"rows": build.keep_partitions("metric_values", SIDES).rows})


def _control_changes(build: BuildStore) -> pl.DataFrame:
    """The register of control changes as of the cut, by local day."""
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    rows = build.connection.execute(
        "select tier, effective_at, layer, summary from control_changes where effective_at <= ?", [build.cut.as_of]
    ).fetchall()
    listed = [(tier, calendar.local_day(instant), layer, summary) for tier, instant, layer, summary in rows]
    return pl.DataFrame(listed, schema=CONTROL_CHANGES, orient="row")


@dg.asset(
    deps=[*(metric_key(metric) for metric in all_metrics()), "control_changes"],
    group_name="metrics",
    description=all_tables()["comparisons"].table_grain(),
    kinds={"parquet"},
)
def comparisons(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Every compared statistic of every window, with the interval of its change."""
    build.keep_partitions("contrasts", SIDES)
    frame = compared(build.frame("select * from contrasts"), all_metrics(), control_changes=_control_changes(build))
    keys = [f'"{key}"' for key in all_tables()["comparisons"].table_key()]
    return dg.MaterializeResult(metadata={"rows": build.write("comparisons", frame, order_by=keys).rows})
