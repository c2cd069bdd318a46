"""Margins of non-inferiority: how much worse counts as worse (METRICS §5).

A rate's margin is a quarter of its baseline, but at least a floor that tightens with the tier; both must be exceeded,
since the baseline is itself an
estimate. A duration's is 10 %, a weekly count's 20 % of the baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.model import Figure
from metrics.stats.mover import Side, certainty_above

Floats = NDArray[np.float64]

FEWEST_UNITS = 20
"""Units that either side must have for a judgement (METRICS §4)."""


@dataclass(frozen=True)
class Margins:
    """Relative margins per kind, and the floor of rates per tier as a fraction (0.01 is one percentage point)."""

    rate: float = 0.25
    duration: float = 0.10
    count: float = 0.20
    floors: Mapping[str, float] = field(
        default_factory=lambda: {"1": 0.01, "2": 0.005, "3": 0.0025, "4": 0.001, "untiered": 0.01, "all": 0.001}
    )
    units_rise: float = 0.20
    """Rise of units per week beyond which a guardrail per unit is also judged per week."""


def sides(frame: pl.DataFrame, kind: str) -> tuple[Side, Side]:
    """Window and baseline of contrasts of one kind, as columns."""
    columns = {
        name: frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in (
            *("value", "baseline_value", "size", "baseline_size"),
            *("sd_low", "sd_high", "baseline_sd_low", "baseline_sd_high"),
        )
    }
    window = Side(kind, columns["value"], columns["size"], columns["sd_low"], columns["sd_high"])
    baseline = Side(
        kind,
        columns["baseline_value"],
        columns["baseline_size"],
        columns["baseline_sd_low"],
        columns["baseline_sd_high"],
    )
    return window, baseline


def reference(frame: pl.DataFrame) -> Floats:
    """Effective repositories of each contrast's t reference: one more than its degrees of freedom."""
    return frame["degrees"].to_numpy() + 1


def certainty_worse(frame: pl.DataFrame, figure: Figure, margins: Margins) -> tuple[Floats, NDArray[np.bool_]]:
    """Per contrast: how certain it is that the figure got worse by more than its margin, and whether the estimate did.

    For a rate both contrasts count, beyond the floor and beyond 1.25 times the baseline: the less certain one decides.
    """
    kind = "log" if figure.margin == "duration" else str(frame["kind"][0])
    window, baseline = sides(frame, kind)
    clusters = reference(frame)
    if figure.above_zero:
        certainty = 1 - certainty_above(window, nothing(kind, window), clusters)
        return certainty, window.value <= 0
    if figure.worse == "lower":
        if kind != "share":
            window, baseline = baseline, window
        else:
            window, baseline = window.complement(), baseline.complement()
    factor = 1 + relative_margins(frame["tier"], figure, margins)
    if figure.margin != "rate":
        certainty = certainty_above(window, baseline, clusters, factor)
        return certainty, window.value > factor * baseline.value
    floors = frame["tier"].replace_strict(margins.floors, return_dtype=pl.Float64).to_numpy()
    beyond_floor = certainty_above(window, baseline, clusters, 1.0, floors)
    beyond_share = certainty_above(window, baseline, clusters, factor)
    exceeds = (window.value - baseline.value > floors) & (window.value > factor * baseline.value)
    return np.minimum(beyond_floor, beyond_share), exceeds


def certainty_better(frame: pl.DataFrame, figure: Figure) -> Floats:
    """Per contrast: how certain it is that the figure improved at all."""
    kind = "log" if figure.margin == "duration" else str(frame["kind"][0])
    window, baseline = sides(frame, kind)
    if figure.above_zero:
        return certainty_above(window, nothing(kind, window), reference(frame))
    if figure.worse == "higher":
        window, baseline = baseline, window
    return certainty_above(window, baseline, reference(frame))


def certainty_beside(window: pl.DataFrame, other: pl.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
    """How certain it is that shares of which more is better are lower than another metric's of the same windows.

    Args:
        window: contrasts of the share that must do better.
        other: those of the other metric, row by row of the same tiers and windows.
    """
    mine, _ = sides(window, "share")
    theirs, _ = sides(other, "share")
    clusters = np.minimum(reference(window), reference(other))
    certainty = certainty_above(mine.complement(), theirs.complement(), clusters)
    return certainty, mine.value <= theirs.value


def nothing(kind: str, like: Side) -> Side:
    """The level zero, known for sure."""
    zeros = np.zeros_like(like.value)
    return Side(kind, zeros, zeros, zeros, zeros)


def relative_margin(tier: str, figure: Figure, margins: Margins) -> float:
    """How much worse a figure may be in a tier, as a share of the baseline: the workspace's, else the default."""
    default: float = getattr(margins, figure.margin)
    return dict(figure.own_margins).get(tier, default)


def relative_margins(tiers: pl.Series, figure: Figure, margins: Margins) -> Floats:
    """The relative margin of each row's tier."""
    return np.array([relative_margin(tier, figure, margins) for tier in tiers.to_list()], dtype=np.float64)
