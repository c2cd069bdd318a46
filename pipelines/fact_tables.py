"""The facts as tables of a build: how each is ordered, and how changes are written piece by piece."""

from metrics.facts import FactSettings
from metrics.facts.assemble import deployment_facts_in_order
from metrics.facts.build import pieces_of_changes
from pipelines.build_store import BuildStore
from pipelines.working_hours import working_hours_of
from schemas.workspace import Workspace

PUBLISHED = ("change_facts", "deployment_facts", "incident_facts")
ORDER_OF_INCIDENTS = ("opened_at", "incident_id")
"""The order of rows: neighbours are alike, which compresses; ids make it total."""

INTERNAL = {
    "defect_facts": ("opened_at", "defect_id"),
    "repo_dimension": ("_repo",),
    "team_dimension": ("_team",),
}
"""What definitions need beside them."""
READ_OF_SNAPSHOTS = ("repo_dimension",)
"""Which of these pages look up; the others stay with the build."""


def write_facts(build: BuildStore) -> None:
    """Write what `metrics.facts.build_facts` has made as views on the build's connection."""
    for name, order in INTERNAL.items():
        build.write(name, name, order_by=order, internal=True, build_only=name not in READ_OF_SNAPSHOTS)
    _write_change_facts(build)
    build.write("deployment_facts", deployment_facts_in_order(build.cut.as_of))
    build.write("incident_facts", "incident_facts", order_by=ORDER_OF_INCIDENTS)


def _write_change_facts(build: BuildStore) -> None:
    """Write the facts of changes, in as many pieces as memory asks for."""
    queries = pieces_of_changes(build.connection, settings_of(build.workspace), build.cut.as_of)
    build.write_pieces("change_facts", {f"{number:03}": query for number, query in enumerate(queries)})


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
