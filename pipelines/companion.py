"""Processes that measure beside a build: begun before the facts are made, so that they are ready when those are.

A process takes a second to import what measuring needs, about as long as a small organisation's facts take to be made.
Begun only then it would come too late; begun with the build, on a core that would idle, it takes a share of the work.
A large organisation is measured by such processes alone, one per core, begun as soon as it is seen to be one.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self, TypeVar

T = TypeVar("T")

UNITS_WORTH_A_PROCESS = 200_000
"""Changes from which on measuring is left to processes beside this one; below, it takes its own share of the work."""
LIMIT = "PLUMBLINE_WORKERS"
"""The environment variable that says how many processes may measure."""

SECONDS_OF_A_WAIT = 0.5
"""Polars' handler of Ctrl-C interrupts no wait of Python's: one that lasts longer is ended and begun again."""
NEVER_REPLACED = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e15"}
"""Where psutil is installed, loky takes a process that holds on to columns for one that leaks, and begins another."""


def available_cores() -> int:
    """The cores that this process may use, or as many processes as the environment allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get(LIMIT, "")
    return min(cores, max(int(limit), 1)) if limit.isdigit() else cores


def workers_for(changes: int) -> int:
    """How many processes measure so many changes: none beside this one and its companion for a small organisation."""
    return available_cores() if changes >= UNITS_WORTH_A_PROCESS else 1


class Companion:
    """The process, as a context manager: it ends with the block."""

    def __init__(self) -> None:
        """Begin it."""
        from loky import ProcessPoolExecutor

        # Begun afresh, not forked: that would inherit the locks of DuckDB's and polars' threads without the threads.
        self._pool = ProcessPoolExecutor(1, env=NEVER_REPLACED)
        self._pool.submit(_prepare)

    def __enter__(self) -> Self:
        """The process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it does."""
        self.close()

    def close(self) -> None:
        """End it."""
        self._pool.shutdown(kill_workers=True)

    def begin(self, function: Callable[..., T], *arguments: object) -> "Future[T]":
        """Let it run a function before what it is asked for next; what comes of it may be asked for, or not."""
        begun: Future[T] = self._pool.submit(function, *arguments)
        return begun

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 -- what the function gives
        """Run a function there, and wait for what it gives."""
        return self._pool.submit(function, *arguments).result()


def companion() -> "AbstractContextManager[Companion | None]":
    """One where there is a core for it, for as long as the block lasts."""
    return Companion() if available_cores() > 1 else nullcontext()


def _prepare() -> None:
    """Import what measuring needs."""
    import pipelines.metric_workers  # noqa: F401, PLC0415
    from pipelines.seldom_collected import collect_seldom  # noqa: PLC0415

    collect_seldom()
