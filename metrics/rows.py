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


def cluster_notes(clusters: Integers) -> list[str | None]:
    """Says, per group, when few repositories stand behind an interval."""
    table: list[str | None] = [None, "One repository: its units are taken as independent."]
    table += [
        f"{count} repositories: t reference with {count - 1} degree{'s' if count > 2 else ''} of freedom."
        for count in range(2, FEW_CLUSTERS)
    ]
    table.append(None)
    return [table[index] for index in np.minimum(clusters, FEW_CLUSTERS)]


@dataclass
class ValueRows:
    """Collects the rows of one metric version."""

    metric: str
    version: str
    frames: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        shape: Shape,
        statistic: str,
        unit: str,
        value: Floats,
        n: Floats | Integers,
        keep: NDArray[np.bool_],
        columns: Mapping[str, Floats | float] | None = None,
        notes: Sequence[str | None] | None = None,
    ) -> None:
        """Adds a row per group where `keep` holds; `columns` are further numeric columns over groups (NaN becomes null)."""
        picked = np.flatnonzero(keep & np.isfinite(value))
        if len(picked) == 0:
            return
        grouping = shape.grouping
        window = grouping.windows[picked]
        data: dict[str, pl.Series | pl.Expr] = {
            "tier": pl.Series(list(shape.tiers), dtype=pl.String).gather(grouping.tiers[picked]),
            "segment": pl.Series(list(shape.segments), dtype=pl.String).gather(grouping.segments[picked]),
            "window_start": pl.Series([p.start for p in shape.periods], dtype=pl.Date).gather(window),
            "window_end": pl.Series([p.end for p in shape.periods], dtype=pl.Date).gather(window),
            "value": pl.Series(value[picked]),
            "n": pl.Series(np.asarray(n, dtype=np.int64)[picked]),
            "is_provisional": pl.Series(shape.provisional[window]),
        }
        for name, column in (columns or {}).items():
            full = np.full(grouping.size, column) if isinstance(column, float) else column
            data[name] = pl.Series(full[picked], dtype=pl.Float64).fill_nan(None)
        if notes is not None:
            data["note"] = pl.Series(list(notes), dtype=pl.String).gather(picked)
        constants = {
            "metric": self.metric,
            "version": self.version,
            "segment_kind": shape.segment_kind,
            "grain": shape.grain,
            "statistic": statistic,
            "unit": unit,
        }
        frame = pl.DataFrame(data).with_columns(pl.lit(text).alias(name) for name, text in constants.items())
        missing = [name for name in SCHEMA if name not in frame.columns]
        frame = frame.with_columns(pl.lit(None, dtype=SCHEMA[name]).alias(name) for name in missing)
        self.frames.append(frame.select(pl.col(name).cast(SCHEMA[name]) for name in SCHEMA))

    def frame(self) -> pl.DataFrame:
        """All rows, in the order of the published table's grain."""
        if not self.frames:
            return pl.DataFrame(schema=SCHEMA)
        return pl.concat(self.frames)
