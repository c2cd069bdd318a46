"""Metric values → recommendations: the stage that holds most of each tier's lead time, and the remedy."""

import dagster as dg

from metrics.recommendations import recommendations as recommended
from pipelines.build_store import BuildStore
from schemas.published.recommendations import Recommendations

STAGE_MEANS = (
    "select * from metric_values where statistic = 'mean' and segment_kind = 'all' and metric like 'lead_time%'"
)
WORSE = "select * from comparisons where direction = 'worsened'"


@dg.asset(
    deps=["metric_values", "comparisons"],
    group_name="verdicts",
    description=Recommendations.table_grain(),
    kinds={"parquet"},
)
def recommendations(build: dg.ResourceParam[BuildStore]) -> dg.MaterializeResult[None]:
    """Where the time goes in each tier, and what to do next."""
    frame = recommended(build.frame(STAGE_MEANS), build.frame(WORSE))
    keys = Recommendations.table_key()
    return dg.MaterializeResult(metadata={"rows": build.write("recommendations", frame, order_by=keys).rows})
