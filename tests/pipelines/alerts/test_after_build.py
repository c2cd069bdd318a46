"""Which snapshots are told of, and how a build that fails is."""

from datetime import timedelta
from pathlib import Path
from typing import Never

import dagster as dg
import pytest

import pipelines.run_build
from pipelines.alerts.after_build import tell_of_failed_build, tell_of_snapshot, would_send
from pipelines.alerts.ledger import copy_of_ledger
from pipelines.alerts.ledger_file import FILE_NAME
from pipelines.build_store import BuildStore, Cut
from pipelines.dagster_assets import assets_of
from pipelines.run_build import run_build
from pipelines.stages.alerts import alerts
from schemas.errors import NoSnapshot, PlumblineError, WarehouseLocked
from schemas.workspace import Workspace, load_workspace
from tests.support.alerts import ESCAPES, STALE, START, Builds, channel, workspace_with
from tests.support.receivers import WebReceiver


@pytest.fixture
def workspace(tmp_path: Path, web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace that tells the web receiver."""
    monkeypatch.setenv("OPS", web.address)
    return workspace_with(tmp_path, channel("ops"))


def test_a_look_back_tells_nothing_and_closes_nothing(workspace: Workspace, web: WebReceiver) -> None:
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, world)
    builds.publish([STALE], as_of=START - timedelta(days=90))
    assert "look back" in tell_of_snapshot(workspace, world).skipped
    builds.publish([STALE], as_of=START)  # of today, but before what was compared last
    assert "look back" in tell_of_snapshot(workspace, world).skipped
    builds.publish([STALE], known_at="2026-11-01T00:00:00Z")
    assert "look back" in tell_of_snapshot(workspace, world).skipped
    assert len(web.messages) == 1
    with copy_of_ledger(workspace.state) as ledger:
        assert [alert.finding_id for alert in ledger.alerts()] == [ESCAPES.finding_id]


def test_a_workspace_with_a_cut_of_its_own_is_told_of_at_that_cut(tmp_path: Path, web: WebReceiver) -> None:
    workspace = workspace_with(tmp_path, "as_of = 2026-03-01T00:00:00Z\n", channel("ops"))
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    builds.publish([ESCAPES])
    assert tell_of_snapshot(workspace, world).skipped
    assert workspace.as_of is not None
    builds.publish([ESCAPES], as_of=workspace.as_of.replace(tzinfo=None))
    assert tell_of_snapshot(workspace, world).skipped == ""
    assert len(web.messages) == 1


def test_a_failed_build_is_told_once_until_one_succeeds(workspace: Workspace, web: WebReceiver) -> None:
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, world)
    tell_of_failed_build(workspace, "the disk is full", world)
    tell_of_failed_build(workspace, "the disk is still full", world)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, world)
    assert web.titles[1:] == ["test: the build (build, high)", "test: recovered: the build (build, high)"]
    assert web.messages[1]["message"].startswith("the disk is full")


def test_a_snapshot_without_findings_closes_nothing_but_the_failed_build(
    workspace: Workspace, web: WebReceiver
) -> None:
    builds = Builds(workspace)
    world = builds.world(ops=web.address)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, world)
    tell_of_failed_build(workspace, "the disk is full", world)
    builds.publish_without_findings()
    tell_of_snapshot(workspace, world)
    assert web.titles[2:] == ["test: recovered: the build (build, high)"]


def raising(error: Exception) -> object:
    def fails() -> Never:
        raise error

    return fails


def test_a_build_that_fails_tells_so_and_fails_as_before(
    workspace: Workspace, web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.state.mkdir()
    workspace.warehouse_path.touch()
    broken = raising(PlumblineError("two tiers at once", "tiers.csv:3"))
    monkeypatch.setattr(pipelines.run_build, "stages_in_order", broken)
    with pytest.raises(PlumblineError, match="two tiers at once"):
        run_build(workspace, as_of=START)  # whoever looks back sees it
    assert web.messages == []
    with pytest.raises(PlumblineError, match="two tiers at once"):
        run_build(workspace)
    assert web.messages[0]["message"].startswith("tiers.csv:3: two tiers at once")


def test_another_build_that_runs_is_no_failure(
    workspace: Workspace, web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.state.mkdir()
    workspace.warehouse_path.touch()
    monkeypatch.setattr(pipelines.run_build, "stages_in_order", raising(WarehouseLocked("another build is running")))
    with pytest.raises(WarehouseLocked):
        run_build(workspace)
    assert web.messages == []


def test_a_ledger_that_cannot_be_used_hides_no_failure(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.state.mkdir()
    workspace.warehouse_path.touch()
    (workspace.state / FILE_NAME).write_text("this is no database, whatever its name says\n" * 100)
    monkeypatch.setattr(pipelines.run_build, "stages_in_order", raising(PlumblineError("two tiers at once")))
    with pytest.raises(PlumblineError, match="two tiers at once") as caught:
        run_build(workspace)
    assert FILE_NAME in caught.value.__notes__[0]


def test_a_trial_run_shows_what_would_be_sent_and_changes_nothing(workspace: Workspace, web: WebReceiver) -> None:
    builds = Builds(workspace)
    with pytest.raises(NoSnapshot):
        tell_of_snapshot(workspace, builds.world())
    builds.publish([ESCAPES, STALE])
    assert len(would_send(workspace, builds.world())) == 2
    assert not (workspace.state / FILE_NAME).exists()
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, builds.world(ops=web.address))
    before = (workspace.state / FILE_NAME).read_bytes()
    builds.publish([STALE])
    assert [each.note.title for each in would_send(workspace, builds.world())] == [
        "test: github (stale source, medium)",
        "test: recovered: speed_vs_escape in tier 3 (verdict, high)",
    ]
    assert len(web.messages) == 1
    assert (workspace.state / FILE_NAME).read_bytes() == before


def materialise(workspace: Workspace) -> dict[str, bool]:
    """Run the asset alone; gives its checks. It may not fail whatever comes of telling."""
    store = BuildStore(workspace, Cut(START), START)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([assets_of(alerts)], resources={"build": store}, instance=instance)
    assert result.success
    return {each.check_name: each.passed for each in result.get_asset_check_evaluations()}


def test_the_asset_carries_delivery_and_open_findings_as_checks(workspace: Workspace, web: WebReceiver) -> None:
    Builds(load_workspace(workspace.root)).publish([ESCAPES])
    web.status = 503
    assert materialise(workspace) == {"delivered": False, "nothing_open": False}
    web.status = 200
    assert materialise(workspace) == {"delivered": True, "nothing_open": False}
    Builds(workspace, count=1).publish([])
    assert materialise(workspace) == {"delivered": True, "nothing_open": True}
    assert len(web.messages) == 2


def test_an_unusable_ledger_fails_no_build(workspace: Workspace) -> None:
    Builds(workspace).publish([ESCAPES])
    (workspace.state / FILE_NAME).write_text("this is no database, whatever its name says\n" * 100)
    assert materialise(workspace)["delivered"] is False
