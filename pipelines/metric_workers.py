"""Definitions run side by side: processes of their own, each with its own DuckDB on the facts' parts.

What a definition needs is small (the calendar, the cut, the baselines) or lies in immutable files (the facts), and what
it makes becomes a file as well; so nothing large passes between processes, and a result does not depend on which of
them made it. A small organisation is measured in this process: a new one takes longer to start than its share of the
work.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import duckdb
from loky import BrokenProcessPool, ProcessPoolExecutor

from metrics.aggregate import Engine, Result, prepare
from metrics.definitions import all_metrics
from metrics.facts.origins import MOVED
from metrics.facts.sql import create_view
from metrics.gaps import Gap
from metrics.model import Distribution, Metric
from pipelines.parts import quoted, scan, write_frame
from schemas.errors import PlumblineError
from schemas.snapshot import Part

UNITS_WORTH_A_PROCESS = 200_000
"""Changes from which on a second process pays: starting one takes a second or two, the tree on so many changes ten."""
MEMORY_OF_A_WORKER = "1GiB"
"""What DuckDB may use in a worker: it only reads columns there; the arrays that they become are not its own."""

BOUND = ("connection", "read")
"""What an engine cannot take along into another process."""


@dataclass(frozen=True)
class Measured:
    """What a metric came to: its rows of `metric_values` and its contrasts as parts, and why rows are missing."""

    metric: str
    values: Part
    contrasts: Part
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class Ground:
    """What a worker stands on: the engine's own fields, the facts' files by relation, and the folder of parts."""

    engine: Mapping[str, Any]
    relations: Mapping[str, tuple[Path, ...]]
    include_bots: bool
    parts: Path

    @classmethod
    def of(cls, engine: Engine, relations: Mapping[str, tuple[Path, ...]], *, include_bots: bool, parts: Path) -> Self:
        """The ground of an engine.

        Args:
            engine: on a connection that sees the facts.
            relations: the parts of every relation that definitions read.
            include_bots: whether changes by bots count.
            parts: where results are written; services that moved between tiers are handed over there, too.
        """
        stated = {each.name: getattr(engine, each.name) for each in fields(engine) if each.name not in BOUND}
        found = dict(relations)
        if engine.moved:
            part = write_frame(engine.connection.sql(f"select * from {MOVED} order by all").pl(), parts)
            found[MOVED] = (parts / part.name,)
        return cls(stated, found, include_bots, parts)

    def engine_here(self) -> Engine:
        """The same engine in this process."""
        connection = duckdb.connect(":memory:")
        # One thread: another process works beside this one, and rows keep the order of their file.
        settings = {"threads": "1", "memory_limit": f"'{MEMORY_OF_A_WORKER}'", "TimeZone": "'UTC'"}
        settings["temp_directory"] = f"'{quoted(self.parts.parent / 'tmp')}'"
        for name, value in settings.items():
            connection.execute(f"set {name} = {value}")
        for name, paths in self.relations.items():
            create_view(connection, name, f"select * from {scan(paths)}")
        prepare(connection, self.include_bots)
        return Engine(connection=connection, **self.engine)


_here: tuple[Engine, Path] | None = None
"""A worker's engine, and where it writes; None in any other process."""


def _begin(ground: Ground) -> None:
    global _here  # noqa: PLW0603 -- what a worker is given once, for all metrics that it will run
    _here = (ground.engine_here(), ground.parts)


def _run(metric: str) -> Measured:
    assert _here is not None  # noqa: S101 -- the pool has begun every worker
    return measure(all_metrics()[metric], *_here)


def measure(metric: Metric, engine: Engine, parts: Path) -> Measured:
    """Run one definition and write what it came to."""
    result: Result = engine.run(metric)
    gaps = tuple(engine.gaps(metric, result.values))
    return Measured(metric.id, write_frame(result.values, parts), write_frame(result.contrasts, parts), gaps)


def measure_all(metrics: Sequence[Metric], ground: Ground, workers: int) -> dict[str, Measured]:
    """Run definitions in as many processes.

    Raises:
        PlumblineError: a process was ended from outside.
    """
    with _pool(ground, workers) as pool:
        waiting = [pool.submit(_run, metric.id) for metric in sorted(metrics, key=_weight, reverse=True)]
        found = [done.result() for done in as_completed(waiting)]
    return {measured.metric: measured for measured in found}


def workers_for(changes: int) -> int:
    """How many processes are worth their start: none beside this one for a small organisation."""
    return available_cores() if changes >= UNITS_WORTH_A_PROCESS else 1


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _weight(metric: Metric) -> tuple[bool, bool, str]:
    """The longest first, so that none is left over when the others are done: distributions, down to the team."""
    return any(isinstance(each, Distribution) for each in metric.estimators), metric.core, metric.id


@contextmanager
def _pool(ground: Ground, workers: int) -> Iterator[ProcessPoolExecutor]:
    # Begun afresh, not forked: that would inherit the locks of DuckDB's and polars' threads without the threads.
    pool = ProcessPoolExecutor(workers, initializer=_begin, initargs=(ground,))
    try:
        yield pool
    except BrokenProcessPool as broken:
        raise PlumblineError(
            "a process that measured was ended from outside, most likely for want of memory",
            "",
            "make memory free, or set PLUMBLINE_WORKERS=1, and run it again",
        ) from broken
    finally:
        pool.shutdown(kill_workers=True)
