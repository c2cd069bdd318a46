"""A whole build without a run of Dagster's: the same stages and checks, in the order of the same graph.

Of a small organisation Dagster's import, event log, run storage and snapshots of plans take longer than most stages,
and nobody reads them after `plumbline build`. Schedules, sensors and its web server run the job of
`pipelines.definitions`, which is made of these same stages.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb

from pipelines.build_store import BuildStore, count_changes
from pipelines.companion import workers_for
from pipelines.lanes import make_in_lanes
from pipelines.snapshot_stage import SNAPSHOT
from pipelines.stage import Stage
from pipelines.table_checks import Written, faults_of
from schemas.errors import PlumblineError
from schemas.published import all_tables

FACTS = "change_facts"


class TableRejected(PlumblineError):
    """A built table breaks its own schema: a defect of ours, not of the input. Nothing was published."""


def make_all(build: BuildStore, stages: Mapping[Stage, frozenset[Stage]]) -> None:
    """Make every asset, and check each published table while what comes after it is made; publish only good ones.

    Of a large organisation, what comes after the facts is made in two lanes.

    Args:
        build: where.
        stages: the assets in an order in which they can be made, and what each waits for.

    Raises:
        TableRejected: a table breaks its schema.
        PlumblineError: whatever a stage has to say.
    """
    with duckdb.connect() as connection, ThreadPoolExecutor(1) as beside:
        checks: list[Future[str | None]] = []

        def make(stage: Stage, build: BuildStore) -> None:
            if SNAPSHOT in stage.names:
                _reject_broken(checks, build)
            stage(build)
            tables = [all_tables().get(name) for name in sorted(stage.names)]
            checks.extend(beside.submit(_first_fault, connection, Written.of(build, each)) for each in tables if each)

        try:
            _make_each(make, build, stages)
        except Exception:
            _reject_broken(checks, build)  # a stage that stumbles over a broken table is not what is wrong
            raise
        _reject_broken(checks, build)


def _make_each(
    make: Callable[[Stage, BuildStore], None],
    build: BuildStore,
    stages: Mapping[Stage, frozenset[Stage]],
) -> None:
    """Make the stages: one after another up to the facts, since stages of events may write the warehouse."""
    order = list(stages)
    last = next(number for number, stage in enumerate(order) if FACTS in stage.names)
    for stage in order[: last + 1]:
        make(stage, build)
    rest = order[last + 1 :]
    if workers_for(count_changes(build.connection)) > 1:
        make_in_lanes({stage: stages[stage].intersection(rest) for stage in rest}, make, build)
    else:
        for stage in rest:
            make(stage, build)


def _first_fault(connection: duckdb.DuckDBPyConnection, written: Written) -> str | None:
    return next(faults_of(connection, written), None)


def _reject_broken(checks: Sequence[Future[str | None]], build: BuildStore) -> None:
    """Wait for the checks, and refuse what they found."""
    for fault in (check.result() for check in checks):
        if fault is not None:
            raise TableRejected(fault, str(build.workspace.root), "nothing was published")
