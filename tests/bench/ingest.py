"""A pull of 5,000 changes over loopback at 50 ms a response: requests, wall time, and what faults change (nothing).

    python -m tests.bench.ingest [--changes 5000] [--repositories 20] [--latency 0.05] [--faults 0.1] [--seed 7]

Once without faults, once with faults at random by a fixed seed. Exit status 1 where the tables differ.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines.connectors.github_queries import CHANGES_PER_PAGE
from pipelines.ingest import StreamReport, World, ingest_sources
from schemas.workspace import Workspace
from tests.support.github_organisation import SlowHost, least_requests, organisation
from tests.support.pulling import Recorder, contents, make_workspace

CONCURRENCY = 8


def pull(workspace: Workspace) -> tuple[list[StreamReport], float]:
    """Pull with real waits; how long it took."""
    begun = time.perf_counter()
    reports = ingest_sources(workspace, (), Recorder(), world=World(environment={"TOKEN": "made-up-0123456789"}))
    return reports, time.perf_counter() - begun


def run(arguments: argparse.Namespace, work: Path) -> bool:
    """Pull twice and print the figures; whether both pulls gave the same."""
    scopes, resources = organisation(arguments.repositories, arguments.changes // arguments.repositories)
    host = SlowHost(resources, seed=arguments.seed)
    least = least_requests(scopes, resources, CHANGES_PER_PAGE)
    settings: dict[str, Any] = {"kind": "github", "name": "work", "repositories": scopes, "token_env": "TOKEN"}
    with host.serving() as base_url:

        def workspace(name: str) -> Workspace:
            return make_workspace(work / name, **settings, base_url=base_url, concurrency=CONCURRENCY)

        print(
            f"{arguments.changes:,} changes in {len(scopes)} repositories, {arguments.latency * 1000:.0f} ms a response"
        )
        pull(workspace("warm"))  # the host computes each answer once, which is not what is measured
        found: dict[str, Any] = {}
        for name, share in (("without faults", 0.0), ("with faults", arguments.faults)):
            host.requests.clear()
            host.seconds, host.fault_share = arguments.latency, share
            begun, computed = time.perf_counter(), time.process_time()
            reports, seconds = pull(workspace(name.replace(" ", "-")))
            fetching, computed = host.last_asked - begun, time.process_time() - computed
            host.seconds = host.fault_share = 0.0
            asked, states = len(host.requests), sorted({report.state for report in reports})
            bound = asked * arguments.latency / CONCURRENCY
            rate = asked / arguments.changes * 1_000
            print(f"{name}: {asked} requests (the least is {least}; {rate:.1f} per 1,000 changes), {', '.join(states)}")
            print(
                f"  the last one asked after {fetching:.1f} s, all stored after {seconds:.1f} s"
                f" (requests x latency / {CONCURRENCY} is {bound:.1f} s; {computed:.1f} s of processor, the host's too)"
            )
            found[name] = contents(workspace(name.replace(" ", "-")))
        faults = ", ".join(f"{count} x {name}" for name, count in sorted(host.faults.items()))
        print(f"faults: {sum(host.faults.values())} ({faults})")
    first, second = found.values()
    rows = sum(len(table) for table in first.values())
    same = bool(first == second)
    print(f"tables: {rows:,} rows in {len(first)} tables, {'the same' if same else 'NOT THE SAME'} in both pulls")
    return same


def main() -> int:
    """Run by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=5_000)
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=7)
    with tempfile.TemporaryDirectory() as work:
        return 0 if run(parser.parse_args(), Path(work)) else 1


if __name__ == "__main__":
    sys.exit(main())
