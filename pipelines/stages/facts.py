"""Events → facts: milestones, links and outcomes of every change, deployment, incident and defect."""

from collections.abc import Iterator

import dagster as dg

from metrics.facts import CONTROL_FACTS, FactSettings, build_control_facts, build_facts
from metrics.facts.build import STEPS, pieces_of_changes
from metrics.facts.link_shares import link_shares
from metrics.facts.sql import drop
from metrics.link_methods import TABLE as LINK_SHARES
from pipelines.build_store import BuildStore
from pipelines.working_hours import working_hours_of
from schemas.events import all_tables as event_tables
from schemas.published import all_tables as published_tables
from schemas.workspace import Workspace

FACTS = {
    "deployment_facts": ("_repo", "finished_at", "deployment_id"),
    "incident_facts": ("opened_at", "incident_id"),
}
"""Published facts and the order of their rows: neighbours are alike, which compresses; ids make it total."""

PUBLISHED = ("change_facts", *FACTS)

INTERNAL = {
    "defect_facts": ("opened_at", "defect_id"),
    "repo_dimension": ("_repo",),
    "team_dimension": ("_team",),
}
"""What definitions need beside them."""
READ_OF_SNAPSHOTS = ("repo_dimension",)
"""Which of these pages look up; the others stay with the build."""


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=list(event_tables()),
            group_name="facts",
            description=published_tables()[name].table_grain(),
            kinds={"duckdb", "parquet"},
        )
        for name in PUBLISHED
    ],
)
def facts(build: dg.ResourceParam[BuildStore]) -> Iterator[dg.MaterializeResult[None]]:
    """Run the SQL of `metrics.facts` on the events up to the cut, and write what it makes."""
    connection = build.connection
    build_facts(connection, settings_of(build.workspace), build.cut.as_of, materialise=False)
    for name, order in INTERNAL.items():
        build.write(name, name, order_by=order, internal=True, build_only=name not in READ_OF_SNAPSHOTS)
    write_change_facts(build)
    for name, order in FACTS.items():
        build.write(name, name, order_by=order)
    for name in PUBLISHED:
        yield dg.MaterializeResult(name, metadata={"rows": build.tables()[name].rows})
    shares = link_shares(settings_of(build.workspace), build.cut.as_of)
    build.write(LINK_SHARES, shares, order_by=("kind", "method"), internal=True)
    drop(connection, *STEPS)
    # These rest on the facts above, which lie in files by now.
    limit = build.workspace.reviews.shallow_lines_per_minute
    build_control_facts(connection, materialise=False, shallow_lines_per_minute=limit)
    for name in CONTROL_FACTS:
        build.write(name, name, order_by=("all",), build_only=True)


def write_change_facts(build: BuildStore) -> None:
    """Write the facts of changes, in as many pieces as memory asks for."""
    queries = pieces_of_changes(build.connection, settings_of(build.workspace), build.cut.as_of)
    pieces = {f"{number:03}": query for number, query in enumerate(queries)}
    for piece, query in pieces.items():
        build.write("change_facts", query, partition=piece)
    build.keep_partitions("change_facts", tuple(pieces))


def settings_of(workspace: Workspace) -> FactSettings:
    """What the workspace chooses about its facts."""
    return FactSettings(
        production_rules=(*workspace.production.environments, *workspace.production.patterns),
        deploy_link_days=workspace.links.deploy_link_days,
        incident_attribution_hours=workspace.links.incident_attribution_hours,
        hotfix_blame_hours=workspace.links.hotfix_blame_hours,
        include_bots=workspace.include_bots,
        timezone=workspace.timezone,
        working_hours=working_hours_of(workspace),
    )
