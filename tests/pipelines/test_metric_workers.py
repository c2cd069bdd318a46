"""Definitions run in processes of their own write the very files that they write in this one."""

import pytest

from metrics.definitions import all_metrics
from pipelines.build_engine import RELATIONS, engine_of
from pipelines.build_store import BuildStore, last_cut
from pipelines.metric_workers import UNITS_WORTH_A_PROCESS, Ground, measure, measure_all, workers_for
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
        relations = {name: build.paths(name) for name in RELATIONS}
        ground = Ground.of(engine, relations, include_bots=False, parts=build.folder.parts)
        apart = measure_all(metrics, ground, workers=2)
        assert apart == {metric.id: measure(metric, engine, build.folder.parts) for metric in metrics}
    assert apart["pr_cycle_time"].rows > 0


def test_a_small_organisation_starts_no_process() -> None:
    assert workers_for(UNITS_WORTH_A_PROCESS - 1) == 1
    assert workers_for(UNITS_WORTH_A_PROCESS) >= 1
