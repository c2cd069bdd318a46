"""The product-limit estimate (Kaplan and Meier 1958) for all groups at once: unfinished work counts too.

Quantiles are the first times at which the survivor function falls to 1 - p or below; their bounds invert the
complementary log-log interval
of the survivor function with Greenwood's variance (Brookmeyer and Crowley 1982; Kalbfleisch and Prentice 2002,
section 1.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.distribution import Ordered
from metrics.stats.grouping import are_many

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

ROUNDING = 1e-9
"""A survivor function so close to a share has reached it: below any step, above what sums of logarithms lose."""


@dataclass(frozen=True)
class ProductLimit:
    """Survivor function at each unit's time, group by group, with the variance of its logarithm."""

    ordered: Ordered
    survivors: Floats
    log_variance: Floats
    events: NDArray[np.bool_]

    def quantile(self, probability: float, score: float = 0.0) -> Floats:
        """Per group, the time by which a share `probability` has ended; NaN where so many have not.

        A non-zero `score` (a normal quantile) shifts the survivor function to a bound: positive for the upper one of
        the time.
        """
        curve = self.survivors
        if score:
            inner = (curve > 0) & (curve < 1)
            log_survivor = np.log(np.where(inner, curve, 0.5))
            # log(-log S) shifted by its standard error times the score: S to the power exp(score * se / log S)
            shifted = np.exp(log_survivor * np.exp(score * np.sqrt(self.log_variance) / log_survivor))
            curve = np.where(inner, shifted, curve)
        reached = (curve <= 1 - probability + ROUNDING) & self.events
        position = np.where(reached, np.arange(len(curve)), len(curve))
        starts = self.ordered.starts
        first = np.full(len(starts) - 1, len(curve))
        filled = starts[1:] > starts[:-1]
        if filled.any():
            first[filled] = np.minimum.reduceat(position, starts[:-1][filled])
        if len(curve) == 0:
            return np.full(len(starts) - 1, np.nan)
        return np.where(first < starts[1:], self.ordered.values[np.minimum(first, len(curve) - 1)], np.nan)


def quantiles_of(ordered: Ordered, wanted: Sequence[tuple[float, float]]) -> list[Floats]:
    """The times of `ProductLimit.quantile` for several (probability, score)."""
    if not are_many(len(ordered.values)):
        curve = product_limit(ordered)
        return [curve.quantile(probability, score) for probability, score in wanted]
    from metrics.stats import kernels

    shares, scores = (np.array(column) for column in zip(*wanted, strict=True))
    found = kernels.product_limit_quantiles(ordered.values, ordered.carried, ordered.starts, shares, scores, ROUNDING)
    return list(found.T)


def product_limit(ordered: Ordered) -> ProductLimit:
    """Survivor function of every group.

    What the rows carry is whether they have ended. Within ties the order must put ended units before censored ones.
    """
    events = ordered.carried
    group = np.repeat(np.arange(len(ordered.counts)), ordered.counts)
    at_risk = (ordered.starts[1:][group] - np.arange(len(group))).astype(np.float64)
    # The last unit of a group, if it has ended, takes the curve to zero: nothing of the group comes after it.
    falls, extinguishes = events & (at_risk > 1), events & (at_risk == 1)
    remaining = np.where(falls, at_risk - 1, 1.0)
    step = np.where(falls, np.log(remaining / at_risk), 0.0)
    spread = np.where(falls, 1.0 / (at_risk * remaining), 0.0)
    return ProductLimit(
        ordered,
        np.where(extinguishes, 0.0, np.exp(_running(step, ordered.starts, group))),
        _running(spread, ordered.starts, group),
        events,
    )


def _running(steps: Floats, starts: Integers, group: Integers) -> Floats:
    """Running sum that begins anew in each group."""
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return total[1:] - total[starts[:-1]][group] if len(steps) else steps
