"""Batches of a stream that wait to be stored, joined: storing one of a thousand rows takes as long as one of fifty."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from pipelines.connectors.base import RECORD_COLUMN, Batch, Conformed, format_instant

Read = tuple[Batch, Conformed]
"""A batch and its rows."""

MOST_WAITING = 20
"""Batches of one stream that may wait before its reader does."""


@dataclass
class Waiting:
    """One stream's batches on their way from the thread that reads to the one that stores."""

    _batches: deque[Read] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, read: Read) -> bool:
        """Add one; whether the one who stores has to be told, for nothing was waiting before."""
        with self._lock:
            self._batches.append(read)
            return len(self._batches) == 1

    @property
    def is_full(self) -> bool:
        """Whether the reader should wait until some are stored."""
        return len(self._batches) >= MOST_WAITING

    def take(self) -> list[Read]:
        """What waits, as few batches as may be."""
        with self._lock:
            found = list(self._batches)
            self._batches.clear()
        groups: list[list[Read]] = []
        for read in found:
            if groups and not _has_set_of(groups[-1], read):
                groups[-1].append(read)
            else:
                groups.append([read])
        return [_joined(group) for group in groups]


def _has_set_of(group: Sequence[Read], read: Read) -> bool:
    """Whether a group holds an earlier reading of a set that this batch has read whole: the later has to replace it."""
    sets = {(table, parent) for table, parents in read[1].complete_sets.items() for parent in parents}
    earlier = {
        (table, parent) for _, each in group for table, parents in each.complete_sets.items() for parent in parents
    }
    return not sets.isdisjoint(earlier)


def _joined(group: Sequence[Read]) -> Read:
    """One batch of several: as of the first instant, each row with that of its own batch, the cursor of the last."""
    if len(group) == 1:
        return group[0]
    offset = 0
    frames: dict[str, list[pl.DataFrame]] = {}
    sets: dict[str, list[str]] = {}
    for batch, conformed in group:
        for table, frame in conformed.frames.items():
            moved = frame.with_columns(pl.col(RECORD_COLUMN) + offset)
            if "observed_at" not in frame.columns:
                moved = moved.with_columns(observed_at=pl.lit(format_instant(batch.observed_at)))
            frames.setdefault(table, []).append(moved)
        for table, parents in conformed.complete_sets.items():
            sets.setdefault(table, []).extend(parents)
        offset += len(batch.records)
    whole = Batch(
        [record for batch, _ in group for record in batch.records],
        min(batch.observed_at for batch, _ in group),
        next((batch.cursor for batch, _ in reversed(group) if batch.cursor is not None), None),
        group[-1][0].complete,
    )
    joined = {table: pl.concat(each, how="diagonal_relaxed") for table, each in frames.items()}
    return whole, Conformed(joined, sets)
