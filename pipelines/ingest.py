"""Pulling from the configured sources into the warehouse: which of them, side by side, and what came of it.

Sources are read at the same time (those of one host and token one after the other: they share its budget), within a
source the repositories. One thread writes (pipelines.ingest_desk); a source that fails does not keep the others from
being read.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

from pipelines.connectors.kept_answers import KeptAnswers
from pipelines.connectors.transport import Stopped
from pipelines.ingest_desk import Desk, only_pull
from pipelines.ingest_prepare import PreparedSource, connector_of, prepare
from pipelines.ingest_pull import SourcePull, World
from pipelines.ingest_report import Progress, StreamReport
from pipelines.warehouse import translated_errors
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Source, Workspace

__all__ = ["PreparedSource", "Progress", "StreamReport", "World", "connector_of", "ingest_sources", "prepare"]


def ingest_sources(
    workspace: Workspace,
    names: Sequence[str],
    progress: Progress,
    *,
    since: datetime | None = None,
    full: bool = False,
    world: World | None = None,
) -> list[StreamReport]:
    """Pull the named sources (all where none is named) into the workspace's warehouse.

    Raises:
        ConfigurationError: A source is not configured, or its settings or token are wrong; nothing has been asked of
            any host then.
        WarehouseLocked: Another process is pulling, or held the warehouse for long.
        WarehouseError: The warehouse cannot be written.
    """
    world = world or World()
    prepared = [prepare(workspace, source, world.environment) for source in _chosen(workspace, names)]
    desk = Desk(workspace, world.sleep or time.sleep, lambda seconds, why: progress.waits("plumbline", seconds, why))
    with only_pull(workspace), ExitStack() as stack:
        with translated_errors(workspace.state):
            kept = stack.enter_context(KeptAnswers(workspace.state / "answers.sqlite"))
        pulls = [SourcePull(source, desk, progress, world, kept, since, full) for source in prepared]
        _run(pulls, desk)
    return [report for pull in pulls for report in pull.reports()]


def _run(pulls: Sequence[SourcePull], desk: Desk) -> None:
    """Read all sources on threads, and write what they bring on this one."""
    chains: dict[object, list[SourcePull]] = {}
    for pull in pulls:
        chains.setdefault(pull.budget, []).append(pull)
    left = threading.Semaphore(0)

    def read(chain: Sequence[SourcePull]) -> None:
        try:
            for pull in chain:
                pull.run()
        except Stopped:
            pass
        except BaseException as failure:
            desk.fail(failure)
        finally:
            left.release()

    def wait_for_all() -> None:
        for _ in chains:
            left.acquire()
        desk.finish()

    with ThreadPoolExecutor(len(chains) + 1, thread_name_prefix="source") as pool:
        try:
            for chain in chains.values():
                pool.submit(read, chain)
            pool.submit(wait_for_all)
            desk.serve()
        finally:
            desk.call_off()
            for pull in pulls:
                pull.call_off()


def _chosen(workspace: Workspace, names: Sequence[str]) -> list[Source]:
    configured = {source.name: source for source in workspace.sources}
    where = str(workspace.root / FILE_NAME)
    if not configured:
        raise ConfigurationError("no source is configured", where, "add a [[sources]] table")
    for name in names:
        if name not in configured:
            raise ConfigurationError(f"there is no source {name!r}", where, f"name one of {', '.join(configured)}")
    return [configured[name] for name in dict.fromkeys(names or configured)]
