"""The facts as tables of a build: how each is ordered, how changes are written, and what is laid over what was kept."""

from dataclasses import replace

import duckdb

from metrics.facts import FactSettings
from metrics.facts.assemble import deployment_facts_in_order
from metrics.facts.build import (
    create_facts,
    create_linked_changes,
    create_steps,
    create_steps_of_changes,
    create_steps_of_deployments,
    create_surroundings,
    pieces_of_changes,
)
from metrics.facts.controls import reviewer_numbers
from metrics.facts.cut import create_cut_views
from metrics.facts.reach import KEPT, REVIEWER_NUMBERS, TOLD, Reach, surroundings
from metrics.facts.sql import create_view, drop
from metrics.facts.within_reach import Scope
from pipelines import kept_facts
from pipelines.build_store import BuildStore, count_changes
from pipelines.kept_facts import FactsMade, KeptFacts
from pipelines.warehouse_schema import former_references, view_selects
from pipelines.working_hours import working_hours_of
from schemas.workspace import Workspace

PUBLISHED = ("change_facts", "deployment_facts", "incident_facts")
ORDER_OF_CHANGES = ("_repo", "opened_at", "_change_key")
ORDER_OF_REVIEWS = ("submitted_at", "tier", "_repo", "_team", "_reviewer", "_review_key")
ORDER_OF_INCIDENTS = ("opened_at", "incident_id")
"""The order of rows: neighbours are alike, which compresses; ids make it total."""

INTERNAL = {
    "defect_facts": ("opened_at", "defect_id"),
    "repo_dimension": ("_repo",),
    "service_dimension": ("_service",),
    "team_dimension": ("_team",),
}
"""What definitions need beside them."""
READ_OF_SNAPSHOTS = ("repo_dimension",)
"""Which of these pages look up; the others stay with the build."""

CHANGES_WORTH_FOLLOWING = 200_000
"""Fewer changes are all made again: that takes a second or two, as long as to find out what new events reach."""
MOST_LAID_OVER = 1 / 5
"""Share of the changes that may be laid over what was kept. Whoever reads facts looks at both, and new facts of more
changes take half as long as all of them."""


def make_facts(build: BuildStore) -> FactsMade:
    """Make the facts at the build's cut and write them; what nothing new reaches is that of the build before.

    Those of reviews may be left to `write_all_reviews`. When they are written as well, `kept_facts.keep` leaves all of
    them to the next build.
    """
    connection, settings, cut = build.connection, settings_of(build.workspace), build.cut.as_of
    is_worth_it = count_changes(connection) >= CHANGES_WORTH_FOLLOWING and not build.cut.known_at
    numbered = kept_facts.numbers(build) if is_worth_it else {}
    create_surroundings(connection, settings, cut, numbered)
    made = FactsMade()
    if is_worth_it:
        seen_against, kept = surroundings(connection), kept_facts.usable(build, settings)
        made = _lay_over(build, settings, kept) if kept else made
        made = replace(made, surroundings=seen_against, numbered=numbered.get(REVIEWER_NUMBERS))
    if made.reached is None:
        _make_all(build, settings)
    if made.surroundings:
        build.write("carrier_links", "carrier_links", order_by=("deployment_key",), build_only=True)
    return made


def write_all_reviews(build: BuildStore, made: FactsMade) -> None:
    """Write the facts of all reviews, which `build_control_facts` has made, where none could be laid over others."""
    build.write("review_facts", "review_facts", order_by=ORDER_OF_REVIEWS, build_only=True)
    if made.surroundings:
        _write_reviewer_numbers(build, made.numbered)


def _write_reviewer_numbers(build: BuildStore, numbered: str | None) -> None:
    """Write who has which number, for the next build to number people likewise."""
    build.write(REVIEWER_NUMBERS, reviewer_numbers(numbered), order_by=("_reviewer",), build_only=True)


def _make_all(build: BuildStore, settings: FactSettings) -> None:
    """Make and write all facts."""
    create_steps(build.connection, settings, build.cut.as_of)
    create_facts(build.connection, settings, build.cut.as_of)
    _write_others(build)
    queries = pieces_of_changes(build.connection, settings, build.cut.as_of)
    build.write_pieces("change_facts", {f"{number:03}": query for number, query in enumerate(queries)})


def _lay_over(build: BuildStore, settings: FactSettings, kept: KeptFacts) -> FactsMade:
    """Make the facts of the changes that new events reach, and lay them over those that were kept.

    Where all facts have to be made nothing is written.
    """
    connection, cut = build.connection, build.cut.as_of
    _show_kept(build, kept)
    reach, scope = Reach(settings, kept.since, cut), Scope(settings, cut)
    made = _make_reached(connection, reach, scope, kept)
    if made.reached is not None:
        create_facts(connection, settings, cut, scope)
        _write_others(build)
        _write_over(build, scope, kept)
        made = replace(made, with_reviews=_write_reviews_over(build, scope, kept))
    create_cut_views(connection, cut)  # events whole again
    reach.let_go(connection)
    scope.let_go(connection)
    drop(connection, *(f"{name}_told" for name in TOLD), *(f"kept_{name}" for name in KEPT), "former_references")
    return made


def _make_reached(connection: duckdb.DuckDBPyConnection, reach: Reach, scope: Scope, kept: KeptFacts) -> FactsMade:
    """Find what is reached, and make the steps of it, unless that is too much or cannot be laid over."""
    before = kept.tables["change_facts"]
    most = MOST_LAID_OVER * before.rows - (before.overlay.part.rows if before.overlay else 0)
    if reach.a_tier_turned(connection):
        return FactsMade()
    reached = reach.follow(connection)
    if reached > most:
        return FactsMade()
    scope.restrict_to_links(connection)
    create_linked_changes(connection, scope.settings, scope.cut)
    create_steps_of_deployments(connection, scope.settings, scope)
    reached += reach.follow_outcomes(connection)
    scope.restrict(connection)
    if reached > most or scope.is_any_gone(connection):
        return FactsMade()
    create_linked_changes(connection, scope.settings, scope.cut)
    create_steps_of_changes(connection, scope.settings)
    slipped = scope.slipped(connection)
    return FactsMade(slipped=tuple(slipped)) if slipped else FactsMade(reached)


def _show_kept(build: BuildStore, kept: KeptFacts) -> None:
    """Make the facts of the build before visible, and the events with the loads that brought them."""
    told = view_selects(build.connection, build.workspace.production, with_tombstones=True)
    for name in TOLD:
        create_view(build.connection, f"{name}_told", told[name])
    create_view(build.connection, "former_references", former_references(build.connection))
    for name, table in kept.tables.items():
        create_view(build.connection, f"kept_{name}", f"select * from {build.folder.relation(table)}")


def _write_others(build: BuildStore) -> None:
    """Write all facts but those of changes, and what is needed beside them."""
    for name, order in INTERNAL.items():
        build.write(name, name, order_by=order, internal=True, build_only=name not in READ_OF_SNAPSHOTS)
    build.write("deployment_facts", deployment_facts_in_order(build.cut.as_of))
    build.write("incident_facts", "incident_facts", order_by=ORDER_OF_INCIDENTS)


def _write_over(build: BuildStore, scope: Scope, kept: KeptFacts) -> None:
    """Write the facts of reached changes, and those that an earlier refresh laid over the same parts."""
    rows, others = scope.facts_of("reached_changes"), "_change_key not in (select change_key from reached_changes)"
    _lay(build, "change_facts", kept, rows, others, ORDER_OF_CHANGES)


def _write_reviews_over(build: BuildStore, scope: Scope, kept: KeptFacts) -> bool:
    """Do the same with their reviews; not where one of these counts no longer."""
    if not scope.create_reviews(build.connection):
        return False
    _write_reviewer_numbers(build, f"kept_{REVIEWER_NUMBERS}")
    others = "_review_key not in (select review_key from told_again)"
    _lay(build, "review_facts", kept, "select * from new_review_facts", others, ORDER_OF_REVIEWS, build_only=True)
    return True


def _lay(
    build: BuildStore,
    table: str,
    kept: KeptFacts,
    rows: str,
    others: str,
    order: tuple[str, ...],
    *,
    build_only: bool = False,
) -> None:
    """Lay rows over the parts of a table, and of the rows that lie there already those that are others, by a condition.

    The last column of the order is the key.
    """
    before = kept.tables[table]
    if before.overlay:
        laid = build.folder.scan([before.overlay.part])
        rows = f"{rows} union all by name select * from {laid} where {others}"
    ordered = f"select * from ({rows}) order by {', '.join(order)}"
    build.write_over(table, before.parts, ordered, key=order[-1], order_by=order, build_only=build_only)


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
