"""Rows of `metric_values`, built column by column from arrays over groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.model import Cluster
from metrics.stats.clusters import FEW_CLUSTERS
from metrics.stats.grouping import Grouping, finite

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

TEXT = pl.Categorical()
"""Text of which a few values fill millions of rows: four bytes a row, and never a copy of the text."""
SCHEMA: dict[str, pl.DataType] = {
    "metric": TEXT,
    "version": TEXT,
    "tier": TEXT,
    "segment_kind": TEXT,
    "segment": TEXT,
    "grain": TEXT,
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "statistic": TEXT,
    "value": pl.Float64(),
    "unit": TEXT,
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
    def weeks_of_groups(self) -> Floats:
        """Per group: weeks elapsed up to the cut."""
        return np.tile(self.weeks, self.grouping.size // len(self.weeks))

    @property
    def intervals(self) -> bool:
        """Repositories are given without intervals."""
        return self.segment_kind != "repo"


@dataclass(frozen=True)
class Notes:
    """Notes per group, as codes into a short table of sentences."""

    table: Sequence[str | None]
    codes: Integers


ROUNDING = 1e-9
"""What sums of thousands of squares may lose, and more."""
MOST_DEGREES = 30
"""Beyond this many degrees of freedom a t reference is the normal one for any reader."""


PLURALS: Mapping[Cluster, str] = {"repository": "repositories", "reviewer": "reviewers", "team": "teams"}


def cluster_notes(clusters: Integers, degrees: Floats, kind: Cluster = "repository") -> Notes:
    """Says, per group, when few clusters stand behind an interval, and what reference it was made with."""
    # A hair below a whole number is that number: two ways of adding up must not differ by a sentence.
    whole = np.clip(finite(degrees, 1.0) + ROUNDING, 1, MOST_DEGREES).astype(np.int64)
    first_few, first_unequal = 2, 2 + (FEW_CLUSTERS - 2) * MOST_DEGREES
    of_few = first_few + (clusters - 2) * MOST_DEGREES + whole - 1
    of_unequal = first_unequal + whole - 1
    codes = np.where(clusters < FEW_CLUSTERS, of_few, np.where(whole < FEW_CLUSTERS - 1, of_unequal, 0))
    return Notes(_cluster_sentences(kind), np.where(clusters <= 1, clusters, codes))


@cache
def _cluster_sentences(kind: Cluster) -> tuple[str | None, ...]:
    """None, one cluster, then few clusters by their number and degrees of freedom, then many of unequal size."""

    def reference(freedom: int) -> str:
        return f"t reference with {freedom} degree{'s' if freedom > 1 else ''} of freedom."

    few = [
        f"{count} {PLURALS[kind]}: {reference(freedom)}"
        for count in range(2, FEW_CLUSTERS)
        for freedom in range(1, MOST_DEGREES + 1)
    ]
    unequal = [
        f"{PLURALS[kind].capitalize()} of very unequal size: {reference(freedom)}"
        for freedom in range(1, FEW_CLUSTERS - 1)
    ]
    return (None, f"One {kind}: its units are taken as independent.", *few, *unequal)


NUMERIC = ("numerator", "denominator", "ci_low", "ci_high", "censored", "bin_low", "bin_high")


@dataclass
class ValueRows:
    """Collects the rows of one metric version as arrays of codes, which become one frame at the end."""

    metric: str
    version: str
    remark: str | None = None
    """A sentence that every row's note ends with."""
    since: date | None = None
    """Windows that end by then have been given by an earlier build: no rows of theirs are collected."""
    _chunks: list["_Chunk"] = field(default_factory=list)
    _asides: list[pl.DataFrame] = field(default_factory=list)

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
        picked = np.flatnonzero(keep & np.isfinite(value) & self._given(shape))
        if len(picked) == 0:
            return
        given = columns or {}
        numbers = {
            name: column[picked] if isinstance(column := given[name], np.ndarray) else np.full(len(picked), column)
            for name in NUMERIC
            if name in given
        }
        counts = np.asarray(n)[picked].astype(np.int64)
        said = Notes(notes.table, notes.codes[picked]) if notes else None
        self._chunks.append(_Chunk(shape, statistic, unit, picked, value[picked], counts, numbers, said))

    def add_histogram(self, shape: Shape, unit: str, counts: Integers, n: Integers, edges: Floats) -> None:
        """Adds a `hist` row per group and bin that has units.

        `counts` is groups × bins, `edges` the bins' upper edges.
        """
        picked, bins = np.nonzero(counts if self.since is None else counts * self._given(shape)[:, None])
        if len(picked) == 0:
            return
        lower = np.concatenate([[0.0], edges[:-1]])
        numbers = {"bin_low": lower[bins], "bin_high": edges[bins]}
        value = counts[picked, bins].astype(np.float64)
        self._chunks.append(_Chunk(shape, "hist", unit, picked, value, n[picked].astype(np.int64), numbers, None))

    def _given(self, shape: Shape) -> NDArray[np.bool_]:
        """Per group, whether rows of its window are collected."""
        if self.since is None:
            return np.ones(shape.grouping.size, dtype=bool)
        return np.array([period.end > self.since for period in shape.periods])[shape.grouping.windows]

    def note_on(self, shape: Shape, statistic: str, keep: NDArray[np.bool_], sentence: str) -> None:
        """Says something of the rows of a statistic, whoever adds them, in the groups where `keep` holds."""
        picked, grouping = np.flatnonzero(keep), shape.grouping
        if len(picked) == 0:
            return
        columns: dict[str, list[object]] = {
            "tier": [shape.tiers[i] for i in grouping.tiers[picked]],
            "segment": [shape.segments[i] for i in grouping.segments[picked]],
            "window_start": [shape.periods[i].start for i in grouping.windows[picked]],
        }
        constants = {"segment_kind": shape.segment_kind, "grain": shape.grain, "statistic": statistic}
        places = pl.DataFrame(columns, schema_overrides={"window_start": pl.Date()})
        literals = (constants | {"aside": sentence}).items()
        self._asides.append(places.with_columns(pl.lit(text).alias(name) for name, text in literals))

    def asides(self) -> pl.DataFrame:
        """All that `note_on` was told: tier, segment, window_start, segment_kind, grain, statistic, aside."""
        if not self._asides:
            return pl.DataFrame()
        text = ("tier", "segment", "segment_kind", "grain", "statistic")
        return pl.concat(self._asides).with_columns(pl.col(text).cast(TEXT))

    def frame(self) -> pl.DataFrame:
        """All rows, in the order in which they were added."""
        chunks = self._chunks
        if not chunks:
            return pl.DataFrame(schema=SCHEMA)
        of_chunk = np.repeat(np.arange(len(chunks)), [len(chunk.picked) for chunk in chunks])
        shapes = list({id(chunk.shape): chunk.shape for chunk in chunks}.values())
        number = {id(shape): index for index, shape in enumerate(shapes)}
        of_shape = [number[id(chunk.shape)] for chunk in chunks]
        groupings = [chunk.shape.grouping for chunk in chunks]

        def named(labels: list[Sequence[object]], codes: list[Integers], dtype: pl.DataType) -> pl.Series:
            """Labels of all shapes behind one another, and each row's among them."""
            starts = np.concatenate([[0], np.cumsum([len(each) for each in labels])])
            places = [code + starts[shape] for code, shape in zip(codes, of_shape, strict=True)]
            return pl.Series([label for each in labels for label in each], dtype=dtype)[np.concatenate(places)]

        def text(of_chunks: list[str]) -> pl.Series:
            """A word for each chunk."""
            return pl.Series(of_chunks, dtype=TEXT)[of_chunk]

        windows = [g.windows[c.picked] for g, c in zip(groupings, chunks, strict=True)]
        tiers = [g.tiers[c.picked] for g, c in zip(groupings, chunks, strict=True)]
        segments = [g.segments[c.picked] for g, c in zip(groupings, chunks, strict=True)]
        data: dict[str, pl.Series | Floats | Integers | NDArray[np.bool_]] = {
            "metric": text([self.metric] * len(chunks)),
            "version": text([self.version] * len(chunks)),
            "tier": named([shape.tiers for shape in shapes], tiers, TEXT),
            "segment_kind": text([chunk.shape.segment_kind for chunk in chunks]),
            "segment": named([shape.segments for shape in shapes], segments, TEXT),
            "grain": text([chunk.shape.grain for chunk in chunks]),
            "window_start": named([[p.start for p in shape.periods] for shape in shapes], windows, pl.Date()),
            "window_end": named([[p.end for p in shape.periods] for shape in shapes], windows, pl.Date()),
            "statistic": text([chunk.statistic for chunk in chunks]),
            "value": np.concatenate([chunk.value for chunk in chunks]),
            "unit": text([chunk.unit for chunk in chunks]),
            "n": np.concatenate([chunk.n for chunk in chunks]),
            "is_provisional": np.concatenate([c.shape.provisional[w] for c, w in zip(chunks, windows, strict=True)]),
            "note": self._notes(),
        }
        numeric = [name for name in NUMERIC if any(name in chunk.numbers for chunk in chunks)]
        for name in numeric:
            data[name] = np.concatenate(
                [
                    chunk.numbers[name] if name in chunk.numbers else np.full(len(chunk.picked), np.nan)
                    for chunk in chunks
                ]
            )
        # All of them in one step: each operation on a column by itself costs polars as much as a small table does.
        # What no row has is null from the beginning.
        nothing = {name: pl.lit(None, SCHEMA[name]).alias(name) for name in NUMERIC if name not in numeric}
        columns = [
            pl.col(name).fill_nan(None).cast(SCHEMA[name]) if name in numeric else nothing.get(name, pl.col(name))
            for name in SCHEMA
        ]
        return pl.DataFrame(data).select(columns)

    def _notes(self) -> pl.Series:
        """The note of every row, ended by the remark."""
        tables: dict[int, int] = {}
        sentences: list[str | None] = [None]
        codes: list[Integers] = []
        for chunk in self._chunks:
            if chunk.notes is None:
                codes.append(np.zeros(len(chunk.picked), dtype=np.int64))
                continue
            if id(chunk.notes.table) not in tables:
                tables[id(chunk.notes.table)] = len(sentences)
                sentences += chunk.notes.table
            codes.append(chunk.notes.codes + tables[id(chunk.notes.table)])
        if self.remark is not None:
            sentences = [f"{sentence} {self.remark}" if sentence else self.remark for sentence in sentences]
        return pl.Series(sentences, dtype=pl.String)[np.concatenate(codes)]


@dataclass(frozen=True)
class _Chunk:
    """Rows of one statistic, before they become columns of a frame."""

    shape: Shape
    statistic: str
    unit: str
    picked: NDArray[np.intp]
    value: Floats
    n: Integers
    numbers: Mapping[str, Floats]
    notes: Notes | None
