"""Window against baseline, repository by repository: what comparisons and constraints are judged from.

A contrast keeps the two estimates and their *effective sizes*. Work in one repository is alike in both windows, so
the variance of the
difference is taken over repositories' differences (in which a repository's own level cancels); the ratio of that
variance to the one of
independent units is the design effect, and both effective sizes are divided by it. Bounds of any level then follow
from the one-sample
intervals by MOVER (see `stats.mover`), which holds for rare events and asymmetric quantiles as the delta method does
not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.stats.clusters import left_in_residuals
from metrics.stats.grouping import finite

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "version": pl.String(),
    "statistic": pl.String(),
    "kind": pl.String(),
    "unit": pl.String(),
    "scale": pl.Float64(),
    "tier": pl.String(),
    "segment_kind": pl.String(),
    "segment": pl.String(),
    "grain": pl.String(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "baseline_start": pl.Date(),
    "baseline_end": pl.Date(),
    "baseline_is_named": pl.Boolean(),
    "value": pl.Float64(),
    "baseline_value": pl.Float64(),
    "n": pl.Int64(),
    "baseline_n": pl.Int64(),
    "numerator": pl.Float64(),
    "baseline_numerator": pl.Float64(),
    "size": pl.Float64(),
    "baseline_size": pl.Float64(),
    "sd_low": pl.Float64(),
    "sd_high": pl.Float64(),
    "baseline_sd_low": pl.Float64(),
    "baseline_sd_high": pl.Float64(),
    "units_per_week": pl.Float64(),
    "baseline_units_per_week": pl.Float64(),
    "design_effect": pl.Float64(),
    "clusters": pl.Int64(),
    "degrees": pl.Float64(),
    "is_provisional": pl.Boolean(),
}


@dataclass(frozen=True)
class Samples:
    """One statistic of one tier over several periods. Arrays over periods, and `influence` over periods × repositories.

    `influence` is each repository's linearised share in the *relative* error of the estimate (it sums to zero over
    repositories, or to a constant);
    `share` is each repository's share of the units (0 without any). `variance` is the relative variance for
    independent units. For kind `log` the `sd_*` are standard deviations
    of the logarithm towards either side; for `share` and `events`, `size` is the number of units (or weeks) behind
    the value.
    """

    value: Floats
    n: Floats
    numerator: Floats
    size: Floats
    sd_low: Floats
    sd_high: Floats
    variance: Floats
    units_per_week: Floats
    influence: Floats
    share: Floats

    def at(self, index: Integers) -> "Samples":
        """The samples of those periods."""
        return Samples(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Pairs:
    """Which windows are compared with which baselines: window samples and baseline samples, row by row."""

    grain: Grain
    windows: list[Period]
    baselines: list[Period]
    named: bool
    provisional: NDArray[np.bool_]

    def times(self, count: int) -> "Pairs":
        """The same pairs, one after another so many times: for several statistics at once."""
        if count == 1:
            return self
        provisional = np.tile(self.provisional, count)
        return Pairs(self.grain, self.windows * count, self.baselines * count, self.named, provisional)


@dataclass(frozen=True)
class Identity:
    """What a contrast is about."""

    metric: str
    version: str
    statistic: str
    kind: str
    unit: str
    scale: float
    tier: str
    segment_kind: str = "all"
    segment: str = "all"


@dataclass
class ContrastRows:
    """Collects contrasts."""

    chunks: list["_Chunk"] = field(default_factory=list)

    def add(
        self,
        identity: Identity,
        pairs: Pairs,
        window: Samples,
        baseline: Samples,
        segments: Sequence[str] | None = None,
        statistics: Sequence[str] | None = None,
    ) -> None:
        """Adds a row per pair in which both sides have units.

        `segments` and `statistics` name each pair's where they differ.
        """
        # Whether a level lies above zero needs no baseline.
        present = np.flatnonzero((window.n > 0) & ((baseline.n > 0) | (identity.kind == "level")))
        if len(present) == 0:
            return
        clusters = ((window.share > 0) | (baseline.share > 0)).sum(axis=1)
        effect, degrees = design_effect(identity.kind, window, baseline, clusters)
        root = np.sqrt(effect)
        numbers: dict[str, NDArray[Any]] = {
            "value": window.value,
            "baseline_value": baseline.value,
            "n": window.n,
            "baseline_n": baseline.n,
            "numerator": window.numerator,
            "baseline_numerator": baseline.numerator,
            "size": window.size / effect,
            "baseline_size": baseline.size / effect,
            "sd_low": window.sd_low * root,
            "sd_high": window.sd_high * root,
            "baseline_sd_low": baseline.sd_low * root,
            "baseline_sd_high": baseline.sd_high * root,
            "units_per_week": window.units_per_week,
            "baseline_units_per_week": baseline.units_per_week,
            "design_effect": effect,
            "clusters": clusters,
            "degrees": degrees,
            "is_provisional": pairs.provisional,
        }
        columns: dict[str, Sequence[object]] = {
            "window_start": [pairs.windows[i].start for i in present],
            "window_end": [pairs.windows[i].end for i in present],
            "baseline_start": [pairs.baselines[i].start for i in present],
            "baseline_end": [pairs.baselines[i].end for i in present],
        }
        constants = {name: getattr(identity, name) for name in identity.__dataclass_fields__}
        for name, each in (("segment", segments), ("statistic", statistics)):
            if each is not None:
                columns[name] = [each[int(i)] for i in present]
                del constants[name]
        constants |= {"grain": pairs.grain, "baseline_is_named": pairs.named}
        picked = {name: column[present] for name, column in numbers.items()}
        self.chunks.append(_Chunk(len(present), picked, columns, constants))

    def frame(self) -> pl.DataFrame:
        """All contrasts."""
        data = {name: self._column(name, dtype) for name, dtype in SCHEMA.items()}
        return pl.DataFrame(data).with_columns(pl.col(pl.Float64).fill_nan(None))

    def _column(self, name: str, dtype: pl.DataType) -> pl.Series:
        """One column of all chunks, in the order in which they were added."""
        if not self.chunks:
            return pl.Series(name, [], dtype=dtype)
        if name in self.chunks[0].numbers:
            values = np.concatenate([chunk.numbers[name] for chunk in self.chunks])
            return pl.Series(name, values.astype(np.int64) if dtype == pl.Int64() else values).cast(dtype)
        if all(name in chunk.constants for chunk in self.chunks):
            of_chunk = np.repeat(np.arange(len(self.chunks)), [chunk.rows for chunk in self.chunks])
            return pl.Series(name, [chunk.constants[name] for chunk in self.chunks], dtype=dtype).gather(of_chunk)
        each: list[object] = []
        for chunk in self.chunks:
            each += chunk.columns[name] if name in chunk.columns else [chunk.constants[name]] * chunk.rows
        return pl.Series(name, each, dtype=dtype)


@dataclass(frozen=True)
class _Chunk:
    """Rows of one call: numbers and other columns by name, and what is the same in all of them."""

    rows: int
    numbers: Mapping[str, NDArray[Any]]
    columns: Mapping[str, Sequence[object]]
    constants: Mapping[str, object]


def design_effect(kind: str, window: Samples, baseline: Samples, clusters: Integers) -> tuple[Floats, Floats]:
    """Variance of the difference over repositories, relative to that of independent units; and its degrees of freedom.

    1 and 0 for a single repository. With few events the repositories' spread says little: rates are never taken to be
    better than independent units. What repositories of unequal size hide from the residuals is added back, and they
    count as fewer: 1 / sum of squared shares (Kish 1965; Carter, Schnepel and Steigerwald 2017).
    """
    difference = finite(window.influence) - finite(baseline.influence)
    has_both = baseline.n > 0
    both = (finite(window.share) + finite(baseline.share)) / 2
    share = np.where(has_both[:, None], both, finite(window.share))
    squares, cubes = (share**2).sum(axis=1), (share**3).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (difference**2).sum(axis=1) / (window.variance + np.where(has_both, baseline.variance, 0.0))
        effect = 1 + (spread - (1 - squares)) / left_in_residuals(squares, cubes)
        degrees = np.maximum(1 / squares - 1, 1.0)
    effect = np.where((clusters > 1) & np.isfinite(effect), effect, 1.0)
    least = SMALLEST_DESIGN_EFFECT if kind == "log" else 1.0
    return np.maximum(effect, least), np.where(clusters > 1, degrees, 0.0)


SMALLEST_DESIGN_EFFECT = 0.25
"""Chance can make repositories' differences look all but equal; four times the units is the most that is believed."""


def per_tier(samples_cells: Floats, tiers: int, windows: int, clusters: Integers) -> Iterator[Floats]:
    """Splits a cell column into one matrix (windows × repositories) per tier, as `Grouping` lays cells out."""
    start = 0
    for tier in range(tiers):
        width = int(clusters[tier * windows])
        stop = start + windows * width
        yield samples_cells[start:stop].reshape(windows, width)
        start = stop
