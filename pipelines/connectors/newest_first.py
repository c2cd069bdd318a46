"""Batches of a newest-first listing: what every source without a shape of its own reads its streams with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.connectors.base import Batch, Cursor, PullContext, RawRecord
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import Page
from schemas.errors import SourceError

Item = Mapping[str, Any]
THINGS_PER_BATCH = 100
"""Elements stored together unless a caller whose elements cost requests of their own says fewer."""


def newest_first(
    sweep: Sweep,
    context: PullContext,
    pages: Iterable[Page],
    changed_at: Callable[[Item], datetime],
    records: Callable[[Item], list[RawRecord]],
    more: Callable[[], Cursor] = dict,
    things_per_batch: int = THINGS_PER_BATCH,
) -> Iterator[Batch]:
    """Read a listing from its top down to where the last sweep began, and hand it on in batches.

    An element goes in whole or not at all. Where the host fails midway, what was read is handed on before the error.

    Args:
        sweep: Where the stream stands.
        context: The pull.
        pages: The listing, newest change first.
        changed_at: When an element changed last (or was made, by what the host sorts).
        records: The element as records; may ask the host for what hangs on it. None where it is not wanted.
        more: What else the cursor carries, asked for at the moment of each batch.
        things_per_batch: Elements that are stored together.
    """
    gathered: list[RawRecord] = []
    in_batch = 0
    observed_at = context.client.now()
    try:
        for item in _elements(pages):
            at = changed_at(item)
            if sweep.is_below(at):
                break
            if in_batch >= things_per_batch:
                yield Batch(gathered, observed_at, sweep.progress(**more()))
                gathered, in_batch, observed_at = [], 0, context.client.now()
            if not sweep.is_read(at):
                gathered += records(item)
                in_batch += 1
            sweep.pass_by(at)
    except SourceError:
        yield Batch(gathered, observed_at, sweep.progress(**more()))
        raise
    yield Batch(gathered, observed_at, sweep.finished(**more()), complete=True)


def _elements(pages: Iterable[Page]) -> Iterator[Item]:
    for page in pages:
        yield from page.items
