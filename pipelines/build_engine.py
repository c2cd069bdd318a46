"""The aggregator on a build's facts, for every stage that reads figures or the records behind them."""

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.facts.controls import CONTROL_FACTS
from metrics.ground import days_of
from metrics.units import Days
from pipelines.build_store import BuildStore

RELATIONS = (
    *("change_facts", "deployment_facts", "incident_facts", "defect_facts", "repo_dimension", "team_dimension"),
    *CONTROL_FACTS,
)
"""What definitions read."""


def calendar_of(build: BuildStore) -> Calendar:
    """The workspace's calendar."""
    return Calendar(build.workspace.timezone, build.workspace.week_start)


def days_of_build(build: BuildStore) -> Days:
    """The local days of this build's facts: looked for once for all stages."""
    stand = (build.cut, *(build.tables().get(name) for name in RELATIONS))
    return build.shared("days", stand, lambda: days_of(build.connection, calendar_of(build), build.cut.as_of))


def engine_of(build: BuildStore) -> Engine:
    """The aggregator on this build's facts: one for all stages, as long as they stay what they are."""
    stand = [build.tables().get(name) for name in (*RELATIONS, "baselines")]
    return build.shared("engine", (id(build.connection), *stand), lambda: _engine(build))


def _engine(build: BuildStore) -> Engine:
    connection = build.connection
    named = connection.execute("select tier, baseline_start, baseline_end from baselines").fetchall()
    return Engine.over(
        connection,
        calendar_of(build),
        build.cut.as_of,
        {tier: Period(start, end) for tier, start, end in named},
        include_bots=build.workspace.include_bots,
        days=days_of_build(build),
    )
