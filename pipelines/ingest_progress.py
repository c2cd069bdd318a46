"""How a pull shows itself while it runs: a moving line on a terminal, plain lines elsewhere; both on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

if TYPE_CHECKING:
    from pipelines.ingest import Progress, StreamReport


class PlainProgress:
    """One line when a stream begins and one for each wait."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""
        self._say(f"{source}: {stream}")

    def advanced(self, report: "StreamReport") -> None:
        """Nothing: a log needs no line per batch."""

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone."""
        self._say(f"{source}: waiting {_duration(seconds)} for {reason}")

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class TerminalProgress:
    """One line that moves: source, stream, rows and requests so far."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""
        self._say(f"{source}: {stream}")

    def advanced(self, report: "StreamReport") -> None:
        """A batch was stored."""
        rows = sum(outcome.read for outcome in report.rows.values())
        self._say(f"{report.source}: {report.stream}, {rows:,} rows, {report.requests:,} requests")

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone."""
        self._say(f"{source}: waiting {_duration(seconds)} for {reason}")

    def _say(self, line: str) -> None:
        self._status.update(Text(line))


@contextmanager
def showing_progress(stream: TextIO) -> Iterator["Progress"]:
    """The progress that suits where standard error goes."""
    if not stream.isatty():
        yield PlainProgress(stream)
        return
    with Console(file=stream).status("") as status:
        yield TerminalProgress(status)


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
