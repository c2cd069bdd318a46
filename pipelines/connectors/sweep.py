"""Reading a newest-first listing so that a pull that was killed does not begin again.

A host lists what changed last first. A sweep reads from the top down to where the last complete one began. Killed on
the way, it leaves the span that it has read; the next sweep skips that span (nothing in it can have changed: what
changes moves to the top) and goes on below it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.connectors.base import Cursor, PullContext, Stream, format_instant, parse_instant


@dataclass
class Sweep:
    """One pass over a stream's listing, newest first, down to `start` (None: to the end).

    A span is (low, high]: everything whose instant of change lies in it has been read and stored.
    """

    start: datetime | None
    top: datetime
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    low: datetime | None = None

    @classmethod
    def begin(cls, stream: Stream, context: PullContext) -> "Sweep":
        """The sweep that goes on from the stream's saved cursor."""
        cursor = context.cursor(stream)
        start = parse_instant(cursor["since"]) if cursor.get("since") else None
        if context.since is not None:
            # Reaching back further is what `--since` is for; starting later would leave a hole below it.
            start = min(start, context.since) if start else context.since
        if context.since is not None and cursor.get("since"):
            return cls(start, context.reads_until)
        spans = [(parse_instant(low), parse_instant(high)) for low, high in cursor.get("read", [])]
        return cls(start, context.reads_until, spans)

    def is_below(self, changed_at: datetime) -> bool:
        """Whether the listing has come down to what earlier pulls have read."""
        return self.start is not None and changed_at < self.start

    def is_read(self, changed_at: datetime) -> bool:
        """Whether an interrupted pull has read what changed at this instant."""
        return any(low < changed_at <= high for low, high in self.spans)

    def pass_by(self, changed_at: datetime) -> None:
        """Note that everything that changed after this instant is in hand."""
        self.low = changed_at if self.low is None else min(self.low, changed_at)

    def progress(self, **more: Any) -> Cursor:  # noqa: ANN401 - JSON values
        """The cursor that is true once everything passed so far is stored, while the sweep is not at its end."""
        spans = list(self.spans)
        if self.low is not None and self.low < self.top:
            spans = [(self.low, self.top), *(span for span in spans if span[0] < self.low)]
        read = [[format_instant(low), format_instant(high)] for low, high in spans]
        return {"since": format_instant(self.start) if self.start else None, "read": read, **more}

    def finished(self, **more: Any) -> Cursor:  # noqa: ANN401 - JSON values
        """The cursor of a sweep that came to its end."""
        return {"since": format_instant(self.top), **more}
