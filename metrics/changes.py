"""Changes of contrasts with their 95 % intervals."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.margins import reference, sides
from metrics.stats.clusters import critical
from metrics.stats.mover import lower_difference, ratio_bounds, upper_difference

Floats = NDArray[np.float64]

RELATIVE = ("log", "count")
"""Kinds whose change is a ratio: durations, and counts per week."""


COUNTED = ("per_week", "per_engineer_week")
"""Statistics of counts, whose change is relative; that of events per unit is absolute."""


def kind_of(kind: str, statistic: str) -> str:
    """How the change of a contrast is given: counts per week are events whose ratio is wanted (METRICS §4)."""
    return "count" if statistic in COUNTED else kind


@dataclass(frozen=True)
class Changes:
    """Changes with their 95 % bounds: factors for durations and counts, differences in the unit for rates."""

    value: Floats
    low: Floats
    high: Floats
    is_relative: bool

    def less(self, other: "Changes") -> "Changes":
        """What this arm changed by beyond the other, relative changes as factors."""
        if self.is_relative:
            with np.errstate(divide="ignore", invalid="ignore"):
                # a bound of zero has no logarithm: such a difference has no bound either
                logs = (Changes(np.log(c.value), np.log(c.low), np.log(c.high), False) for c in (self, other))
                mine, others = logs
                difference = mine.less(others)
            return Changes(np.exp(difference.value), np.exp(difference.low), np.exp(difference.high), True)
        value = self.value - other.value
        low = value - np.sqrt((self.value - self.low) ** 2 + (other.high - other.value) ** 2)
        high = value + np.sqrt((self.high - self.value) ** 2 + (other.value - other.low) ** 2)
        return Changes(value, low, high, False)

    def published(self) -> "Changes":
        """As the contract gives changes: relative ones as a share of the baseline."""
        offset = 1.0 if self.is_relative else 0.0
        return Changes(self.value - offset, self.low - offset, self.high - offset, self.is_relative)

    def words(self, index: int, unit: str) -> str:
        """One change in words: -25 % (-31 to -18 %); in the metric's unit where it is not relative."""
        scale, sign = (100.0, " %") if self.is_relative or unit == "fraction" else (1.0, f" {unit}")
        sign = " points" if unit == "fraction" and not self.is_relative else sign
        value, low, high = (scale * bound[index] for bound in (self.value, self.low, self.high))
        if np.isnan(low) or np.isnan(high):
            return f"{value:+.1f}{sign}"
        return f"{value:+.1f}{sign} ({low:+.1f} to {high:+.1f})"


def changes_of(rows: pl.DataFrame, kind: str) -> Changes:
    """Changes of contrasts of one kind ('log', 'count', 'share', 'events' or 'level')."""
    window, baseline = sides(rows, "events" if kind == "count" else kind)
    score = critical(reference(rows))
    if kind in RELATIVE:
        with np.errstate(divide="ignore", invalid="ignore"):
            value = window.value / baseline.value
        return Changes(value, *ratio_bounds(window, baseline, score), True)
    scale = rows["scale"].to_numpy()
    return Changes(
        (window.value - baseline.value) * scale,
        lower_difference(window, baseline, 1.0, score) * scale,
        upper_difference(window, baseline, 1.0, score) * scale,
        False,
    )
