"""A moving line on a terminal, plain lines elsewhere."""

import io

import pytest

from pipelines.ingest import StreamReport
from pipelines.ingest_progress import showing_progress
from pipelines.ingest_store import Outcome


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


REPORT = StreamReport("work", "pull_requests [acme/payments]", {"changes": Outcome(read=1_250)}, 5_000)


def show(stream: io.StringIO) -> str:
    with showing_progress(stream) as progress:
        progress.started("work", "pull_requests [acme/payments]")
        progress.advanced(REPORT)
        progress.waits("work", 61.2, "the host's rate limit")
    return stream.getvalue()


def test_plain_lines_are_whole_and_few() -> None:
    assert show(io.StringIO()).splitlines() == [
        "work: pull_requests [acme/payments]",
        "work: waiting 0:01:01 for the host's rate limit",
    ]


def test_a_terminal_gets_one_line_that_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    said = show(Terminal())
    assert "waiting 0:01:01" in said
    assert said.count("\n") == 1
    assert said.endswith("\x1b[1A\x1b[2K")


def test_a_line_says_how_far_a_stream_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets in a name are no markup."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with showing_progress(stream) as progress:
        progress.advanced(REPORT)
    assert "work: pull_requests [acme/payments], 1,250 rows, 5,000 requests" in stream.getvalue()
