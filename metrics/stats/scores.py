"""Score intervals for shares and for counted events, on an effective size that carries the clustering.

Sources: Wilson (1927) for a binomial share; the score interval of a Poisson count (Begaud et al. 2005); the effective
sample size of a clustered
share as in Korn and Graubard (1998), "Confidence intervals for proportions with small expected number of positive
counts".
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wilson(share: Floats, size: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Bounds of a share seen on `size` (effective) units, at a reference quantile `score`; within [0, 1]."""
    return wilson_bound(share, size, -score), wilson_bound(share, size, score)


def wilson_bound(share: Floats, size: Floats, score: Floats) -> Floats:
    """One of those bounds: the upper one, or the lower one at a negative score."""
    square = score * score
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = 1 + square / size
        middle = (share + square / (2 * size)) / stretch
        half = score / stretch * np.sqrt(share * (1 - share) / size + square / (4 * size * size))
    return np.asarray(np.minimum(np.maximum(middle + half, 0.0), 1.0))


def poisson(rate: Floats, exposure: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Bounds of a rate of events seen over `exposure` (effective) units; never below zero."""
    return poisson_bound(rate, exposure, -score), poisson_bound(rate, exposure, score)


def poisson_bound(rate: Floats, exposure: Floats, score: Floats) -> Floats:
    """One of those bounds: the upper one, or the lower one at a negative score."""
    events, square = rate * exposure, score * score
    half = score * np.sqrt(events + square / 4)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.maximum(events + square / 2 + half, 0.0) / exposure)


def effective_size(size: Floats, variance: Floats, independent: Floats) -> Floats:
    """Units that independent work would need for the same variance: never more than there are.

    `variance` is the clustered one, `independent` that of independent units; where both are zero (no events) the size
    stays.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.where(independent > 0, variance / independent, 1.0)
    return size / np.maximum(effect, 1.0)
