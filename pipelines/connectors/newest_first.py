"""Batches of a newest-first listing, and what is read again until it is closed: how most sources read their streams."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pipelines.connectors.base import Batch, Cursor, PullContext, RawRecord
from pipelines.connectors.listing import Page
from pipelines.connectors.sweep import Sweep
from schemas.errors import SourceError

Item = Mapping[str, Any]
THINGS_PER_BATCH = 100
"""Elements stored together unless a caller whose elements cost requests of their own says fewer."""


class OpenOnes:
    """What was open when it was last read, by id, with the instant of its last update: kept in the stream's cursor.

    A listing by instant of creation does not show what was closed since, and one by update has been seen to skip.
    """

    def __init__(self, cursor: Cursor) -> None:
        self._updates: dict[str, str] = dict(cursor.get("open", {}))
        self._done: set[str] = set()

    def note(self, identifier: str, updated_at: str | None) -> None:
        """Note that a thing was read in this pull: open, as of its last update, or (None) closed or gone."""
        self._done.add(identifier)
        self._updates.pop(identifier, None)
        if updated_at is not None:
            self._updates[identifier] = updated_at

    def is_done(self, identifier: str) -> bool:
        """Whether a thing was read in this pull."""
        return identifier in self._done

    def moved(self, listed: Mapping[str, str]) -> list[str]:
        """Of those that are (`listed`, with their last update), or were, open: the ones not as they were read."""
        identifiers = {*self._updates, *listed} - self._done
        return sorted(each for each in identifiers if self._updates.get(each) != listed.get(each))

    def cursor(self) -> Cursor:
        """What of this goes into the stream's cursor."""
        return {"open": dict(self._updates)}


def newest_first(
    sweep: Sweep,
    context: PullContext,
    pages: Iterable[Page],
    changed_at: Callable[[Item], datetime],
    records: Callable[[Item], list[RawRecord]],
    more: Callable[[], Cursor] = dict,
    then: Callable[[], Iterable[list[RawRecord]]] = tuple,
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
        then: What is read besides once the listing is through, an element at a time.
        things_per_batch: Elements that are stored together.
    """
    gathered: list[RawRecord] = []
    in_batch = 0
    observed_at = context.client.now()
    try:
        # A look at a source goes back no time at all: everything that is open is not read for it.
        is_look = context.since is not None and context.since >= context.started_at
        for found, at in _elements(sweep, pages, changed_at, records, tuple if is_look else then):
            gathered += found
            in_batch += 1
            if at is not None:
                sweep.pass_by(at)
            if in_batch >= things_per_batch:
                yield Batch(gathered, observed_at, sweep.progress(**more()))
                gathered, in_batch, observed_at = [], 0, context.client.now()
    except SourceError:
        yield Batch(gathered, observed_at, sweep.progress(**more()))
        raise
    yield Batch(gathered, observed_at, sweep.finished(**more()), complete=True)


def _elements(
    sweep: Sweep,
    pages: Iterable[Page],
    changed_at: Callable[[Item], datetime],
    records: Callable[[Item], list[RawRecord]],
    then: Callable[[], Iterable[list[RawRecord]]],
) -> Iterator[tuple[list[RawRecord], datetime | None]]:
    """Each element's records with its instant; those of `then` without one."""
    for page in pages:
        for item in page.items:
            at = changed_at(item)
            if sweep.is_below(at):
                break
            yield ([] if sweep.is_read(at) else records(item)), at
        else:
            continue
        break
    for found in then():
        yield found, None
