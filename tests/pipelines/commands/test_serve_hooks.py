"""The command as a process of its own: it says its addresses, logs, keeps what it answered, and ends politely."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pipelines.cli import run
from pipelines.hooks.spool import Delivery, Spool
from tests.support.hooks import SECRET, github_headers, hook_workspace
from tests.support.pulling import contents

BODY = b'{"deployment_id": "1", "repo_id": "r", "status": "cancelled"}'


@contextmanager
def served(folder: Path, *more: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The command on a free port: the address of its first hook, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "--workspace", str(folder), "serve-hooks", "--port", "0", *more],
        env={**os.environ, "SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        found = re.search(r"github deliveries to (http://\S+)/hooks/github", process.stderr.readline())
        assert found is not None
        assert process.stderr.readline().startswith("deployments deliveries to http://127.0.0.1:")
        assert process.stderr.readline() == "Stop with Ctrl-C\n"
        yield found.group(1), process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_finishes_what_is_at_hand_and_ends_with_0(tmp_path: Path, how: signal.Signals) -> None:
    hook_workspace(tmp_path)

    def pieces() -> Iterator[bytes]:
        yield BODY[:10]
        process.send_signal(how)
        time.sleep(0.3)  # the signal arrives while the delivery is on its way
        yield BODY[10:]

    with served(tmp_path, "--json") as (address, process):
        answer = httpx.post(f"{address}/hooks/github", content=pieces(), headers=github_headers("push", BODY))
        assert answer.status_code == 202
        assert process.wait(20) == 0
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert (line["hook"], line["event"], line["status"], line["bytes"]) == ("github", "push", 202, len(BODY))


def test_what_was_answered_survives_a_kill_and_the_next_ingest_takes_it_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = hook_workspace(tmp_path)
    headers = {"X-Hub-Signature-256": github_headers("", BODY)["X-Hub-Signature-256"]}
    with served(tmp_path) as (address, process):
        assert httpx.post(f"{address}/hooks/deploys", content=BODY, headers=headers).status_code == 200
        process.kill()
    assert Spool(workspace.state).has_waiting(workspace.hooks)
    assert run(["--workspace", str(tmp_path), "ingest", "hooks"]) == 0
    taken = ["hooks", "deliveries", "deploys", "complete", "0", "1"]
    assert capsys.readouterr().out.splitlines()[1].split()[:6] == taken
    assert [row["deployment_id"] for row in contents(workspace)["deployments"]] == ["1"]


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ('name = "test"', "no hook is configured; add a [[hooks]] table"),
        ('name = "test"\n[[hooks]]\nkind = "deployments"\nname = "d"\nsecret_env = "NOT_SET_HERE"', "holds no secret"),
        ('name = "test"\n[[hooks]]\nkind = "deployments"\nname = "d"\nsecret_file = "no"', "No such file"),
    ],
)
def test_what_is_wrong_is_told_before_it_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], configuration: str, words: str
) -> None:
    hook_workspace(tmp_path, configuration)
    assert run(["--workspace", str(tmp_path), "serve-hooks", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1


def test_a_build_takes_in_what_was_received_even_as_the_first_that_ever_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = hook_workspace(tmp_path)
    Spool(workspace.state).keep(Delivery("deploys", "deployment", datetime(2026, 3, 2, tzinfo=UTC), BODY))
    assert run(["--workspace", str(tmp_path), "status"]) == 0
    assert "hooks/deploys: 1 delivery to be taken in by the next ingest or build" in capsys.readouterr().out
    assert run(["--workspace", str(tmp_path), "build", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["deployment_facts"] == 1
    again = BODY.replace(b'"1"', b'"2"')
    Spool(workspace.state).keep(Delivery("deploys", "deployment", datetime(2026, 3, 3, tzinfo=UTC), again))
    assert run(["--workspace", str(tmp_path), "build", "--json", "--known-at", "2026-03-02T12:00:00Z"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["deployment_facts"] == 1
    assert Spool(workspace.state).has_waiting(workspace.hooks)
    assert run(["--workspace", str(tmp_path), "build", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["deployment_facts"] == 2
