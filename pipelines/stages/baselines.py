"""The period that each tier is compared with."""

import polars as pl

from metrics.baselines import baselines as chosen
from metrics.facts.sql import timestamp
from pipelines.baseline_log import named_baselines
from pipelines.build_engine import days_of_build
from pipelines.build_store import BuildStore
from pipelines.stage import Made, asset
from schemas.published.baselines import Baselines

FIRST_ONBOARDING = """
    select tier.tier::varchar, min(onboarded_at)
    from onboardings onboarding
    join repo_dimension repository using (repo_id)
    join tier_assignments tier
      on (tier.repo_id = onboarding.repo_id or tier.service = repository.service)
      and tier.valid_from <= onboarding.onboarded_at and coalesce(tier.valid_to > onboarding.onboarded_at, true)
    where onboarded_at <= {cut}
    group by all
"""
SCHEMA = {
    "tier": pl.String(),
    "baseline_start": pl.Date(),
    "baseline_end": pl.Date(),
    "frozen_at": pl.Datetime("us"),
    "set_by": pl.String(),
    "reason": pl.String(),
}


@asset(
    deps=["change_facts", "deployment_facts", "incident_facts", "onboardings", "tier_assignments"],
    group_name="metrics",
    description=Baselines.table_grain(),
    kinds={"parquet"},
)
def baselines(build: BuildStore) -> Made:
    """Named in plumbline.toml, else the three months before the tier's first onboarding."""
    days = days_of_build(build)
    rows = build.connection.execute(FIRST_ONBOARDING.format(cut=timestamp(build.cut.as_of))).fetchall()
    onboarded = {tier: days.calendar.local_day(instant) for tier, instant in rows}
    found = chosen(named_baselines(build.workspace, build.created_at), onboarded, days.first)
    frame = pl.DataFrame(
        [(each.tier, each.period.start, each.period.end, each.frozen_at, each.set_by, each.reason) for each in found],
        schema=SCHEMA,
        orient="row",
    )
    return Made({"rows": build.write("baselines", frame, order_by=["tier"]).rows})
