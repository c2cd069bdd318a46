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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import probability
from metrics.stats.scores import poisson, wilson

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

    def bounds(self, score: Floats) -> tuple[Floats, Floats]:
        """One-sample bounds at a score."""
        if self.kind == "share":
            return wilson(self.value, self.size, score)
        if self.kind == "events":
            return poisson(self.value, self.size, score)
        if self.kind == "level":
            return self.value - score * self.sd_low, self.value + score * self.sd_high
        return self.value * np.exp(-score * self.sd_low), self.value * np.exp(score * self.sd_high)

    def complement(self) -> "Side":
        """The share of the rest: for shares of which more is better."""
        return Side(self.kind, 1 - self.value, self.size, self.sd_high, self.sd_low)


def lower_difference(window: Side, baseline: Side, factor: float | Floats, score: Floats) -> Floats:
    """Lower bound of window - factor × baseline."""
    low, _ = window.bounds(score)
    _, high = baseline.bounds(score)
    reach = np.sqrt((window.value - low) ** 2 + (factor * (high - baseline.value)) ** 2)
    return window.value - factor * baseline.value - reach


def upper_difference(window: Side, baseline: Side, factor: float | Floats, score: Floats) -> Floats:
    """Upper bound of window - factor × baseline."""
    _, high = window.bounds(score)
    low, _ = baseline.bounds(score)
    reach = np.sqrt((high - window.value) ** 2 + (factor * (baseline.value - low)) ** 2)
    return window.value - factor * baseline.value + reach


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
    exceeds = estimate > limit
    with np.errstate(invalid="ignore", divide="ignore"):
        at_score: Callable[[Floats], Floats] = lambda score: np.where(  # noqa: E731
            exceeds,
            lower_difference(window, baseline, factor, score) - limit,
            limit - upper_difference(window, baseline, factor, score),
        )
        low, high = np.zeros_like(estimate), np.full_like(estimate, LARGEST_SCORE)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            still = at_score(middle) > 0
            low, high = np.where(still, middle, low), np.where(still, high, middle)
    score = np.where(exceeds, low, -low)
    return np.where(
        np.isnan(estimate) | (estimate == limit),
        np.where(np.isnan(estimate), np.nan, 0.5),
        probability(clusters, score),
    )


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
    return (
        _root(lambda factor: lower_difference(window, baseline, factor, score), window.value),
        _root(lambda factor: upper_difference(window, baseline, factor, score), window.value),
    )


def _root(bound: Callable[[Floats], Floats], like: Floats) -> Floats:
    """The factor at which a falling bound crosses zero, by bisection."""
    low, high = np.zeros_like(like), np.full_like(like, LARGEST_RATIO)
    never = bound(high) > 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        positive = bound(middle) > 0
        low, high = np.where(positive, middle, low), np.where(positive, high, middle)
    return np.where(never | np.isnan(bound(low)), np.nan, low)
