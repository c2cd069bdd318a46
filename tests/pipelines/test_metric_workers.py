"""Definitions run in processes of their own write the very files that they write in this one."""

import operator
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from metrics.definitions import all_metrics
from pipelines.build_engine import RELATIONS, engine_of
from pipelines.build_store import BuildStore, last_cut
from pipelines.companion import LIMIT, UNITS_WORTH_A_PROCESS, Companion, available_cores, workers_for
from pipelines.kept_metrics import Kept
from pipelines.metric_workers import Ground, Past, _queue, measure, measure_apart, measure_here
from schemas.errors import PlumblineError
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace

CHOSEN = ("pr_cycle_time", "change_failure_rate", "throughput", "review_load", "code_rework_rate", "intent_lead_time")


@pytest.fixture
def build(demo_workspace: Workspace) -> BuildStore:
    cut = last_cut(SnapshotFolder(demo_workspace.state))
    assert cut is not None
    return BuildStore(demo_workspace, cut, cut.as_of)


def test_two_processes_write_the_same_parts_as_none(build: BuildStore) -> None:
    with build:
        engine, metrics = engine_of(build), [all_metrics()[name] for name in CHOSEN]
        relations = {name: build.relation(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        apart = measure_apart(metrics, ground, build.companions(2))
        assert apart == {metric.id: measure(metric, engine, build.folder.parts) for metric in metrics}
    assert apart["pr_cycle_time"].rows > 0


def test_a_companion_takes_its_share_and_writes_the_same_parts(build: BuildStore) -> None:
    with build, Companion() as companion:
        engine, metrics = engine_of(build), [all_metrics()[name] for name in CHOSEN]
        relations = {name: build.relation(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        alone = measure_here(metrics, engine, ground)
        assert measure_here(metrics, engine, ground, companion) == alone
        # All that it is asked for, it gives; whoever is quicker takes the next.
        assert companion.run(operator.add, 1, 1) == 2


def test_what_a_refresh_measures_whole_is_measured_by_one_process() -> None:
    metrics = [all_metrics()[name] for name in (*CHOSEN, "throughput_stability", "outcomes_per_team_week")]
    alone = _queue(metrics, Past())
    assert sorted(metric.id for (metric,) in alone) == sorted(metric.id for metric in metrics)
    kept = Kept("", datetime(2026, 1, 1), (), None, [], (), (), (), {})  # noqa: DTZ001 -- UTC
    together, *others = _queue(metrics, Past(kept={"pr_cycle_time": kept}))
    assert {metric.id for metric in together} == {"throughput", "throughput_stability", "outcomes_per_team_week"}
    assert all(len(each) == 1 for each in others)
    assert len(others) + len(together) == len(metrics)


def test_a_companion_that_is_ended_is_told_of_in_one_line(build: BuildStore) -> None:
    with build, Companion() as companion:
        engine = engine_of(build)
        relations = {name: build.relation(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        process = companion.run(os.getpid)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(PlumblineError, match="ended from outside"):
            measure_here([all_metrics()["throughput"]] * 2, engine, ground, companion)


def test_where_one_process_is_ended_the_others_are_ended(build: BuildStore) -> None:
    with build:
        engine = engine_of(build)
        relations = {name: build.relation(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        ended, other = build.companions(2)
        os.kill(ended.run(os.getpid), signal.SIGKILL)
        with pytest.raises(PlumblineError, match="ended from outside"):
            measure_apart([all_metrics()["pr_cycle_time"]] * 1000, ground, [ended, other])
        with pytest.raises(RuntimeError):
            other.run(os.getpid)


def test_a_build_that_is_interrupted_does_not_wait_for_what_is_measured(build: BuildStore) -> None:
    with build:
        engine = engine_of(build)
        relations = {name: build.relation(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        metrics = [all_metrics()["pr_cycle_time"]] * 1000
        with ThreadPoolExecutor(1) as other_lane:
            measured = other_lane.submit(measure_apart, metrics, ground, build.companions(2))
            build.interrupt()
            assert isinstance(measured.exception(), PlumblineError | RuntimeError)


def test_a_build_goes_on_with_the_companion_that_it_was_begun_with(build: BuildStore) -> None:
    with build, Companion() as companion:
        build.companion = companion
        first, second = build.companions(2)
        assert first is companion
        assert build.companions(2) == [first, second]
        build.end_companions()
        assert build.companion is None


@pytest.mark.parametrize(("said", "cores"), [("1", 1), ("0", 1), ("many", None), ("", None)])
def test_the_environment_says_how_many_processes_may_measure(
    said: str, cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(LIMIT, raising=False)
    usual = available_cores()
    monkeypatch.setenv(LIMIT, said)
    assert available_cores() == (cores or usual)


def test_a_small_organisation_starts_no_process() -> None:
    assert workers_for(UNITS_WORTH_A_PROCESS - 1) == 1
    assert workers_for(UNITS_WORTH_A_PROCESS) >= 1
