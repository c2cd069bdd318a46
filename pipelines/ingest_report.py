"""What a pull says of itself: a report per stream, and whoever shows how it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.ingest_store import Outcome
from schemas.errors import PlumblineError, SourceError


@dataclass
class StreamReport:
    """What a pull of one stream did: rows by what became of them and by table, requests made, and how it ended.

    Attributes:
        source: The source's name.
        stream: The stream's.
        rows: By table.
        requests: Requests made for it.
        error: What it ended with before its end was reached.
        is_over: Whether nothing more comes of it in this pull.
        listed: Streams of its source that are known so far, this one included.
        left: Requests that the host says are left, of the scarcest of its budgets; None where it does not say.
    """

    source: str
    stream: str
    rows: dict[str, Outcome] = field(default_factory=dict)
    requests: int = 0
    error: PlumblineError | None = None
    is_over: bool = False
    listed: int = 0
    left: int | None = None

    def add(self, outcomes: Mapping[str, Outcome]) -> None:
        """Count a batch in."""
        for table, outcome in outcomes.items():
            self.rows[table] = self.rows.get(table, Outcome()) + outcome

    @property
    def state(self) -> str:
        """`complete`, `partial` (the next ingest goes on) or `refused` (the configuration has to be mended)."""
        if self.error is None:
            return "complete"
        return "partial" if isinstance(self.error, SourceError) else "refused"


class Progress(Protocol):
    """Whoever shows how a pull goes; told of it from one thread, of several streams in turn."""

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""

    def advanced(self, report: StreamReport) -> None:
        """A batch was stored, or the stream came to its end."""

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone for a while, or the warehouse is in use."""
