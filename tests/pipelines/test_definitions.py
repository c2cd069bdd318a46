"""The asset graph as Dagster sees it."""

from pathlib import Path

import dagster as dg
import pytest

from metrics.definitions import all_metrics
from pipelines.definitions import BUILD_JOB, load
from pipelines.stages.metrics import metric_key
from schemas.events import all_tables as event_tables
from schemas.published import all_tables as published_tables
from schemas.workspace import load_workspace
from tests.support.small_workspace import CONFIGURATION


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    root = tmp_path_factory.mktemp("workspace")
    (root / "plumbline.toml").write_text(CONFIGURATION)
    return load(load_workspace(root))


def test_the_definitions_are_valid(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_every_metric_is_in_the_graph_with_its_description_and_version(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for metric in all_metrics().values():
        node = graph.get(metric_key(metric.id))
        assert metric.formula in (node.description or "")
        assert node.code_version == metric.version


def test_every_event_table_is_in_the_graph(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert set(event_tables()) <= keys


def test_the_snapshot_waits_for_every_published_table_and_each_is_checked(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    made = {key.to_user_string() for key in graph.get_all_asset_keys()} & set(published_tables())
    assert {"change_facts", "metric_values", "comparisons", "verdicts", "quarantine", "source_status"} <= made
    assert {key.to_user_string() for key in graph.get(dg.AssetKey("snapshot")).parent_keys} == made
    assert {key.asset_key.to_user_string() for key in graph.asset_check_keys} == made


def test_nothing_in_the_graph_is_missing(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert graph.get_all_asset_keys() == graph.materializable_asset_keys


def test_schedules_run_in_the_zone_of_the_workspace(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or ()}
    daily = schedules["daily_build"]
    assert isinstance(daily, dg.ScheduleDefinition)
    assert (daily.cron_schedule, daily.execution_timezone) == ("0 5 * * *", "Europe/Berlin")
    assert daily.job_name == BUILD_JOB


def test_dagster_finds_the_workspace_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.definitions import definitions as lazy

    (tmp_path / "plumbline.toml").write_text(CONFIGURATION)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path))
    loaded = lazy()
    assert loaded.resolve_job_def(BUILD_JOB).name == BUILD_JOB
