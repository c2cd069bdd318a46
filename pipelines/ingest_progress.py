"""How a pull shows itself while it runs: moving lines on a terminal, plain lines elsewhere, JSON for machines.

All on standard error, for results go to standard output. What is told: streams read and known to lie ahead, rows,
requests, what the host says is left of its budget, waits, and an estimate of the time to go once there is something
to estimate from.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column

if TYPE_CHECKING:
    from pipelines.ingest_report import Progress, StreamReport

ESTIMATE_FROM = 4
"""Streams that must have been read before the rest is estimated from them."""
SECONDS_BETWEEN_LINES = 30.0
"""How often a stream that takes long is told of where lines are kept."""


@dataclass
class Tally:
    """One source so far. `listed` streams are known, of which `over` were read to their end or given up."""

    began_at: float
    listed: int = 0
    over: int = 0
    rows: int = 0
    requests: int = 0
    left: int | None = None
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, report: "StreamReport") -> None:
        """Count in what a stream's report says now: it grows from call to call."""
        rows = sum(outcome.read for outcome in report.rows.values())
        rows_before, requests_before = self._counted.get(report.stream, (0, 0))
        self._counted[report.stream] = (rows, report.requests)
        self.rows += rows - rows_before
        self.requests += report.requests - requests_before
        self.listed = max(self.listed, report.listed)
        self.left = report.left
        self.over += report.is_over

    def seconds_to_go(self, now: float) -> float | None:
        """By the pace so far; None while too little was read, or nothing more is known to come."""
        if self.over < ESTIMATE_FROM or self.listed <= self.over:
            return None
        return (now - self.began_at) / self.over * (self.listed - self.over)


class Tallies:
    """The sources of a pull so far, by name."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_source: dict[str, Tally] = {}

    def of(self, source: str) -> Tally:
        """One source's; it begins when it is first asked for."""
        return self._by_source.setdefault(source, Tally(self._clock()))

    def facts(self, source: str) -> dict[str, Any]:
        """One source's as JSON values."""
        tally = self.of(source)
        to_go = tally.seconds_to_go(self._clock())
        return {
            "streams_over": tally.over,
            "streams_listed": tally.listed,
            "rows": tally.rows,
            "requests": tally.requests,
            "requests_left": tally.left,
            "seconds_to_go": None if to_go is None else round(to_go),
        }

    def words(self, source: str) -> str:
        """One source's in words."""
        tally = self.of(source)
        to_go = tally.seconds_to_go(self._clock())
        parts = [f"{tally.rows:,} rows", f"{tally.requests:,} requests"]
        parts += [f"{tally.left:,} left of the budget"] if tally.left is not None else []
        parts += [f"about {_duration(to_go)} to go"] if to_go is not None else []
        return f"{tally.over:,} of {tally.listed:,} streams, {', '.join(parts)}"


class PlainProgress:
    """A line when a stream begins and ends, one for each wait, and one now and then for a stream that takes long."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._tallies = Tallies(clock)
        self._told_at: dict[tuple[str, str], float] = {}

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""
        self._tallies.of(source)
        self._told_at[source, stream] = self._clock()
        self._say(f"{source}: {stream}")

    def advanced(self, report: "StreamReport") -> None:
        """A batch was stored, or the stream came to its end."""
        self._tallies.of(report.source).add(report)
        key, now = (report.source, report.stream), self._clock()
        is_due = now - self._told_at.get(key, now) >= SECONDS_BETWEEN_LINES
        if report.is_over:
            how = "" if report.state == "complete" else f" ({report.state})"
            self._say(f"{report.source}: {report.stream} read{how}; {self._tallies.words(report.source)}")
        elif is_due:
            rows = sum(outcome.read for outcome in report.rows.values())
            self._told_at[key] = now
            self._say(f"{report.source}: {report.stream}, {rows:,} rows so far; {self._tallies.words(report.source)}")

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone."""
        self._say(f"{source}: waiting {_duration(seconds)} for {reason}")

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class JsonProgress:
    """One JSON object a line: `event` (started, advanced, ended, waits), when, which source, and how far it is."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.time) -> None:
        self._stream = stream
        self._clock = clock
        self._tallies = Tallies(clock)

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""
        self._say("started", source, stream=stream)

    def advanced(self, report: "StreamReport") -> None:
        """A batch was stored, or the stream came to its end."""
        self._tallies.of(report.source).add(report)
        of_stream = {
            "stream": report.stream,
            "stream_rows": sum(outcome.read for outcome in report.rows.values()),
            "stream_requests": report.requests,
        }
        how = {"state": report.state} if report.is_over else {}
        event = "ended" if report.is_over else "advanced"
        self._say(event, report.source, **of_stream, **how, **self._tallies.facts(report.source))

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone."""
        self._say("waits", source, seconds=round(seconds, 1), reason=reason)

    def _say(self, event: str, source: str, **facts: object) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(json.dumps({"event": event, "at": at, "source": source, **facts}), file=self._stream, flush=True)


class TerminalProgress:
    """A moving line per source: its streams as a bar, what it counts, and the stream that was heard of last."""

    def __init__(self, bars: Bars, clock: Callable[[], float] = time.monotonic) -> None:
        self._bars = bars
        self._tallies = Tallies(clock)
        self._tasks: dict[str, TaskID] = {}

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""
        self._update(source, stream)

    def advanced(self, report: "StreamReport") -> None:
        """A batch was stored, or the stream came to its end."""
        self._tallies.of(report.source).add(report)
        self._update(report.source, report.stream)

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone."""
        self._update(source, "", f"waiting {_duration(seconds)} for {reason}")

    def _update(self, source: str, what: str, words: str = "") -> None:
        tally = self._tallies.of(source)
        if source not in self._tasks:
            self._tasks[source] = self._bars.add_task(source, total=None, what="", words="")
        self._bars.update(
            self._tasks[source],
            completed=tally.over,
            total=tally.listed or None,
            what=what,
            words=words or (self._tallies.words(source) if tally.listed else ""),
        )


@contextmanager
def showing_progress(stream: TextIO, *, as_json: bool = False) -> Iterator["Progress"]:
    """The progress that suits where standard error goes, or who asked for JSON."""
    if as_json:
        yield JsonProgress(stream)
    elif stream.isatty():
        # Names of repositories are no markup.
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, style="bold"),
            BarColumn(12, table_column=Column(min_width=12)),
            TextColumn("{task.fields[words]}", markup=False, table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[what]}", markup=False, style="dim", table_column=Column(no_wrap=True, ratio=1)),
        )
        with Bars(*columns, console=Console(file=stream), transient=True, expand=True) as bars:
            yield TerminalProgress(bars)
    else:
        yield PlainProgress(stream)


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
