"""A whole build without a run of Dagster's: the same stages and checks, in the order of the same graph.

Of a small organisation Dagster's import, event log, run storage and snapshots of plans take longer than most stages,
and nobody reads them after `plumbline build`. Schedules, sensors and its web server run the job of
`pipelines.definitions`, which is made of these same stages.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import duckdb

from pipelines.apart import Apart
from pipelines.build_store import BuildStore, count_changes
from pipelines.companion import workers_for
from pipelines.lanes import Lane, make_in_lanes
from pipelines.snapshot_stage import SNAPSHOT
from pipelines.stage import Stage
from pipelines.table_checks import Written, faults_of
from schemas.errors import PlumblineError
from schemas.published import all_tables

FACTS = "change_facts"
Making = Callable[[Callable[[Stage], object], Stage], None]
"""Makes a stage in the way that is given, with all that belongs to it."""


class TableRejected(PlumblineError):
    """A built table breaks its own schema: a defect of ours, not of the input. Nothing was published."""


def make_all(build: BuildStore, stages: Mapping[Stage, frozenset[Stage]]) -> None:
    """Make every asset, and check each published table while what comes after it is made; publish only good ones.

    What comes after the facts is made in two lanes: of a large organisation in two threads, of a small one in this
    process and its companion, if it has one.

    Args:
        build: where.
        stages: the assets in an order in which they can be made, and what each waits for.

    Raises:
        TableRejected: a table breaks its schema.
        PlumblineError: whatever a stage has to say.
    """
    with duckdb.connect() as connection, ThreadPoolExecutor(1) as beside:
        checks: list[Future[str | None]] = []

        def made(make: Callable[[Stage], object], stage: Stage) -> None:
            if SNAPSHOT in stage.names:
                _reject_broken(checks, build)
            make(stage)
            tables = [all_tables().get(name) for name in sorted(stage.names)]
            checks.extend(beside.submit(_first_fault, connection, Written.of(build, each)) for each in tables if each)

        try:
            _make_each(made, build, stages)
        except Exception:
            _reject_broken(checks, build)  # a stage that stumbles over a broken table is not what is wrong
            raise
        _reject_broken(checks, build)


def _make_each(made: Making, build: BuildStore, stages: Mapping[Stage, frozenset[Stage]]) -> None:
    """Make the stages: one after another up to the facts, since stages of events may write the warehouse."""
    order = list(stages)
    last = next(number for number, stage in enumerate(order) if FACTS in stage.names)
    here = _lane_of(build, made)
    for stage in order[:last]:
        here.make(stage)
    is_large = workers_for(count_changes(build.connection)) > 1
    # A warehouse as known at some instant is this process's own.
    apart = Apart(build, build.companion) if build.companion and not is_large and not build.cut.known_at else None
    here.make(order[last])
    rest = order[last + 1 :]
    awaited = {stage: stages[stage].intersection(rest) for stage in rest}
    if is_large:
        with build.beside() as other:
            make_in_lanes(awaited, here, _lane_of(other, made))
    elif apart:
        make_in_lanes(awaited, here, Lane(partial(made, apart.make), apart.interrupt))
    else:
        for stage in rest:
            here.make(stage)


def _lane_of(build: BuildStore, made: Making) -> Lane[Stage]:
    """A lane that makes stages in this process, each when it sees what the other lane has made since."""

    def make(stage: Stage) -> None:
        build.catch_up()
        stage(build)

    return Lane(partial(made, make), build.interrupt)


def _first_fault(connection: duckdb.DuckDBPyConnection, written: Written) -> str | None:
    return next(faults_of(connection, written), None)


def _reject_broken(checks: Sequence[Future[str | None]], build: BuildStore) -> None:
    """Wait for the checks, and refuse what they found."""
    for fault in (check.result() for check in checks):
        if fault is not None:
            raise TableRejected(fault, str(build.workspace.root), "nothing was published")
