"""Events → facts: milestones, links and outcomes of every change, deployment, incident and defect."""

from collections.abc import Iterator

from metrics.facts import CONTROL_FACTS, build_control_facts, build_facts
from metrics.facts.build import STEPS
from metrics.facts.controls import QUICK_APPROVALS
from metrics.facts.link_shares import link_shares
from metrics.facts.sql import drop
from metrics.link_methods import TABLE as LINK_SHARES
from pipelines.build_store import BuildStore, count_changes
from pipelines.companion import workers_for
from pipelines.fact_tables import PUBLISHED, settings_of, write_facts
from pipelines.stage import Asset, Made, assets
from schemas.events import all_tables as event_tables
from schemas.published import all_tables as published_tables


@assets(
    [
        Asset(
            name,
            deps=tuple(event_tables()),
            group_name="facts",
            description=published_tables()[name].table_grain(),
            kinds=frozenset({"duckdb", "parquet"}),
        )
        for name in PUBLISHED
    ],
)
def facts(build: BuildStore) -> Iterator[Made]:
    """Run the SQL of `metrics.facts` on the events up to the cut, and write what it makes."""
    connection = build.connection
    if (workers := workers_for(count_changes(connection))) > 1:
        build.companions(workers)  # by the time the facts are made they have imported what measuring needs
    build_facts(connection, settings_of(build.workspace), build.cut.as_of, materialise=False)
    write_facts(build)
    for name in PUBLISHED:
        yield Made({"rows": build.tables()[name].rows}, name)
    shares = link_shares(settings_of(build.workspace), build.cut.as_of)
    build.write(LINK_SHARES, shares, order_by=("kind", "method"), internal=True)
    drop(connection, *STEPS)
    # These rest on the facts above, which lie in files by now.
    limit = build.workspace.reviews.shallow_lines_per_minute
    build_control_facts(connection, materialise=False, shallow_lines_per_minute=limit)
    for name in CONTROL_FACTS:
        build.write(name, name, order_by=("all",), build_only=True)
    drop(connection, QUICK_APPROVALS)
