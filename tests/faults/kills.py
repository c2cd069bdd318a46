"""Pulls killed outright at random requests and resumed, held against one that was never killed.

    python -m tests.faults.kills [--kills 50] [--seed 11]

Each pull is a process of its own and ends by SIGKILL while the host is being asked; then the pull is run again. Exit
status 1 where any of the resumed warehouses differs.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.cli import run
from schemas.workspace import Workspace
from tests.support.github_graphql import GitHubHost
from tests.support.github_organisation import organisation
from tests.support.pulling import contents, make_workspace, status_of
from tests.support.replay import Answer, ReplayHost

TOKEN = {"TOKEN": "made-up-0123456789"}
PROCESSES = multiprocessing.get_context("forkserver")
"""Each begins where all that a pull imports is imported already, and nothing else has happened."""
PROCESSES.set_forkserver_preload(["tests.faults.imports_of_a_pull"])


def ingest(workspace: Workspace, host: ReplayHost, kill_at: int = 0) -> int:
    """Run `plumbline ingest` in a process of its own, killed at a request; its return code."""
    host.requests.clear()
    process = PROCESSES.Process(target=_ingest, args=(str(workspace.root),))
    has_begun = threading.Event()

    def kill(_: str, number: int) -> Answer | None:
        if number == kill_at:
            has_begun.wait()  # before, nobody knows its number
            os.kill(int(process.pid or 0), signal.SIGKILL)
        return None

    host.fault = kill
    process.start()
    has_begun.set()
    process.join()
    return int(process.exitcode or 0)


def _ingest(root: str) -> None:
    """What the process does; what it says is for nobody."""
    os.environ.update(TOKEN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    sys.exit(run(["--workspace", root, "ingest"]))


@dataclass(frozen=True)
class Trial:
    """One pull that was killed and resumed: where, and what came of it."""

    killed_at: int
    was_killed: bool
    asked_again: int
    is_same: bool
    is_complete: bool


def trials(host: ReplayHost, settings: dict[str, Any], work: Path, kills: int, seed: int) -> Iterator[Trial]:
    """Kill at so many requests, drawn without repeating while there are enough, and resume."""
    whole = make_workspace(work / "whole", **settings)
    if ingest(whole, host) != 0:
        raise RuntimeError("the pull that nobody kills does not come to its end")
    needed, expected = len(host.requests), contents(whole)
    chance = random.Random(seed)
    places = chance.sample(range(1, needed + 1), min(kills, needed))
    places += [chance.randint(1, needed) for _ in range(kills - len(places))]
    for number, killed_at in enumerate(sorted(places)):
        workspace = make_workspace(work / f"killed-{number}", **settings)
        was_killed = ingest(workspace, host, killed_at) == -signal.SIGKILL
        ended = ingest(workspace, host)
        complete = ended == 0 and {row["state"] for row in status_of(workspace).values()} == {"complete"}
        is_same = complete and contents(workspace) == expected
        yield Trial(killed_at, was_killed, len(host.requests), is_same, complete)


def main() -> int:
    """Run by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    scopes, resources = organisation(3, 60, arguments.seed)
    host = GitHubHost(resources, largest_page=10)
    found = []
    with tempfile.TemporaryDirectory() as work, host.serving() as base_url:
        settings = {
            "kind": "github",
            "name": "work",
            "base_url": base_url,
            "repositories": scopes,
            "token_env": "TOKEN",
        }
        for trial in trials(host, {**settings, "concurrency": 2}, Path(work), arguments.kills, arguments.seed):
            came_of = f"the same, {trial.asked_again} requests to resume" if trial.is_same else f"NOT THE SAME: {trial}"
            print(f"killed at request {trial.killed_at}: {came_of}", flush=True)
            found.append(trial)
    same = sum(trial.is_same and trial.is_complete and trial.was_killed for trial in found)
    print(f"{same} of {len(found)} killed pulls gave, resumed, the same tables as one that was never killed")
    return 0 if same == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
