"""Metric values → recommendations: the stage that holds most of each tier's lead time, and the remedy."""

import dagster as dg
import polars as pl

from metrics.aggregate import days_of
from metrics.calendar import Calendar
from metrics.facts.sql import relation
from metrics.recommendations import GRAINS, STAGE_NAMES
from metrics.recommendations import recommendations as recommended
from pipelines.build_store import BuildStore
from schemas.published.recommendations import Recommendations

STAGE_MEANS = (
    "select * from metric_values where statistic = 'mean' and segment_kind = 'all' and metric like 'lead_time%'"
)
TEAM_TOTALS = """
    select f.tier::varchar as tier, w.grain, w.window_start, w.window_end, f.team, count(*) as n,
        sum(lead_seconds) as whole,
        {stages}
    from change_facts f join (from {windows}) w on f.deployed_at >= w.begins and f.deployed_at < w.ends
    where f.lead_seconds is not null and f._in_change_metrics and f.team is not null and f.tier is not null
    group by all
"""
STAGES = ", ".join(f"coalesce(sum({stage}_seconds), 0) as {stage}" for stage in STAGE_NAMES)
WORSE = "select * from comparisons where direction = 'worsened'"


@dg.asset(
    deps=["metric_values", "comparisons", "change_facts"],
    group_name="verdicts",
    description=Recommendations.table_grain(),
    kinds={"parquet"},
)
def recommendations(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Where the time goes in each tier, and what to do next."""
    frame = recommended(build.frame(STAGE_MEANS), build.frame(WORSE), _team_totals(build))
    keys = Recommendations.table_key()
    return dg.MaterializeResult(metadata={"rows": build.write("recommendations", frame, order_by=keys).rows})


def _team_totals(build: BuildStore) -> pl.DataFrame:
    """Seconds per stage and team of the changes deployed in each month and quarter, by tier."""
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    days = days_of(build.connection, calendar, build.cut.as_of)
    windows = [
        (grain, period.start, period.end, calendar.instant(period.start), calendar.instant(period.end))
        for grain in GRAINS
        for period in calendar.windows(days.first, days.last, grain)
    ]
    names = ["grain", "window_start", "window_end", "begins", "ends"]
    return build.frame(TEAM_TOTALS.format(stages=STAGES, windows=relation(names, windows)))
