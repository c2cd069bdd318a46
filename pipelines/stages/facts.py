"""Events → facts: milestones, links and outcomes of every change, deployment, incident and defect."""

from collections.abc import Iterator

import dagster as dg

from metrics.facts import build_facts
from pipelines.build_store import BuildStore
from schemas.events import all_tables
from schemas.published import all_tables as published_tables

FACTS = ("change_facts", "deployment_facts", "incident_facts")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=list(all_tables()),
            group_name="facts",
            description=published_tables()[name].table_grain(),
            kinds={"duckdb", "parquet"},
        )
        for name in FACTS
    ],
)
def facts(build: dg.ResourceParam[BuildStore]) -> Iterator[dg.MaterializeResult[None]]:
    """Run the SQL of `metrics.facts` on the events up to the cut, and write what it makes."""
    made = build_facts(build.connection, fact_settings(build), build.cut.as_of)
