"""The changes that the tables hold: which they are, how they are called, when they ended, when their review went on."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_data.changes import Changes
from sample_data.columns import FIRST_SECONDS, REPO_IDS, UNIT_REPOSITORY, blank, gather
from sample_data.company import REPOSITORIES
from sample_data.random_effects import CUT_SECONDS, HOUR, Booleans, Floats, Integers


@dataclass(frozen=True)
class KnownChanges:
    """The changes that the tables hold, with their ids; null ids for those that ended before the first day."""

    changes: Changes
    is_known: Booleans
    ids: pl.Series

    def ids_of(self, rows: Integers) -> pl.Series:
        """Ids by row number; null for -1 and for unknown changes."""
        return gather(self.ids, rows, "change_id")


def know(changes: Changes) -> KnownChanges:
    """Numbers the changes of each repository in the order of their opening."""
    ended = np.fmin(changes.merged, changes.closed)
    is_known = (changes.opened < CUT_SECONDS) & ~(ended < FIRST_SECONDS)
    repository = UNIT_REPOSITORY[changes.unit]
    order = np.lexsort((changes.opened, repository))
    first_of_repository = np.searchsorted(repository[order], np.arange(len(REPOSITORIES)))
    number = np.empty(len(changes), dtype=np.int64)
    number[order] = 1 + np.arange(len(changes)) - first_of_repository[repository[order]]
    frame = pl.DataFrame({"repo_id": REPO_IDS.gather(repository), "number": number})
    ids = frame.select(pl.format("{}#{}", "repo_id", "number")).to_series()
    return KnownChanges(changes, is_known, blank(ids, ~is_known))


def end_of(known: KnownChanges) -> Floats:
    """When each change was merged or closed; infinite while it is open."""
    ended: Floats = np.where(known.changes.closed > 0, known.changes.closed, known.changes.merged)
    return np.where(np.isnan(ended), np.inf, ended)


def rounds_of(rounds: Integers) -> tuple[Integers, Floats]:
    """Row and number (from 1) of every round of review."""
    row = np.repeat(np.arange(len(rounds)), rounds)
    starts = np.cumsum(rounds) - rounds
    return row, 1.0 + np.arange(len(row)) - starts[row]


def round_instant(known: KnownChanges, rows: Integers, position: Floats) -> Floats:
    """The instant within each change's review that a position in its rounds falls on (1 is its first review)."""
    changes = known.changes
    last = np.where(np.isnan(changes.approved), end_of(known), changes.approved)[rows]
    last = np.minimum(last, changes.first_review[rows] + 200 * 24 * HOUR)
    first = changes.first_review[rows]
    within: Floats = first + (last - first) * (position - 1) / np.maximum(changes.rounds[rows], 1)
    return np.where(position < 1, np.nan, within)


def known_rows_of_changes(frame: pl.DataFrame, instant: str) -> pl.DataFrame:
    """Rows of known changes that happened before the cut, ordered by their instant."""
    return frame.filter(pl.col("change_id").is_not_null(), pl.col(instant).is_not_null()).sort(
        instant, maintain_order=True
    )
