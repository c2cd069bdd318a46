"""The aggregator on a build's facts, for every stage that reads figures or the records behind them."""

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from pipelines.build_store import BuildStore


def engine_of(build: BuildStore) -> Engine:
    """The aggregator on this build's facts."""
    connection = build.connection
    calendar = Calendar(build.workspace.timezone, build.workspace.week_start)
    named = connection.execute("select tier, baseline_start, baseline_end from baselines").fetchall()
    return Engine.over(
        connection,
        calendar,
        build.cut.as_of,
        {tier: Period(start, end) for tier, start, end in named},
        include_bots=build.workspace.include_bots,
    )
