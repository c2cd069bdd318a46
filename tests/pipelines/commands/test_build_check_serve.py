"""The commands as a user calls them: exit status, one line on errors, an address that answers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pipelines.cli import run
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.support.small_workspace import CHANGES, built_small_workspace, make_small_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("commands"))


def plumbline(workspace: Workspace, *arguments: str) -> int:
    return run(["--workspace", str(workspace.root), *arguments])


def test_build_says_what_it_built(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    served = SnapshotFolder(workspace.state).current_id()
    assert plumbline(workspace, "build", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["snapshot_id"] == SnapshotFolder(workspace.state).current_id() != served
    assert said["tables"]["change_facts"] == CHANGES
    assert sum(said["verdicts"].values()) > 0


@pytest.mark.parametrize("instant", ["2026-03-01T00:00:00", "2026-03-01", "soon"])
def test_an_instant_without_a_zone_is_refused(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], instant: str
) -> None:
    assert plumbline(workspace, "build", "--as-of", instant) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "2026-10-31T00:00:00Z" in error


def test_a_wrong_register_is_one_line_and_nothing_is_published(
    workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    served = SnapshotFolder(workspace.state).current_id()
    workspace.registers_folder.mkdir()
    register = workspace.registers_folder / "tier_assignments.csv"
    register.write_text("repo_id,tier,valid_from\nhost:acme/one,1,2020-01-01\n")
    try:
        assert plumbline(workspace, "build") == 2
    finally:
        register.unlink()
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "two tiers at once" in error
    assert SnapshotFolder(workspace.state).current_id() == served


def test_check_exits_by_what_it_was_asked(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    plumbline(workspace, "check", "--format", "json")
    verdicts = json.loads(capsys.readouterr().out)["verdicts"]
    statuses = {verdict["status"] for verdict in verdicts}
    assert statuses
    assert plumbline(workspace, "check", "--fail-on", "violated") == int("violated" in statuses)
    assert plumbline(workspace, "check", "--fail-on", "at_risk") == int(bool(statuses & {"violated", "at_risk"}))


def test_check_before_the_first_build_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = make_small_workspace(tmp_path)
    assert plumbline(workspace, "check") == 2
    assert "plumbline build" in capsys.readouterr().err


def test_a_taken_port_is_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert plumbline(workspace, "serve", "--port", str(taken.getsockname()[1])) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--port" in error


@pytest.mark.parametrize(("command", "stop"), [("serve", signal.SIGTERM), ("orchestrate", signal.SIGINT)])
def test_a_server_prints_the_address_at_which_it_answers(
    workspace: Workspace, command: str, stop: signal.Signals
) -> None:
    arguments = [sys.executable, "-c", "from pipelines.cli import main; main()", command, "--port", "0"]
    environment = {**os.environ, "PLUMBLINE_WORKSPACE": str(workspace.root)}
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = next(text for text in server.stdout if "stop with Ctrl-C" in text)
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found is not None
        with urllib.request.urlopen(found[0]) as page:
            assert page.status == 200
        server.send_signal(stop)
        assert server.wait(30) == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(found[0])
