"""Events → facts: milestones, links and outcomes of every change, deployment, incident and defect."""

from collections.abc import Iterator

from metrics.facts import CONTROL_FACTS, build_control_facts
from metrics.facts.build import STEPS
from metrics.facts.controls import OF_STEPS, RESTED_ON
from metrics.facts.link_shares import link_shares
from metrics.facts.sql import drop
from metrics.link_methods import TABLE as LINK_SHARES
from pipelines.build_store import BuildStore, count_changes
from pipelines.companion import workers_for
from pipelines.fact_tables import PUBLISHED, make_facts, settings_of, write_all_reviews
from pipelines.kept_facts import FactsMade, keep
from pipelines.stage import Asset, Made, assets
from pipelines.warehouse import forget_what_was_read
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
    workers = workers_for(count_changes(connection))
    if workers > 1:
        build.companions(workers)  # by the time the facts are made they have imported what measuring needs
    made = make_facts(build)
    for name in PUBLISHED:
        yield Made({"rows": build.tables()[name].rows}, name)
    shares = link_shares(settings_of(build.workspace), build.cut.as_of)
    build.write(LINK_SHARES, shares, order_by=("kind", "method"), internal=True)
    _write_control_facts(build, made)
    keep(build, settings_of(build.workspace), made)
    if workers > 1:
        forget_what_was_read(connection)  # most of the events: the processes that measure have better use for the room


def _write_control_facts(build: BuildStore, made: FactsMade) -> None:
    """Write what rests on the facts, which lie in files by now; the steps are dropped as soon as may be."""
    connection = build.connection
    build_control_facts(
        connection,
        materialise=False,
        are_steps_there=made.reached is None,
        with_reviews=not made.with_reviews,
        shallow_lines_per_minute=build.workspace.reviews.shallow_lines_per_minute,
        numbered=made.numbered,
    )
    if not made.with_reviews:
        write_all_reviews(build, made)
    drop(connection, *STEPS)
    for name in sorted(CONTROL_FACTS.keys() - {OF_STEPS}):
        build.write(name, name, order_by=("all",), build_only=True)
    drop(connection, *RESTED_ON)
