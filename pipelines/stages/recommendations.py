"""Metric values → recommendations: the stage that holds most of each tier's lead time, and the remedy."""

import polars as pl

from metrics.facts.sql import relation
from metrics.recommendations import GRAINS
from metrics.recommendations import recommendations as recommended
from pipelines.build_engine import days_of_build
from pipelines.build_store import BuildStore
from pipelines.stage import Made, asset
from pipelines.team_months import LASTS, team_months
from schemas.published.recommendations import Recommendations

STAGE_MEANS = (
    "select * from metric_values where statistic = 'mean' and segment_kind = 'all' and metric like 'lead_time%'"
)
TEAM_TOTALS = """
    select m.tier::varchar as tier, w.grain, w.window_start, w.window_end, t.team, sum(m.n)::bigint as n, {by_window}
    from {months} m join team_dimension t using (_team)
    join (from {windows}) w on m.month >= w.window_start and m.month < w.window_end
    group by all
"""
BY_WINDOW = ", ".join(f"sum({name}) / 1e6 as {'whole' if name == 'lead' else name}" for name in LASTS)
WORSE = """
    select * from comparisons where direction = 'worsened' and segment_kind = 'all' and comparator = 'baseline'
"""


@asset(
    deps=["metric_values", "comparisons", "change_facts"],
    group_name="verdicts",
    description=Recommendations.table_grain(),
    kinds={"parquet"},
)
def recommendations(build: BuildStore) -> Made:
    """Where the time goes in each tier, and what to do next."""
    frame = recommended(build.frame(STAGE_MEANS), build.frame(WORSE), _team_totals(build))
    keys = Recommendations.table_key()
    return Made({"rows": build.write("recommendations", frame, order_by=keys).rows})


def _team_totals(build: BuildStore) -> pl.DataFrame:
    """Seconds per stage and team of the changes deployed in each month and quarter, by tier."""
    days = days_of_build(build)
    calendar = days.calendar
    windows = [
        (grain, period.start, period.end)
        for grain in GRAINS
        for period in calendar.windows(days.first, days.last, grain)
    ]
    listed = relation(["grain", "window_start", "window_end"], windows)
    return build.frame(TEAM_TOTALS.format(months=team_months(build), by_window=BY_WINDOW, windows=listed))
