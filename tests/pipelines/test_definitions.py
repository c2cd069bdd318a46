"""The asset graph as Dagster sees it."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from metrics.definitions import all_metrics
from pipelines.definitions import load
from pipelines.jobs import BRIEF_JOB, BUILD_JOB, ROI_JOB
from pipelines.schedules.monthly_brief import second_working_day
from pipelines.schedules.quarterly_roi import fourth_working_day
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
        node = graph.get(dg.AssetKey.from_user_string(metric_key(metric.id)))
        assert metric.formula in (node.description or "")
        assert node.code_version == metric.version


def test_every_event_table_is_in_the_graph(definitions: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert set(event_tables()) <= keys


def test_the_snapshot_waits_for_every_published_table_and_each_is_checked(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    made = {key.to_user_string() for key in graph.get_all_asset_keys()} & set(published_tables())
    assert {"change_facts", "metric_values", "comparisons", "verdicts", "quarantine", "source_status"} <= made
    assert made <= {key.to_user_string() for key in graph.get(dg.AssetKey("snapshot")).parent_keys}
    assert {key.asset_key.to_user_string() for key in graph.asset_check_keys} == {*made, "alerts"}


def test_nothing_comes_after_the_snapshot_but_briefs_and_alerts(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    before = graph.upstream_key_iterator(dg.AssetKey("snapshot"))
    rest = graph.get_all_asset_keys() - set(before) - {dg.AssetKey("snapshot")}
    assert {key.to_user_string() for key in rest} == {"alerts", "monthly_brief", "roi_report"}


def test_a_build_tells_and_writes_no_brief(definitions: dg.Definitions) -> None:
    made = {key.to_user_string() for key in definitions.resolve_job_def(BUILD_JOB).asset_layer.executable_asset_keys}
    assert {"alerts", "snapshot"} <= made
    assert not {"monthly_brief", "roi_report"} & made


def test_each_brief_has_a_job_that_makes_no_other(definitions: dg.Definitions) -> None:
    for job, brief, other in ((BRIEF_JOB, "monthly_brief", "roi_report"), (ROI_JOB, "roi_report", "monthly_brief")):
        made = {key.to_user_string() for key in definitions.resolve_job_def(job).asset_layer.executable_asset_keys}
        assert {"alerts", "snapshot", brief} <= made
        assert other not in made


def test_nothing_in_the_graph_is_missing(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert graph.get_all_asset_keys() == graph.materializable_asset_keys


def test_schedules_run_in_the_zone_of_the_workspace(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or ()}
    daily = schedules["daily_build"]
    assert isinstance(daily, dg.ScheduleDefinition)
    assert (daily.cron_schedule, daily.execution_timezone) == ("0 5 * * *", "Europe/Berlin")
    assert daily.job_name == BUILD_JOB
    monthly = schedules["monthly_brief"]
    assert isinstance(monthly, dg.ScheduleDefinition)
    assert (monthly.execution_timezone, monthly.job_name) == ("Europe/Berlin", BRIEF_JOB)
    quarterly = schedules["quarterly_roi"]
    assert isinstance(quarterly, dg.ScheduleDefinition)
    assert (quarterly.execution_timezone, quarterly.job_name) == ("Europe/Berlin", ROI_JOB)


def test_the_report_is_due_once_in_the_first_week_of_a_quarter() -> None:
    for month in (1, 4, 7, 10):
        for year in range(2024, 2031):
            week = [date(year, month, number) for number in range(1, 8)]
            due = [day for day in week if day == fourth_working_day(day)]
            assert len(due) == 1
            assert due[0].weekday() < 5
            assert due[0] > second_working_day(due[0])


def test_the_daily_run_asks_the_job_for_what_it_takes(definitions: dg.Definitions) -> None:
    daily = next(each for each in definitions.schedules or () if each.name == "daily_build")
    assert isinstance(daily, dg.ScheduleDefinition)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, scheduled_execution_time=datetime(2026, 11, 2, 4, tzinfo=UTC))
        (request,) = daily.evaluate_tick(context).run_requests or ()
    assert request.run_config["ops"] == {"events": {"config": {"pull": True}}}
    assert dg.validate_run_config(definitions.resolve_job_def(BUILD_JOB), request.run_config)


@pytest.mark.parametrize(
    ("month", "day"), [("2026-06", 2), ("2026-05", 4), ("2026-08", 4), ("2026-11", 3), ("2026-01", 2), ("2026-10", 2)]
)
def test_the_brief_is_due_on_the_second_working_day(month: str, day: int) -> None:
    assert second_working_day(date.fromisoformat(f"{month}-20")).day == day


def test_the_monthly_schedule_skips_other_days(definitions: dg.Definitions) -> None:
    monthly = next(each for each in definitions.schedules or () if each.name == "monthly_brief")
    assert isinstance(monthly, dg.ScheduleDefinition)
    runs = {}
    for day in (2, 3, 4):
        at = datetime(2026, 11, day, 5, tzinfo=UTC)
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at)
            runs[day] = len(monthly.evaluate_tick(context).run_requests or ())
    assert runs == {2: 0, 3: 1, 4: 0}


def test_dagster_finds_the_workspace_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.definitions import definitions as lazy

    (tmp_path / "plumbline.toml").write_text(CONFIGURATION)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(tmp_path))
    loaded = lazy()
    assert loaded.resolve_job_def(BUILD_JOB).name == BUILD_JOB
