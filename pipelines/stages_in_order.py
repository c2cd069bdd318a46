"""A whole build without a run of Dagster's: the same assets and checks, in the order of the same graph.

Of a small organisation Dagster's event log, run storage and snapshots of plans take longer than most stages, and
nobody reads them after `plumbline build`. Schedules, sensors and its web server run the job of `pipelines.definitions`,
which is made of these same assets.
"""

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
import duckdb
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction

from pipelines.build_store import BuildStore, count_changes
from pipelines.companion import workers_for
from pipelines.definitions import BUILT, assets
from pipelines.lanes import make_in_lanes
from pipelines.snapshot_asset import SNAPSHOT
from pipelines.table_checks import Written, faults_of
from schemas.errors import PlumblineError
from schemas.published import all_tables

FACTS = dg.AssetKey("change_facts")


class TableRejected(PlumblineError):
    """A built table breaks its own schema: a defect of ours, not of the input. Nothing was published."""


@dataclass(frozen=True)
class Asked:
    """What stages ask of Dagster's context: which of their tables are wanted (all of them), and where to log."""

    selected_asset_keys: Set[dg.AssetKey]
    log: logging.Logger


def stages_in_order() -> dict[dg.AssetsDefinition, frozenset[dg.AssetsDefinition]]:
    """The assets of a build, each after those that it waits for, which stand beside it."""
    found = assets()
    wanted = BUILT.resolve(found)
    makers = {key: asset for asset in found if asset.keys & wanted for key in asset.keys}
    awaited = {
        asset: frozenset(makers[dep.asset_key] for spec in asset.specs for dep in spec.deps if dep.asset_key in makers)
        for asset in makers.values()
    }
    return {asset: awaited[asset] for asset in TopologicalSorter(awaited).static_order()}


def make_all(build: BuildStore, stages: Mapping[dg.AssetsDefinition, frozenset[dg.AssetsDefinition]]) -> None:
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

        def make(stage: dg.AssetsDefinition, build: BuildStore) -> None:
            if SNAPSHOT in stage.keys:
                _reject_broken(checks, build)
            _make(stage, build)
            tables = [all_tables().get(key.to_user_string()) for key in sorted(stage.keys)]
            checks.extend(beside.submit(_first_fault, connection, Written.of(build, each)) for each in tables if each)

        try:
            _make_each(make, build, stages)
        except Exception:
            _reject_broken(checks, build)  # a stage that stumbles over a broken table is not what is wrong
            raise
        _reject_broken(checks, build)


def _make_each(
    make: Callable[[dg.AssetsDefinition, BuildStore], None],
    build: BuildStore,
    stages: Mapping[dg.AssetsDefinition, frozenset[dg.AssetsDefinition]],
) -> None:
    """Make the stages: one after another up to the facts, since stages of events may write the warehouse."""
    order = list(stages)
    last = next(number for number, stage in enumerate(order) if FACTS in stage.keys)
    for stage in order[: last + 1]:
        make(stage, build)
    rest = order[last + 1 :]
    if workers_for(count_changes(build.connection)) > 1:
        make_in_lanes({stage: stages[stage].intersection(rest) for stage in rest}, make, build)
    else:
        for stage in rest:
            make(stage, build)


def _make(stage: dg.AssetsDefinition, build: BuildStore) -> None:
    """Make the assets of a stage."""
    made = _body(stage)(**_arguments(stage, build))
    if isinstance(made, Iterator):  # a stage of several tables hands them over one by one
        for _ in made:
            pass


def _first_fault(connection: duckdb.DuckDBPyConnection, written: Written) -> str | None:
    return next(faults_of(connection, written), None)


def _reject_broken(checks: Sequence[Future[str | None]], build: BuildStore) -> None:
    """Wait for the checks, and refuse what they found."""
    for fault in (check.result() for check in checks):
        if fault is not None:
            raise TableRejected(fault, str(build.workspace.root), "nothing was published")


def _body(stage: dg.AssetsDefinition) -> Callable[..., object]:
    """The function that an asset was declared with."""
    compute = stage.op.compute_fn
    assert isinstance(compute, DecoratedOpFunction)  # noqa: S101 -- every stage is declared by a decorator
    return compute.decorated_fn


def _arguments(stage: dg.AssetsDefinition, build: BuildStore) -> dict[str, object]:
    """What the function asks for by name: the build, what Dagster's context would tell, and settings as they are."""
    log = logging.getLogger(__name__)
    log.disabled = True  # warnings are for the log of a run; what a reader has to know is in the tables
    given: dict[str, Any] = {"build": build, "context": Asked(stage.keys, log)}
    parameters = inspect.signature(_body(stage)).parameters
    return {name: given[name] if name in given else each.annotation() for name, each in parameters.items()}
