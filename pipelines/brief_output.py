"""What `plumbline brief` and `plumbline roi` print: steps while they last, and what was written."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.alerts.delivery import ChannelReport
    from pipelines.write_brief import Progress, WrittenBrief

SECONDS_BEFORE_LINES = 2.0
"""Without a terminal nothing is said of what is over by then."""


@contextmanager
def progress() -> Iterator[Progress]:
    """Steps on standard error: a moving line on a terminal, elsewhere plain lines once it takes long."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda step: status.update(step)
        return
    started = time.monotonic()

    def tell(step: str) -> None:
        if time.monotonic() - started > SECONDS_BEFORE_LINES:
            print(step, file=sys.stderr, flush=True)

    yield tell


def show(written: WrittenBrief, kind: str, told: list[ChannelReport], *, as_json: bool) -> None:
    """Print what was written.

    Args:
        written: the brief.
        kind: what its period is: `month`, `quarter` or `phase`.
        told: what came of sending it.
        as_json: one object instead of lines.
    """
    if as_json:
        facts = {
            kind: written.period,
            "snapshot_id": written.snapshot_id,
            "edition": written.edition,
            "files": [str(file) for file in written.files],
        }
        if kind != "month":
            facts["summary"] = list(written.summary)
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for file in written.files:
        click.echo(str(file))
    if written.is_new_edition and written.edition is not None and written.edition > 1:
        click.echo(f"edition {written.edition}: figures differ from edition {written.edition - 1}; it says which")
    for report in told:
        click.echo(str(report))
