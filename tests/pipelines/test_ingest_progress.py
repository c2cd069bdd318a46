"""Moving lines on a terminal, plain lines elsewhere, JSON for machines: the same facts in each."""

import io
import json

import pytest

from pipelines.ingest import StreamReport
from pipelines.ingest_progress import JsonProgress, PlainProgress, Tallies, showing_progress
from pipelines.ingest_store import Outcome
from schemas.errors import SourceError

STREAM = "pull_requests [acme/payments]"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


def report(
    stream: str = STREAM,
    rows: int = 1_250,
    requests: int = 300,
    *,
    listed: int = 0,
    left: int | None = None,
    is_over: bool = False,
    error: SourceError | None = None,
) -> StreamReport:
    counts = {"changes": Outcome(read=rows)}
    return StreamReport("work", stream, counts, requests, error, is_over=is_over, listed=listed, left=left)


def test_plain_lines_are_whole_and_few() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = PlainProgress(stream, clock)
    progress.started("work", STREAM)
    progress.advanced(report(rows=100, requests=50, listed=6))
    progress.waits("work", 61.2, "the host's rate limit")
    clock.now += 31
    progress.advanced(report(rows=900, requests=250, listed=6, left=4_700))
    progress.advanced(report(rows=1_000, requests=260, listed=6, left=4_690))
    progress.advanced(report(listed=6, left=4_650, is_over=True))
    progress.advanced(report("issues [acme/payments]", 5, 2, listed=6, is_over=True, error=SourceError("gone")))
    assert stream.getvalue().splitlines() == [
        f"work: {STREAM}",
        "work: waiting 0:01:01 for the host's rate limit",
        f"work: {STREAM}, 900 rows so far; 0 of 6 streams, 900 rows, 250 requests, 4,700 left of the budget",
        f"work: {STREAM} read; 1 of 6 streams, 1,250 rows, 300 requests, 4,650 left of the budget",
        "work: issues [acme/payments] read (partial); 2 of 6 streams, 1,255 rows, 302 requests",
    ]


def test_the_rest_is_estimated_from_what_was_read() -> None:
    clock = Clock()
    tallies = Tallies(clock)
    for number in range(4):
        assert "to go" not in tallies.words("work")
        clock.now += 10
        tallies.of("work").add(report(f"issues {number}", listed=9, is_over=True))
    assert tallies.of("work").seconds_to_go(clock.now) == pytest.approx(50)
    assert tallies.words("work").endswith("about 0:00:50 to go")
    for number in range(4, 9):
        tallies.of("work").add(report(f"issues {number}", listed=9, is_over=True))
    assert tallies.of("work").seconds_to_go(clock.now) is None


def test_json_is_one_object_a_line() -> None:
    stream = io.StringIO()
    progress = JsonProgress(stream, Clock())
    progress.started("work", STREAM)
    progress.advanced(report(listed=2, left=10))
    progress.waits("work", 61.25, "the host's rate limit")
    progress.advanced(report(listed=2, left=10, is_over=True))
    started, advanced, waits, ended = (json.loads(line) for line in stream.getvalue().splitlines())
    assert started == {"event": "started", "at": "2026-05-28T20:26:40Z", "source": "work", "stream": STREAM}
    assert (waits["event"], waits["seconds"], waits["reason"]) == ("waits", 61.2, "the host's rate limit")
    assert advanced["event"] == "advanced"
    assert "state" not in advanced
    assert {name: ended[name] for name in ("event", "state", "stream_rows", "stream_requests", "requests_left")} == {
        "event": "ended",
        "state": "complete",
        "stream_rows": 1_250,
        "stream_requests": 300,
        "requests_left": 10,
    }
    assert (ended["streams_over"], ended["streams_listed"], ended["rows"], ended["seconds_to_go"]) == (
        1,
        2,
        1_250,
        None,
    )


def shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    with showing_progress(stream) as progress:
        progress.started("work", STREAM)
        progress.advanced(report(listed=4, left=4_700))
        progress.waits("other", 61.2, "the host's rate limit")
    return stream.getvalue()


def test_a_terminal_gets_a_line_a_source_that_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown_on_a_terminal(monkeypatch)
    assert "0 of 4 streams, 1,250 rows, 300 requests, 4,700 left of the budget" in said
    assert STREAM in said
    assert "waiting 0:01:01 for the host's rate limit" in said
    assert said.endswith("\x1b[1A\x1b[2K")


def test_the_progress_suits_where_it_goes() -> None:
    with showing_progress(io.StringIO()) as progress:
        assert isinstance(progress, PlainProgress)
    with showing_progress(Terminal(), as_json=True) as progress:
        assert isinstance(progress, JsonProgress)
