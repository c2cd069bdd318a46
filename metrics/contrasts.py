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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.stats.clusters import left_in_residuals
from metrics.stats.grouping import Grouping, are_many_cells, finite, reduce_cells

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
class Labels:
    """A column of text over rows: the few values that there are, and the number of each row's."""

    values: Sequence[str]
    codes: Integers

    def at(self, rows: Integers) -> "Labels":
        """The same of some rows."""
        return Labels(self.values, self.codes[rows])


@dataclass(frozen=True)
class Samples:
    """One statistic over the groups of a grouping, or some of them. Arrays over groups, but for the cells.

    `influence` and `share` are over cells (group × repository), of which a group's begin at `first` and are `width`:
    each repository's linearised share in the *relative* error of the estimate (it sums to zero over repositories, or
    to a constant), and its share of the units (0 without any). `variance` is the relative variance for
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
    first: Integers
    width: Integers

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.value)

    def at(self, groups: Integers) -> "Samples":
        """The samples of those groups; the cells stay where they are."""
        return replace(self, **{name: getattr(self, name)[groups] for name in OVER_GROUPS})

    @cached_property
    def cells(self) -> Integers:
        """The numbers of all groups' cells, group after group."""
        ends = np.cumsum(self.width)
        return np.repeat(self.first - (ends - self.width), self.width) + np.arange(int(ends[-1]) if len(ends) else 0)

    @cached_property
    def offsets(self) -> Integers:
        """Where each group's cells begin among `cells`; one more entry than groups."""
        return np.concatenate([[0], np.cumsum(self.width)])


OVER_GROUPS = tuple(name for name in Samples.__dataclass_fields__ if name not in ("influence", "share"))


def samples_of(grouping: Grouping, **columns: Floats) -> Samples:
    """Samples over all groups of a grouping. What a kind of statistic has no use for may be left out: it is NaN."""
    unknown = np.full(grouping.size, np.nan)
    given = {name: columns.get(name, unknown) for name in OVER_GROUPS if name not in ("first", "width")}
    return Samples(
        **given,
        influence=columns["influence"],
        share=columns["share"],
        first=grouping.offsets()[:-1],
        width=grouping.clusters,
    )


def stack(samples: Sequence[Samples]) -> Samples:
    """Samples one after another."""
    if len(samples) == 1:
        return samples[0]
    begin = np.cumsum([0] + [len(sample.influence) for sample in samples[:-1]])
    columns = {
        name: np.concatenate([getattr(sample, name) for sample in samples])
        for name in Samples.__dataclass_fields__
        if name != "first"
    }
    first = np.concatenate([sample.first + start for sample, start in zip(samples, begin, strict=True)])
    return Samples(**columns, first=first)


@dataclass(frozen=True)
class Pairs:
    """Which windows are compared with which baselines, row by row: numbers of periods."""

    grain: Grain
    windows: Sequence[Period]
    window: Integers
    baselines: Sequence[Period]
    baseline: Integers
    named: bool
    provisional: NDArray[np.bool_]

    def times(self, count: int) -> "Pairs":
        """The same pairs, one after another so many times: for several statistics at once."""
        if count == 1:
            return self
        window, baseline = np.tile(self.window, count), np.tile(self.baseline, count)
        provisional = np.tile(self.provisional, count)
        return replace(self, window=window, baseline=baseline, provisional=provisional)


@dataclass(frozen=True)
class Identity:
    """What contrasts are about."""

    metric: str
    version: str
    kind: str
    unit: str
    scale: float
    segment_kind: str = "all"


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
        *,
        statistics: Labels,
        tiers: Labels,
        segments: Labels | None = None,
    ) -> None:
        """Adds a row per pair in which both sides have units; statistics, tiers and segments name each pair's."""
        # Whether a level lies above zero needs no baseline.
        present = np.flatnonzero((window.n > 0) & ((baseline.n > 0) | (identity.kind == "level")))
        if len(present) == 0:
            return
        if len(present) < len(window):
            window, baseline = window.at(present), baseline.at(present)
        effect, degrees, clusters = design_effect(identity.kind, window, baseline)
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
            "is_provisional": pairs.provisional[present],
        }
        labels = {"statistic": statistics.at(present), "tier": tiers.at(present)}
        if segments is not None:
            labels["segment"] = segments.at(present)
        periods = {
            "window": (pairs.windows, pairs.window[present]),
            "baseline": (pairs.baselines, pairs.baseline[present]),
        }
        constants = {name: getattr(identity, name) for name in identity.__dataclass_fields__}
        constants |= {"grain": pairs.grain, "baseline_is_named": pairs.named}
        if segments is None:
            constants["segment"] = WHOLE
        self.chunks.append(_Chunk(len(present), numbers, labels, periods, constants))

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
            return pl.Series(name, values.astype(np.int64) if dtype == pl.Int64() else values, dtype=dtype)
        tables, codes, begin = [], [], 0
        for chunk in self.chunks:
            table, code = chunk.column(name)
            tables += table
            codes.append(code + begin)
            begin += len(table)
        return pl.Series(name, tables, dtype=dtype)[np.concatenate(codes)]


WHOLE = "all"
"""The segment of what is not cut any further."""


@dataclass(frozen=True)
class _Chunk:
    """Rows of one call: numbers, labels and periods by name, and what is the same in all of them."""

    rows: int
    numbers: Mapping[str, NDArray[Any]]
    labels: Mapping[str, Labels]
    periods: Mapping[str, tuple[Sequence[Period], Integers]]
    constants: Mapping[str, object]

    def column(self, name: str) -> tuple[list[object], Integers]:
        """A column as the values that there are, and each row's number."""
        if name in self.constants:
            return [self.constants[name]], np.zeros(self.rows, dtype=np.int64)
        if name in self.labels:
            return list(self.labels[name].values), self.labels[name].codes
        side, _, end = name.partition("_")
        periods, codes = self.periods[side]
        return [getattr(period, end) for period in periods], codes


def design_effect(kind: str, window: Samples, baseline: Samples) -> tuple[Floats, Floats, Integers]:
    """Variance of the difference over repositories, relative to that of independent units; its degrees of freedom.

    And how many repositories have units in either. 1 and 0 for a single repository. With few events the repositories'
    spread says little: rates are never taken to be
    better than independent units. What repositories of unequal size hide from the residuals is added back, and they
    count as fewer: 1 / sum of squared shares (Kish 1965; Carter, Schnepel and Steigerwald 2017).
    """
    has_both = baseline.n > 0
    clusters, squares, cubes, differences = _sums_over_pairs(window, baseline, has_both)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = differences / (window.variance + np.where(has_both, baseline.variance, 0.0))
        effect = 1 + (spread - (1 - squares)) / left_in_residuals(squares, cubes)
        degrees = np.maximum(1 / squares - 1, 1.0)
    effect = np.where((clusters > 1) & np.isfinite(effect), effect, 1.0)
    least = SMALLEST_DESIGN_EFFECT if kind == "log" else 1.0
    return np.maximum(effect, least), np.where(clusters > 1, degrees, 0.0), clusters


def _sums_over_pairs(
    window: Samples, baseline: Samples, has_both: NDArray[np.bool_]
) -> tuple[Integers, Floats, Floats, Floats]:
    """Per pair: repositories with units, sums of squared and cubed mean shares, and of squared differed influence."""
    if are_many_cells(int(window.width.sum()) * PASSES_OVER_CELLS):
        from metrics.stats import kernels

        sums = kernels.sums_over_pairs(
            window.influence,
            window.share,
            window.first,
            baseline.influence,
            baseline.share,
            baseline.first,
            window.width,
            has_both,
        )
        return sums[:, 0].astype(np.int64), sums[:, 1], sums[:, 2], sums[:, 3]
    now, before, offsets = window.cells, baseline.cells, window.offsets
    share, share_before = finite(window.share[now]), finite(baseline.share[before])
    difference = finite(window.influence[now]) - finite(baseline.influence[before])
    mean = np.where(np.repeat(has_both, window.width), (share + share_before) / 2, share)
    worked = ((share > 0) | (share_before > 0)).astype(np.float64)
    clusters = reduce_cells(worked, offsets).astype(np.int64)
    square = mean * mean
    return (
        clusters,
        reduce_cells(square, offsets),
        reduce_cells(square * mean, offsets),
        reduce_cells(difference * difference, offsets),
    )


PASSES_OVER_CELLS = 4
"""What NumPy takes fifteen passes over is worth compiled loops sooner than what it takes one or two over."""
SMALLEST_DESIGN_EFFECT = 0.25
"""Chance can make repositories' differences look all but equal; four times the units is the most that is believed."""
