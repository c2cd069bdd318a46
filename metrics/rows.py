"""Rows of `metric_values`, built column by column from arrays over groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.stats.clusters import FEW_CLUSTERS
from metrics.stats.grouping import Grouping

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "version": pl.String(),
    "tier": pl.String(),
    "segment_kind": pl.String(),
    "segment": pl.String(),
    "grain": pl.String(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "statistic": pl.String(),
    "value": pl.Float64(),
    "unit": pl.String(),
    "n": pl.Int64(),
    "numerator": pl.Float64(),
    "denominator": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "censored": pl.Int64(),
    "bin_low": pl.Float64(),
    "bin_high": pl.Float64(),
    "is_provisional": pl.Boolean(),
    "note": pl.String(),
}


@dataclass(frozen=True)
class Shape:
    """What the groups of a grouping stand for, in names."""

    grouping: Grouping
    tiers: Sequence[str]
    segment_kind: str
    segments: Sequence[str]
    grain: Grain
    periods: Sequence[Period]
    provisional: NDArray[np.bool_]
    """Per window."""
    weeks: Floats
    """Per window: weeks elapsed up to the cut."""

    @property
    def intervals(self) -> bool:
        """Repositories are given without intervals."""
        return self.segment_kind != "repo"


@dataclass(frozen=True)
class Notes:
    """Notes per group, as codes into a short table of sentences."""

    table: Sequence[str | None]
    codes: Integers


MOST_DEGREES = 30
"""Beyond this many degrees of freedom a t reference is the normal one for any reader."""


def cluster_notes(clusters: Integers, degrees: Floats) -> Notes:
    """Says, per group, when few repositories stand behind an interval, and what reference it was made with."""
    table: list[str | None] = [None, "One repository: its units are taken as independent."]
    few = [
        f"{count} repositories: t reference with {freedom} degree{'s' if freedom > 1 else ''} of freedom."
        for count in range(2, FEW_CLUSTERS)
        for freedom in range(1, MOST_DEGREES + 1)
    ]
    unequal = [
        f"Repositories of very unequal size: t reference with {freedom} degree{'s' if freedom > 1 else ''} of freedom."
        for freedom in range(1, FEW_CLUSTERS - 1)
    ]
    whole = np.clip(np.nan_to_num(degrees, nan=1.0), 1, MOST_DEGREES).astype(np.int64)
    of_few = len(table) + (clusters - 2) * MOST_DEGREES + whole - 1
    of_unequal = len(table) + len(few) + whole - 1
    codes = np.where(clusters < FEW_CLUSTERS, of_few, np.where(whole < FEW_CLUSTERS - 1, of_unequal, 0))
    return Notes([*table, *few, *unequal], np.where(clusters <= 1, clusters, codes))


NUMERIC = ("numerator", "denominator", "ci_low", "ci_high", "censored", "bin_low", "bin_high")


@dataclass
class ValueRows:
    """Collects the rows of one metric version.

    Rows of one shape become one frame: few large columns, not many small ones.
    """

    metric: str
    version: str
    frames: list[pl.DataFrame] = field(default_factory=list)
    _shape: Shape | None = None
    _pending: list["_Chunk"] = field(default_factory=list)

    def add(
        self,
        shape: Shape,
        statistic: str,
        unit: str,
        value: Floats,
        n: Floats | Integers,
        keep: NDArray[np.bool_],
        columns: Mapping[str, Floats | float] | None = None,
        notes: Notes | None = None,
    ) -> None:
        """Adds a row per group where `keep` holds.

        `columns` are further numeric columns over groups (NaN becomes null).
        """
        picked = np.flatnonzero(keep & np.isfinite(value))
        if len(picked) == 0:
            return
        self._begin(shape)
        given = columns or {}
        numbers = {
            name: column[picked] if isinstance(column := given[name], np.ndarray) else np.full(len(picked), column)
            for name in NUMERIC
            if name in given
        }
        counts = np.asarray(n)[picked].astype(np.int64)
        sentences = pl.Series(list(notes.table), dtype=pl.String).gather(notes.codes[picked]) if notes else None
        self._pending.append(_Chunk(statistic, unit, picked, value[picked], counts, numbers, sentences))

    def add_histogram(self, shape: Shape, unit: str, counts: Integers, n: Integers, edges: Floats) -> None:
        """Adds a `hist` row per group and bin that has units.

        `counts` is groups × bins, `edges` the bins' upper edges.
        """
        picked, bins = np.nonzero(counts)
        if len(picked) == 0:
            return
        self._begin(shape)
        lower = np.concatenate([[0.0], edges[:-1]])
        numbers = {"bin_low": lower[bins], "bin_high": edges[bins]}
        value = counts[picked, bins].astype(np.float64)
        self._pending.append(_Chunk("hist", unit, picked, value, n[picked].astype(np.int64), numbers, None))

    def _begin(self, shape: Shape) -> None:
        """Rows of another shape go into a frame of their own."""
        if shape is not self._shape:
            self._flush()
            self._shape = shape

    def _flush(self) -> None:
        """Makes one frame of the rows of the shape at hand."""
        shape, chunks = self._shape, self._pending
        if shape is None or not chunks:
            return
        grouping = shape.grouping
        picked = np.concatenate([chunk.picked for chunk in chunks])
        lengths = np.array([len(chunk.picked) for chunk in chunks])
        of_chunk = np.repeat(np.arange(len(chunks)), lengths)
        window = grouping.windows[picked]
        data: dict[str, pl.Series] = {
            "tier": pl.Series(list(shape.tiers), dtype=pl.String).gather(grouping.tiers[picked]),
            "segment": pl.Series(list(shape.segments), dtype=pl.String).gather(grouping.segments[picked]),
            "window_start": pl.Series([p.start for p in shape.periods], dtype=pl.Date).gather(window),
            "window_end": pl.Series([p.end for p in shape.periods], dtype=pl.Date).gather(window),
            "statistic": pl.Series([chunk.statistic for chunk in chunks]).gather(of_chunk),
            "unit": pl.Series([chunk.unit for chunk in chunks]).gather(of_chunk),
            "value": pl.Series(np.concatenate([chunk.value for chunk in chunks])),
            "n": pl.Series(np.concatenate([chunk.n for chunk in chunks])),
            "is_provisional": pl.Series(shape.provisional[window]),
        }
        for name in NUMERIC:
            column = np.concatenate([chunk.numbers.get(name, np.full(len(chunk.picked), np.nan)) for chunk in chunks])
            data[name] = pl.Series(column, dtype=pl.Float64).fill_nan(None)
        empty = [pl.Series([None], dtype=pl.String).new_from_index(0, len(chunk.picked)) for chunk in chunks]
        data["note"] = pl.concat(
            [blank if c.notes is None else c.notes for c, blank in zip(chunks, empty, strict=True)]
        )
        constants = {
            "metric": self.metric,
            "version": self.version,
            "segment_kind": shape.segment_kind,
            "grain": shape.grain,
        }
        frame = pl.DataFrame(data).with_columns(pl.lit(text).alias(name) for name, text in constants.items())
        self.frames.append(frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()))
        self._pending = []

    def frame(self) -> pl.DataFrame:
        """All rows, in the order in which they were added."""
        self._flush()
        if not self.frames:
            return pl.DataFrame(schema=SCHEMA)
        return pl.concat(self.frames)


@dataclass(frozen=True)
class _Chunk:
    """Rows of one statistic, before they become a frame."""

    statistic: str
    unit: str
    picked: NDArray[np.intp]
    value: Floats
    n: Integers
    numbers: Mapping[str, Floats]
    notes: pl.Series | None
