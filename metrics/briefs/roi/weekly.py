"""Ratios of weekly sums before and now, with the interval of their difference: incident-hours and reviews.

What no published statistic gives by the window that claims rest on. Each side is a ratio of sums over its weeks with a
linearised variance (Cochran 1977, §6.4), weeks taken as independent; the difference has Welch's degrees of freedom.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import stdtrit

from metrics.briefs.roi.document import Range

FEWEST_WEEKS = 8
UPPER = 0.975


@dataclass(frozen=True)
class Side:
    """A ratio of sums over weeks."""

    value: float
    variance: float
    weeks: int

    @classmethod
    def of(cls, numerators: NDArray[np.float64], denominators: NDArray[np.float64]) -> "Side | None":
        """None with too few weeks for an interval, or nothing to divide by."""
        weeks, total = len(numerators), float(denominators.sum())
        if weeks < FEWEST_WEEKS or total <= 0:
            return None
        value = float(numerators.sum()) / total
        residuals = numerators - value * denominators
        return cls(value, float((residuals**2).sum()) * weeks / (weeks - 1) / total**2, weeks)


def difference(before: Side, now: Side) -> Range:
    """Now less before, with its 95 % interval."""
    estimate, variance = now.value - before.value, before.variance + now.variance
    if variance == 0:
        return Range(estimate, estimate, estimate)
    parts = [(side.variance, side.weeks - 1) for side in (before, now)]
    degrees = variance**2 / sum(part**2 / free for part, free in parts)
    wide = float(stdtrit(degrees, UPPER)) * variance**0.5
    return Range(estimate, estimate - wide, estimate + wide)


def side(weekly: pl.DataFrame, tier: str, name: str, numerator: str, denominator: str | None = None) -> Side | None:
    """One side of a tier: `baseline` or `window`.

    Args:
        weekly: see `RoiTables.weekly`; a row for every week of the side, also where nothing happened.
        tier: as text.
        name: of the side.
        numerator: a column.
        denominator: a column; weeks where None.
    """
    if weekly.is_empty():
        return None
    rows = weekly.filter((pl.col("tier") == tier) & (pl.col("side") == name))
    sums = rows[numerator].cast(pl.Float64).to_numpy()
    weeks = np.ones(len(sums)) if denominator is None else rows[denominator].cast(pl.Float64).to_numpy()
    return Side.of(sums, weeks)
