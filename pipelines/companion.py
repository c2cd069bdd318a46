"""A second process that measures beside a build: begun with it, so that it is ready when the facts are.

A process takes a second to import what measuring needs, about as long as a small organisation's facts take to be made.
Begun only then it would come too late; begun with the build, on a core that would idle, it takes a share of the work.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

LIMIT = "PLUMBLINE_WORKERS"
"""The environment variable that says how many processes may measure."""


def available_cores() -> int:
    """The cores that this process may use, or as many processes as the environment allows."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get(LIMIT, "")
    return min(cores, max(int(limit), 1)) if limit.isdigit() else cores


class Companion:
    """The process, as a context manager: it ends with the block."""

    def __init__(self) -> None:
        """Begin it."""
        from loky import ProcessPoolExecutor

        # Begun afresh, not forked: that would inherit the locks of DuckDB's and polars' threads without the threads.
        self._pool = ProcessPoolExecutor(1)
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

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 -- what the function gives
        """Run a function there, and wait for what it gives."""
        return self._pool.submit(function, *arguments).result()


def companion() -> "AbstractContextManager[Companion | None]":
    """One where there is a core for it, for as long as the block lasts."""
    return Companion() if available_cores() > 1 else nullcontext()


def _prepare() -> None:
    """Import what measuring needs."""
    import pipelines.metric_workers  # noqa: F401, PLC0415
