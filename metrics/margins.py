"""Margins of non-inferiority: how much worse counts as worse (METRICS §5).

A rate's margin is a quarter of its baseline, but at least a floor that tightens with the tier; both must be exceeded,
since the baseline is itself an
estimate. A duration's is 10 %, a weekly count's 20 % of the baseline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.model import Figure
from metrics.stats.mover import Side, certainty_above, is_certain

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


SIDES = (
    *("value", "baseline_value", "size", "baseline_size"),
    *("sd_low", "sd_high", "baseline_sd_low", "baseline_sd_high"),
)
"""The columns of a contrast from which its two sides are made."""


def sides(frame: pl.DataFrame, kind: str) -> tuple[Side, Side]:
    """Window and baseline of contrasts of one kind, as columns."""
    numbers = frame.select(pl.col(SIDES).cast(pl.Float64).fill_null(np.nan))
    columns = {name: numbers[name].to_numpy() for name in SIDES}
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


@dataclass(frozen=True)
class Contrasted:
    """Contrasts of one figure as columns, read once for all that is asked of them."""

    figure: Figure
    window: Side
    baseline: Side
    clusters: Floats
    tiers: Sequence[str]

    @classmethod
    def of(cls, frame: pl.DataFrame, figure: Figure) -> "Contrasted":
        """The columns of contrasts."""
        kind = "log" if figure.margin == "duration" else str(frame["kind"][0])
        return cls(figure, *sides(frame, kind), reference(frame), frame["tier"].to_list())

    def grown(self, growth: Floats) -> "Contrasted":
        """The same figures of windows that have so many times the units."""
        return replace(self, window=self.window.grown(growth))

    def certainty(self, margins: Margins) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """How certain it is that the figure improved at all, and that it got worse by more than its margin.

        Last, whether the estimate got worse by more than that.
        """
        if self.figure.above_zero:
            (better,) = certainties([self.better()])
            return better, 1 - better, self.window.value <= 0
        improved, worsened = self.better(), self.worse(margins)
        better, worse = certainties([improved, worsened])
        return better, worse, worsened.estimated()

    def worse(self, margins: Margins) -> "Rise":
        """What has to be shown of a figure that got worse by more than its margin.

        For a rate both count, beyond the floor and beyond 1.25 times the baseline: the less certain one decides.
        """
        window, baseline, figure = self.window, self.baseline, self.figure
        if figure.above_zero:
            return Rise(nothing(window), window, self.clusters, ((1.0, 0.0),))
        if figure.worse == "lower":
            if window.kind != "share":
                window, baseline = baseline, window
            else:
                window, baseline = window.complement(), baseline.complement()
        factor = 1 + relative_margins(self.tiers, figure, margins)
        beyond_share = (factor, 0.0)
        if figure.margin != "rate":
            return Rise(window, baseline, self.clusters, (beyond_share,))
        floors = np.array([margins.floors[tier] for tier in self.tiers], dtype=np.float64)
        return Rise(window, baseline, self.clusters, ((1.0, floors), beyond_share))

    def better(self) -> "Rise":
        """What has to be shown of a figure that improved at all."""
        window, baseline = self.window, self.baseline
        if self.figure.above_zero:
            baseline = nothing(window)
        elif self.figure.worse == "higher":
            window, baseline = baseline, window
        return Rise(window, baseline, self.clusters, ((1.0, 0.0),))


@dataclass(frozen=True)
class Rise:
    """The claim that `window` exceeds factor × `baseline` by more than a limit, for every factor and limit."""

    window: Side
    baseline: Side
    clusters: Floats
    beyond: Sequence[tuple[float | Floats, float | Floats]]

    def estimated(self) -> NDArray[np.bool_]:
        """Whether the estimates are as the claim says."""
        return _all([self.window.value - factor * self.baseline.value > limit for factor, limit in self.beyond])

    def is_certain(self, level: Floats) -> NDArray[np.bool_]:
        """Whether it is certain at a level above one half."""
        return _all([is_certain(self.window, self.baseline, self.clusters, level, *each) for each in self.beyond])

    def is_refuted(self, level: Floats) -> NDArray[np.bool_]:
        """Whether the contrary of any part of it is certain at a level above one half."""
        return ~_all(
            [~is_certain(self.window, self.baseline, self.clusters, level, *each, above=False) for each in self.beyond]
        )


def certainties(rises: Sequence[Rise]) -> list[Floats]:
    """How certain each claim is, row by row.

    All are searched for at once: a search has sixty steps, and a step of a short column costs what its calls do.

    Args:
        rises: claims on columns of one kind and length.
    """
    beyond = [(rise, *each) for rise in rises for each in rise.beyond]
    length = len(rises[0].clusters)
    found = certainty_above(
        _side_by_side([rise.window for rise, *_ in beyond]),
        _side_by_side([rise.baseline for rise, *_ in beyond]),
        np.concatenate([rise.clusters for rise, *_ in beyond]),
        np.concatenate([np.broadcast_to(factor, length) for _, factor, _ in beyond]),
        np.concatenate([np.broadcast_to(limit, length) for _, _, limit in beyond]),
    ).reshape(-1, length)
    ends = np.cumsum([len(rise.beyond) for rise in rises])[:-1]
    return [np.asarray(each.min(axis=0)) for each in np.split(found, ends)]


def _side_by_side(sides: Sequence[Side]) -> Side:
    """Columns of one kind, one after another."""
    columns = ("value", "size", "sd_low", "sd_high")
    return Side(sides[0].kind, *(np.concatenate([getattr(side, name) for side in sides]) for name in columns))


def _all(conditions: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Where all of them hold."""
    return np.asarray(np.stack(conditions).all(axis=0))


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


def nothing(like: Side) -> Side:
    """The level zero, known for sure."""
    zeros = np.zeros_like(like.value)
    return Side(like.kind, zeros, zeros, zeros, zeros)


def relative_margin(tier: str, figure: Figure, margins: Margins) -> float:
    """How much worse a figure may be in a tier, as a share of the baseline: the workspace's, else the default."""
    default: float = getattr(margins, figure.margin)
    return dict(figure.own_margins).get(tier, default)


def relative_margins(tiers: Sequence[str], figure: Figure, margins: Margins) -> Floats:
    """The relative margin of each row's tier."""
    return np.array([relative_margin(tier, figure, margins) for tier in tiers], dtype=np.float64)
