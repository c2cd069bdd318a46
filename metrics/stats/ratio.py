"""Ratios of sums with variances clustered by repository.

For R = sum(y) / sum(x) over repositories, the linearised (delta-method) variance is K / (K - 1) * sum((y_k - R
x_k)^2) / sum(x)^2
(Cochran 1977, section 6.3; Deng, Knoblich and Lu 2018). It is never taken to be smaller than that of independent
units: with few events the
repositories' spread says little. Bounds are score intervals on the effective size (see `scores`).
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import critical
from metrics.stats.grouping import Grouping, reduce_cells
from metrics.stats.scores import effective_size, poisson, wilson
from metrics.stats.successive import History, Repositories

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
RatioKind = Literal["share", "events"]


@dataclass(frozen=True)
class RatioOfSums:
    """A ratio per group; NaN where the denominator is zero.

    `independent` is the variance that independent units would give.
    """

    numerator: Floats
    denominator: Floats
    units: Floats
    value: Floats
    independent: Floats


@dataclass(frozen=True)
class RatioEstimate(RatioOfSums):
    """A ratio per group, with its interval."""

    clusters: Integers
    degrees: Floats
    low: Floats
    high: Floats


def score_bounds(kind: str, value: Floats, size: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Bounds of a share or of a rate of events on an effective size, at a reference quantile."""
    return wilson(value, size, score) if kind == "share" else poisson(value, size, score)


def ratio_of_sums(
    grouping: Grouping, numerators: Floats, denominators: Floats, units: Floats, kind: RatioKind
) -> RatioOfSums:
    """Ratio of every group from cell sums, without an interval; `units` are the denominator's rows per cell.

    The size behind a share is counted in units, whatever is summed: ten thousand lines of one change are one unit.
    """
    offsets = grouping.offsets()
    numerator, denominator = reduce_cells(numerators, offsets), reduce_cells(denominators, offsets)
    count = reduce_cells(units, offsets)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = numerator / denominator
        independent = value * ((1 - value) if kind == "share" else 1.0) / (count if kind == "share" else denominator)
    return RatioOfSums(numerator, denominator, count, value, independent)


def estimate_ratio(
    grouping: Grouping,
    numerators: Floats,
    denominators: Floats,
    units: Floats,
    kind: RatioKind,
    history: History | None = None,
) -> RatioEstimate:
    """Ratio of every group from cell sums, with its interval; `units` are the denominator's rows per cell.

    With a `history`, intervals are those of the given repositories (`stats.successive`).
    """
    ratio = ratio_of_sums(grouping, numerators, denominators, units, kind)
    repositories = Repositories(grouping, denominators, history)
    exposure, value = ratio.units if kind == "share" else ratio.denominator, ratio.value
    with np.errstate(divide="ignore", invalid="ignore"):
        # Relative to the value, as ups and downs are: those of a rate that has halved have halved as well.
        relative = ratio.independent / value**2
        level = repositories.level_of(numerators, value, 1 / ratio.numerator, relative)
        size = effective_size(exposure, level.variance, relative)
        low, high = score_bounds(kind, value, size, critical(level.degrees + 1))
        # A share of 0 or 1 is its own bound; rounding would put it beside by a hair.
        low, high = np.minimum(low, value), np.maximum(high, value)
    return RatioEstimate(
        ratio.numerator,
        ratio.denominator,
        ratio.units,
        value,
        ratio.independent,
        repositories.clusters,
        level.degrees,
        low,
        high,
    )
