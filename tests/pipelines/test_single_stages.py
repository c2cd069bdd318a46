"""A single stage can be run again from Dagster, on what the last build left."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import load
from pipelines.jobs import BUILD_JOB
from pipelines.stages.metrics import metric_key
from schemas.errors import PlumblineError
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.support.small_workspace import built_small_workspace

SNAPSHOT = "snapshot"


@pytest.fixture
def built(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Built as of the present, so that a later run would have another cut."""
    return built_small_workspace(tmp_path_factory, tmp_path, is_of_today=True)


def materialise(workspace: Workspace, *names: str, **cut: str) -> None:
    """What the web server does when assets are chosen there."""
    job = load(workspace).resolve_implicit_global_asset_job_def()
    config = {
        "resources": {"build": {"config": {"workspace": str(workspace.root), **cut}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey.from_user_string(name) for name in names], run_config=config
        )


def test_dagsters_job_and_the_command_build_the_same(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = built_small_workspace(tmp_path_factory, tmp_path)
    by_command = SnapshotFolder(workspace.state).current()
    assert by_command is not None
    with dg.DagsterInstance.ephemeral() as instance:
        load(workspace).resolve_job_def(BUILD_JOB).execute_in_process(
            instance=instance,
            run_config={
                "resources": {"build": {"config": {"workspace": str(workspace.root), "fresh": True}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )
    by_job = SnapshotFolder(workspace.state).current()
    assert by_job is not None
    assert by_job.snapshot_id != by_command.snapshot_id
    assert list(by_job.tables) == list(by_command.tables)
    # A brief names its snapshot, whose name tells the time.
    differing = {name for name, table in by_job.tables.items() if table != by_command.tables[name]}
    assert differing <= {"brief_documents"}


def test_one_metric_run_again_changes_nothing_else(built: Workspace) -> None:
    folder = SnapshotFolder(built.state)
    before = folder.current()
    materialise(built, metric_key("pr_cycle_time"), "metric_values", SNAPSHOT)
    after = folder.current()
    assert before is not None
    assert after is not None
    assert after.as_of == before.as_of
    assert after.tables["metric_values"].rows == before.tables["metric_values"].rows
    assert after.tables["change_facts"] == before.tables["change_facts"]


def test_tables_of_two_cuts_are_never_published_together(built: Workspace) -> None:
    folder = SnapshotFolder(built.state)
    served = folder.current_id()
    with pytest.raises(PlumblineError, match="another cut"):
        materialise(built, "definition_log", SNAPSHOT, as_of="2026-03-01T00:00:00Z")
    assert folder.current_id() == served


def test_the_brief_of_the_month_keeps_its_snapshot_for_good(built: Workspace) -> None:
    folder = SnapshotFolder(built.state)
    materialise(built, "monthly_brief")
    assert [path.name for path in folder.pins.iterdir()] == [folder.current_id()]
    written = {path.suffix for path in (built.state / "briefs").iterdir() if path.is_file()}
    assert written == {".html", ".pdf", ".md", ".json", ".csv"}
