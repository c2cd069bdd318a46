"""Differences and ratios of two estimates from their one-sample intervals: MOVER, variance estimates recovery.

Sources: Newcombe (1998), "Interval estimation for the difference between independent proportions"; Zou and Donner
(2008), "Construction of
confidence limits about effect measures"; Donner and Zou (2012) for ratios. The one-sample intervals carry the
clustering through their effective
sizes, so the two sides enter as independent.

All functions work on whole columns. A *score* is the quantile of the reference distribution at some level; how
certain it is that a difference exceeds a
limit is found by the score at which the bound meets the limit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import critical, probability
from metrics.stats.scores import poisson_bound, wilson_bound

Floats = NDArray[np.float64]

HALVINGS = 60
"""Bisection steps: the bracket shrinks by 2^60, beyond the precision of a double."""
LARGEST_SCORE = 40.0
"""Scores beyond this stand for certainty: the normal tail there is below 1e-300."""
LARGEST_RATIO = 1e6
"""Relative changes beyond a million-fold are no figures."""


@dataclass(frozen=True)
class Side:
    """One side of a contrast, as columns: its value and what its bounds are made from.

    `kind` is 'share', 'events' (with `size`) or 'log' (with the standard deviations of the logarithm towards either
    side).
    """

    kind: str
    value: Floats
    size: Floats
    sd_low: Floats
    sd_high: Floats

    def bound(self, score: Floats) -> Floats:
        """One-sample bound at a score: the upper one, or the lower one at a negative score."""
        if self.kind == "share":
            return wilson_bound(self.value, self.size, score)
        if self.kind == "events":
            return poisson_bound(self.value, self.size, score)
        sd = np.where(score < 0, self.sd_low, self.sd_high)
        return self.value + score * sd if self.kind == "level" else self.value * np.exp(score * sd)

    def grown(self, growth: Floats) -> "Side":
        """The same values of so many times the units."""
        root = np.sqrt(growth)
        return Side(self.kind, self.value, self.size * growth, self.sd_low / root, self.sd_high / root)

    def complement(self) -> "Side":
        """The share of the rest: for shares of which more is better."""
        return Side(self.kind, 1 - self.value, self.size, self.sd_high, self.sd_low)


def lower_difference(window: Side, baseline: Side, factor: float | Floats, score: Floats) -> Floats:
    """Lower bound of window - factor × baseline."""
    return window.value - factor * baseline.value - _reach(window, baseline, factor, -score)


def upper_difference(window: Side, baseline: Side, factor: float | Floats, score: Floats) -> Floats:
    """Upper bound of window - factor × baseline."""
    return window.value - factor * baseline.value + _reach(window, baseline, factor, score)


def _reach(window: Side, baseline: Side, factor: float | Floats, score: Floats) -> Floats:
    """How far the bound of window - factor × baseline lies from the estimate: below it for a negative score."""
    return _combined(window.bound(score) - window.value, factor, baseline.bound(-score) - baseline.value)


def _combined(window: Floats, factor: float | Floats, baseline: Floats) -> Floats:
    """The two sides' distances to their bounds as one: the sides are independent."""
    return np.asarray(np.sqrt(window**2 + (factor * baseline) ** 2))


def certainty_above(
    window: Side, baseline: Side, clusters: Floats, factor: float | Floats = 1.0, limit: float | Floats = 0.0
) -> Floats:
    """How certain it is, one-sided, that window - factor × baseline exceeds `limit`: one minus the p-value.

    0.5 where the estimate sits at the limit; NaN where a bound that is needed is unknown. For durations the
    difference is taken on the logarithm.
    """
    if window.kind == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.log(window.value / baseline.value) - np.log(factor)
            above = distance / np.sqrt(window.sd_low**2 + baseline.sd_high**2)
            below = distance / np.sqrt(window.sd_high**2 + baseline.sd_low**2)
        score = np.where(distance > 0, above, below)
        return np.where(np.isnan(score), np.nan, probability(clusters, np.nan_to_num(score)))
    estimate = window.value - factor * baseline.value
    side = np.where(estimate > limit, 1.0, -1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = np.zeros_like(estimate), np.full_like(estimate, LARGEST_SCORE)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            still = _is_beyond(window, baseline, factor, limit, side * middle)
            low, high = np.where(still, middle, low), np.where(still, high, middle)
    return np.where(
        np.isnan(estimate) | (estimate == limit),
        np.where(np.isnan(estimate), np.nan, 0.5),
        probability(clusters, side * low),
    )


def is_certain(
    window: Side,
    baseline: Side,
    clusters: Floats,
    level: float | Floats,
    factor: float | Floats = 1.0,
    limit: float | Floats = 0.0,
    *,
    above: bool = True,
) -> NDArray[np.bool_]:
    """Whether it is certain at a level (one half or more) that window - factor × baseline exceeds `limit`.

    The answer of `certainty_above`, from the bound at that level alone, where nobody asks how certain it is.
    With `above` false: whether it is certain that it lies below.
    """
    if window.kind == "log":
        certainty = certainty_above(window, baseline, clusters, factor, limit)
        return certainty >= level if above else certainty <= 1 - np.asarray(level)
    score = critical(clusters, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _is_beyond(window, baseline, factor, limit, score if above else -score)


def _is_beyond(
    window: Side, baseline: Side, factor: float | Floats, limit: float | Floats, score: Floats
) -> NDArray[np.bool_]:
    """Whether the bound lies beyond the limit: the lower one above it, or, of a negative score, the upper one below."""
    estimate, reach = window.value - factor * baseline.value, _reach(window, baseline, factor, -score)
    return np.asarray(np.where(score > 0, estimate - reach > limit, estimate + reach < limit))


def ratio_bounds(window: Side, baseline: Side, score: Floats) -> tuple[Floats, Floats]:
    """Bounds of window / baseline: the factors at which the bounds of window - factor × baseline cross zero.

    NaN where they never do.
    """
    if window.kind == "log":
        # A median of zero has no ratio: the bounds are then unknown, not an error.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = window.value / baseline.value
            low = ratio * np.exp(-score * np.sqrt(window.sd_low**2 + baseline.sd_high**2))
            return low, ratio * np.exp(score * np.sqrt(window.sd_high**2 + baseline.sd_low**2))
    return _root(window, baseline, -score), _root(window, baseline, score)


def _root(window: Side, baseline: Side, score: Floats) -> Floats:
    """The factor at which the bound at a score (lower: a negative one), which falls with the factor, crosses zero.

    By bisection; the bounds of either side do not depend on the factor.
    """
    of_window, of_baseline = window.bound(score) - window.value, baseline.bound(-score) - baseline.value
    way = np.sign(score)

    def bound(factor: Floats) -> Floats:
        reach = _combined(of_window, factor, of_baseline)
        return np.asarray(window.value - factor * baseline.value + way * reach)

    low, high = np.zeros_like(window.value), np.full_like(window.value, LARGEST_RATIO)
    never = bound(high) > 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        positive = bound(middle) > 0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    return np.where(never | np.isnan(bound(low)), np.nan, low)
