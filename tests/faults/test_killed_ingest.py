"""The process killed outright in the middle of a pull, and run again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from schemas.workspace import Workspace
from tests.support.pulling import contents, make_workspace, status_of
from tests.support.replay import Answer, ReplayHost

COMMAND = [sys.executable, "-c", "from pipelines.cli import main; main()"]


def ingest(workspace: Workspace, host: ReplayHost, kill_at: int = 0) -> int:
    """Run `plumbline ingest` in a process of its own; its return code."""
    started: list[subprocess.Popen[bytes]] = []

    def kill(_: str, number: int) -> Answer | None:
        if number == kill_at:
            os.kill(started[0].pid, signal.SIGKILL)
        return None

    host.fault = kill
    command = [*COMMAND, "--workspace", str(workspace.root), "ingest"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        started.append(process)
        return process.wait()


def test_a_killed_pull_run_again_gives_the_same_warehouse(repository_root: Path, tmp_path: Path) -> None:
    folder = repository_root / "sample_data" / "payloads" / "github"
    resources: dict[str, Any] = {}
    for name in ("repository", "pull_requests", "issues", "deployments"):
        resources |= json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    host = ReplayHost(resources)
    with host.serving() as base_url:
        settings = {"kind": "github", "name": "work", "base_url": base_url, "repositories": ["acme/payments"]}
        whole = make_workspace(tmp_path / "whole", **settings)
        assert ingest(whole, host) == 0
        needed = len(host.requests)
        for kill_at in (2, needed // 2, needed):
            workspace = make_workspace(tmp_path / str(kill_at), **settings)
            host.requests.clear()
            assert ingest(workspace, host, kill_at) == -signal.SIGKILL
            assert len(host.requests) == kill_at
            assert ingest(workspace, host) == 0
            assert contents(workspace) == contents(whole)
            assert {row["state"] for row in status_of(workspace).values()} == {"complete"}
