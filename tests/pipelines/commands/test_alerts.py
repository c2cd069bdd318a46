"""`plumbline alerts` and `plumbline ack` as a user calls them."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stamina

from pipelines.alerts.after_build import tell_of_snapshot
from pipelines.alerts.listing import acknowledged_by
from pipelines.cli import run
from schemas.errors import PlumblineError
from schemas.workspace import Workspace
from tests.support.alerts import ESCAPES, STALE, Builds, channel, workspace_with
from tests.support.receivers import SECRET, WebReceiver, web_receiver


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver, stamina.set_testing(True, attempts=2):
        yield receiver


@pytest.fixture
def workspace(tmp_path: Path, web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Two findings are open and told to the channel ops."""
    monkeypatch.setenv("OPS", web.address)
    workspace = workspace_with(tmp_path, channel("ops"))
    builds = Builds(workspace)
    builds.publish([STALE, ESCAPES])
    tell_of_snapshot(workspace, replace(builds.world(), environment=os.environ))
    return workspace


def plumbline(workspace: Workspace, *arguments: str) -> int:
    return run(["--workspace", str(workspace.root), *arguments])


def test_alerts_are_listed_with_their_state(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert plumbline(workspace, "alerts") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["open", "high", "tier", "3", "verdict", "speed_vs_escape"]
    assert [line.strip() for line in lines[1:4]] == [
        "rollbacks rose from 3 % to 6 %",
        "told ops",
        f"since 2026-11-01T02:00:00Z, id {ESCAPES.finding_id}",
    ]
    assert lines[4].split() == ["open", "medium", "stale", "source", "github"]
    assert plumbline(workspace, "alerts", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(alert["finding_id"], alert["state"]) for alert in listed] == [
        (ESCAPES.finding_id, "open"),
        (STALE.finding_id, "open"),
    ]
    assert listed[0]["deliveries"][0]["channel"] == "ops"


def test_an_acknowledgement_is_told_and_listed(
    workspace: Workspace, web: WebReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("ack", STALE.finding_id, "--by", "Jo Example", "--reason", "the token was renewed")
    assert plumbline(workspace, *arguments) == 0
    assert plumbline(workspace, *arguments) == 0  # once more changes nothing
    assert web.titles[2:] == ["test: acknowledged by Jo Example: github (stale source, medium)"]
    assert acknowledged_by(workspace) == {STALE.finding_id: "Jo Example"}
    capsys.readouterr()
    plumbline(workspace, "alerts")
    listed = capsys.readouterr().out
    assert "acknowledged  medium" in listed
    assert "taken by Jo Example: the token was renewed; told ops" in listed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ack", "stale:githb", "--by", "Jo", "--reason", "x"), "did you mean stale:github?"),
        (("ack", "speed_vs_escape", "--by", "Jo", "--reason", "x"), f"did you mean {ESCAPES.finding_id}?"),
        (("ack", "something else", "--by", "Jo", "--reason", "x"), "`plumbline alerts` lists"),
        (("ack", "stale:github", "--by", " ", "--reason", "x"), "needs a name and a reason"),
        (("ack", "stale:github", "--by", "Jo"), "--reason"),
        (("alerts", "--test", "--dry-run"), "one at a time"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert plumbline(workspace, *arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_closed_finding_cannot_be_taken_and_is_listed_when_asked_for(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    builds = Builds(workspace, count=1)
    builds.publish([ESCAPES])
    tell_of_snapshot(workspace, replace(builds.world(), environment=os.environ))
    assert plumbline(workspace, "ack", STALE.finding_id, "--by", "Jo", "--reason", "x") == 2
    assert "is closed since" in capsys.readouterr().err
    plumbline(workspace, "alerts")
    assert "github" not in capsys.readouterr().out
    plumbline(workspace, "alerts", "--all")
    assert "closed        medium" in capsys.readouterr().out


def test_a_trial_goes_to_every_channel_and_gives_each_answer(
    tmp_path: Path, web: WebReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPS", web.address)
    monkeypatch.delenv("NIGHT", raising=False)
    workspace = workspace_with(tmp_path, channel("ops"), channel("night", 'minimum_severity = "critical"'))
    assert plumbline(workspace, "alerts", "--test") == 2
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "ops: taken"
    assert "night: " in told.out
    assert "environment variable NIGHT holds no address" in told.out
    assert "not taken by night" in told.err
    assert web.titles == ["test: trial of alerts"]
    monkeypatch.setenv("NIGHT", web.address)
    web.status = 500
    assert plumbline(workspace, "alerts", "--test", "--json") == 2
    answers = json.loads(capsys.readouterr().out)
    assert [answer["delivered"] for answer in answers] == [False, False]
    assert SECRET not in str(answers)
    web.status = 200
    assert plumbline(workspace, "alerts", "--test") == 0
    assert not (workspace.state / "alerts.sqlite").exists()  # a trial is no alert


def test_a_dry_run_prints_what_a_delivery_then_sends(
    workspace: Workspace, web: WebReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    web.status = 503
    assert plumbline(workspace, "ack", STALE.finding_id, "--by", "Jo", "--reason", "seen") == 0
    assert "1 waits for ops" in capsys.readouterr().err
    assert plumbline(workspace, "alerts", "--dry-run", "--json") == 0
    (shown,) = json.loads(capsys.readouterr().out)
    web.status = 200
    assert plumbline(workspace, "alerts", "--dry-run") == 0
    assert "1 messages would be sent" not in (text := capsys.readouterr().out)
    assert "1 message would be sent" in text
    assert plumbline(workspace, "alerts", "--deliver") == 0
    assert web.titles[-1] == shown["title"]
    assert plumbline(workspace, "alerts", "--dry-run") == 0
    assert capsys.readouterr().out.endswith("nothing would be sent\n")


def test_without_findings_or_channels_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = workspace_with(tmp_path)
    assert plumbline(workspace, "alerts") == 0
    told = capsys.readouterr()
    assert told.out == "no finding is open\n"
    assert "[[alerts.channels]]" in told.err
    assert plumbline(workspace, "alerts", "--test") == 2
    assert "no channel is configured" in capsys.readouterr().err


def test_a_build_that_fails_says_who_has_not_been_told(
    workspace: Workspace, web: WebReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise PlumblineError("two tiers at once", "tiers.csv:3")

    monkeypatch.setattr("pipelines.run_build.stages_in_order", fails)
    workspace.warehouse_path.touch()
    web.status = 503
    assert plumbline(workspace, "build") == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("alerts: 1 waits for ops")
    assert second == "plumbline: tiers.csv:3: two tiers at once"
    web.status = 200
    assert plumbline(workspace, "alerts", "--deliver") == 0
    assert web.messages[-1]["message"].startswith("tiers.csv:3: two tiers at once")
