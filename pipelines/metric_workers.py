"""Definitions run side by side: processes of their own, each with its own DuckDB on the facts' parts.

What a definition needs is small (the calendar, the cut, the baselines) or lies in immutable files (the facts), and what
it makes becomes a file as well; so nothing large passes between processes, and a result does not depend on which of
them made it. A small organisation is measured in this process: a new one takes longer to start than its share of the
work.
"""

import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl
from loky import BrokenProcessPool

from metrics.aggregate import Engine, Result
from metrics.definitions import all_metrics
from metrics.differences import Differences
from metrics.facts.origins import MOVED
from metrics.facts.sql import create_view
from metrics.gaps import Gap
from metrics.ground import RECENT_FACTS, prepare
from metrics.lasted import Lasted
from metrics.ledger import Ledger
from metrics.model import Concurrency, Count, Distribution, Load, Metric, PerTeamWeek, Variation
from metrics.reuse import can_be_reused, run_since_change
from metrics.unit_reader import SHARED
from pipelines.changed_rows import RecentChanges
from pipelines.companion import LIMIT, SECONDS_OF_A_WAIT, Companion
from pipelines.freed_memory import keep_freed_memory
from pipelines.kept_metrics import Keeper, Kept
from pipelines.parts import quoted, scan, write_frame
from schemas.errors import PlumblineError
from schemas.snapshot import Part

MEMORY_OF_A_WORKER = "1GiB"
"""What DuckDB may use in a worker: it only reads columns there; the arrays that they become are not its own."""

BOUND = ("connection", "read")
"""What an engine cannot take along into another process."""


@dataclass(frozen=True)
class Measured:
    """What a metric came to: its rows of `metric_values` and its contrasts as parts, and why rows are missing."""

    metric: str
    values: tuple[Part, ...]
    contrasts: tuple[Part, ...]
    gaps: tuple[Gap, ...]
    kept: Kept | None = None
    """What the next build may rest on."""
    since: date | None = None
    """The windows that end later were measured; all of them without a day."""

    @property
    def rows(self) -> int:
        """Rows of `metric_values`."""
        return sum(part.rows for part in self.values)


Sides = Mapping[str, tuple[Path, Path]]
"""Per relation, the files of its rows that only the earlier build has, and of those that only this one has."""


@dataclass(frozen=True)
class Past:
    """What an earlier build left: what it kept of each metric, and what has changed in the facts since.

    `keys` has the metrics of which something is to be kept, and what that rests on beside the facts' rows.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    changed: Sides = field(default_factory=dict)
    recent: RecentChanges | None = None
    """The changes of the last days."""


@dataclass(frozen=True)
class Ground:
    """What a worker stands on: the engine's own fields, the facts by relation as SQL, and the folder of parts."""

    engine: Mapping[str, Any]
    relations: Mapping[str, str]
    include_bots: bool
    parts: Path
    past: Past = field(default_factory=Past)

    @classmethod
    def of(
        cls,
        engine: Engine,
        relations: Mapping[str, str],
        *,
        include_bots: bool,
        parts: Path,
        past: Past | None = None,
    ) -> Self:
        """The ground of an engine.

        Args:
            engine: on a connection that sees the facts.
            relations: the rows of every relation that definitions read, as SQL to select from.
            include_bots: whether changes by bots count.
            parts: where results are written; services that moved between tiers are handed over there, too.
            past: what an earlier build left.
        """
        stated = {each.name: getattr(engine, each.name) for each in fields(engine) if each.name not in BOUND}
        found = dict(relations)
        if engine.moved:
            part = write_frame(engine.connection.sql(f"select * from {MOVED} order by all").pl(), parts)
            found[MOVED] = scan((parts / part.name,))
        if past and past.recent:
            found[RECENT_FACTS] = past.recent.rows
        return cls(stated, found, include_bots, parts, past or Past())

    def engine_here(self) -> Engine:
        """The same engine in this process."""
        temporary = self.parts.parent / "tmp"
        return Engine(connection=connected(self.relations, self.include_bots, temporary), **self.engine)

    def differences(self) -> Differences | None:
        """The rows of the facts that have changed; None without an earlier build."""
        return differences_of(self.past, self.include_bots)


def connected(
    relations: Mapping[str, str], include_bots: bool, temporary: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection of its own that sees relations, given as SQL to select from, and is prepared for an engine."""
    connection = duckdb.connect(":memory:")
    # One thread: another process works beside this one, and rows keep the order of their file.
    settings = {"threads": "1", "memory_limit": f"'{MEMORY_OF_A_WORKER}'", "TimeZone": "'UTC'"}
    settings["temp_directory"] = f"'{quoted(temporary or Path(tempfile.gettempdir()))}'"
    for name, value in settings.items():
        connection.execute(f"set {name} = {value}")
    for name, rows in relations.items():
        create_view(connection, name, f"select * from {rows}")
    prepare(connection, include_bots)
    return connection


def differences_of(past: Past, include_bots: bool) -> Differences | None:
    """The rows of the facts that have changed, each side on a connection; None without an earlier build."""
    if not past.changed:
        return None
    before, after = (
        connected({name: scan((sides[side],)) for name, sides in past.changed.items()}, include_bots) for side in (0, 1)
    )
    return Differences(before, after, past.recent.recent if past.recent else None)


_here: tuple[Engine, Path, Past, Differences | None] | None = None
"""A worker's engine, where it writes, and what an earlier build left; None in any other process."""


def _begin(ground: Ground) -> None:
    global _here  # noqa: PLW0603 -- what a worker is given once, for all metrics that it will run
    keep_freed_memory()
    _here = (ground.engine_here(), ground.parts, ground.past, ground.differences())


def _run(metric: str) -> Measured:
    assert _here is not None  # noqa: S101 -- the pool has begun every worker
    return measure(all_metrics()[metric], *_here)


def measure(
    metric: Metric,
    engine: Engine,
    parts: Path,
    past: Past = Past(),  # noqa: B008 -- frozen
    differences: Differences | None = None,
) -> Measured:
    """Run one definition and write what it came to: from its first changed window on where an earlier build is left."""
    if not _is_kept(metric, engine, past):
        return _written(metric, engine.run(metric), engine, parts)
    keeper = Keeper.of(past.keys[metric.id], engine.cut, engine.days, parts)
    before = past.kept.get(metric.id)
    if before is not None and before.key == keeper.key and differences is not None:
        again = run_since_change(engine, metric, before.known(parts), differences)
        if again is not None:
            kept = keeper.keep_again(again, before)
            gaps = tuple(engine.gaps(metric, pl.DataFrame({"tier": sorted(keeper.tiers(kept))})))
            return Measured(metric.id, kept.values, kept.contrasts, gaps, kept, again.since)
    ledger, lasted = Ledger(engine.days), Lasted(engine.cut)
    result = replace(engine, ledger=ledger, lasted=lasted).run(metric)
    kept = keeper.keep_whole(result, ledger, lasted)
    return Measured(metric.id, kept.values, kept.contrasts, tuple(engine.gaps(metric, result.values)), kept)


def measure_here(
    metrics: Sequence[Metric],
    engine: Engine,
    ground: Ground,
    companion: Companion | None = None,
) -> dict[str, Measured]:
    """Run definitions in this process, one after another; a companion takes some of them.

    Raises:
        PlumblineError: the companion was ended from outside.
    """
    queue, found = _queue(metrics, ground.past), dict[str, Measured]()
    with ThreadPoolExecutor(1) as beside, told_of_an_end():
        asked = beside.submit(_ask, companion, ground, queue) if companion else None
        with _nothing_more(queue):
            differences = ground.differences()
            while together := _next(queue):
                for metric in together:
                    found[metric.id] = measure(metric, engine, ground.parts, ground.past, differences)
            return found | (asked.result() if asked else {})


def measure_apart(metrics: Sequence[Metric], ground: Ground, companions: Sequence[Companion]) -> dict[str, Measured]:
    """Run definitions in other processes, each of which takes the next one when it is done with the last.

    Where one of them fails, or the build is interrupted, all are ended.

    Raises:
        PlumblineError: a process was ended from outside.
    """
    queue, found = _queue(metrics, ground.past), dict[str, Measured]()
    with ThreadPoolExecutor(len(companions)) as beside, told_of_an_end(), _nothing_more(queue, companions):
        asked = {beside.submit(_ask, each, ground, queue) for each in companions}
        while asked:
            done, asked = wait(asked, SECONDS_OF_A_WAIT, FIRST_COMPLETED)
            for each in done:
                found |= each.result()
    return found


def _ask(companion: Companion, ground: Ground, queue: "Queue") -> dict[str, Measured]:
    """What a process is asked for, one definition after another, until none is left."""
    found = dict[str, Measured]()
    with _nothing_more(queue):
        companion.run(_begin, ground)
        while together := _next(queue):
            for metric in together:
                found[metric.id] = companion.run(_run, metric.id)
    return found


@contextmanager
def _nothing_more(queue: "Queue", companions: Sequence[Companion] = ()) -> Iterator[None]:
    """When this fails, nothing more of the queue is begun, and these processes end: what they measure is of no use."""
    try:
        yield
    except BaseException:
        queue.clear()
        for each in companions:
            each.close()
        raise


Queue = deque[Sequence[Metric]]
"""Definitions in the order in which they are begun; those that stand together are measured by one process."""


def _queue(metrics: Sequence[Metric], past: Past) -> Queue:
    """The longest first.

    Most of what a refresh measures again reads recent rows. What it measures whole reads all rows, which is done once.
    """
    ordered = sorted(metrics, key=_weight, reverse=True)
    together = [metric for metric in ordered if _reads_all(metric)] if past.kept else []
    alone = [(metric,) for metric in ordered if metric not in together]
    return Queue([together, *alone] if together else alone)


def _next(queue: Queue) -> Sequence[Metric]:
    """The next definitions; none where another process has taken the last ones."""
    try:
        return queue.popleft()
    except IndexError:
        return ()


def _reads_all(metric: Metric) -> bool:
    """Whether a definition reads all rows of a fact of which the process keeps what is read, or most likely does."""
    facts = [
        each.activity.fact if isinstance(each, PerTeamWeek) else each.fact
        for each in metric.estimators
        if isinstance(each, Count | Variation | PerTeamWeek)
    ]
    return any(fact in SHARED for fact in facts)


def _is_kept(metric: Metric, engine: Engine, past: Past) -> bool:
    """Whether what a definition comes to is kept for the build after this one."""
    return metric.id in past.keys and can_be_reused(metric) and not engine.moved


def _written(metric: Metric, result: Result, engine: Engine, parts: Path) -> Measured:
    """What a definition came to, as parts."""
    gaps = tuple(engine.gaps(metric, result.values))
    return Measured(metric.id, (write_frame(result.values, parts),), (write_frame(result.contrasts, parts),), gaps)


def _weight(metric: Metric) -> tuple[bool, bool, str]:
    """The longest first, so that none is left over when the others are done: down to the team, day by day, by value."""
    takes_long = any(isinstance(each, Distribution | Load | Concurrency | PerTeamWeek) for each in metric.estimators)
    by_day = any(isinstance(each, Load | Concurrency | PerTeamWeek) for each in metric.estimators)
    return takes_long, metric.core or by_day, metric.id


@contextmanager
def told_of_an_end() -> Iterator[None]:
    """Says what it means that a process is gone."""
    try:
        yield
    except BrokenProcessPool as broken:
        raise PlumblineError(
            "a process that measured was ended from outside, most likely for want of memory",
            "",
            f"make memory free, or set {LIMIT}=1, and run it again",
        ) from broken
