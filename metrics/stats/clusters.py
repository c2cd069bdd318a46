"""Reference distributions for estimates whose variance is clustered by repository.

Source: Cameron and Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", section VI: with few clusters
the t distribution
with (clusters - 1) degrees of freedom; with one cluster there is no between-cluster variance at all, and units are
taken as independent.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

FEW_CLUSTERS = 8
"""Below this many repositories a row says that the t reference was used (METRICS §4)."""
CONFIDENCE = 0.95
"""Two-sided level of every published interval."""

Floats = NDArray[np.float64]


def critical(clusters: NDArray[np.integer[Any]] | Floats, level: float | Floats = (1 + CONFIDENCE) / 2) -> Floats:
    """Quantile of the reference at a one-sided level: t with clusters - 1 degrees of freedom.

    Normal for a single cluster.
    """
    degrees = np.asarray(clusters, dtype=np.float64) - 1
    scores = np.array(np.broadcast_to(ndtri(level), np.broadcast_shapes(degrees.shape, np.shape(level))))
    # Of many groups most are a single repository: for these the series of the t distribution is not summed up.
    return np.asarray(stdtrit(np.maximum(degrees, 1.0), level, out=scores, where=degrees > 0), dtype=np.float64)


def probability(clusters: NDArray[np.integer[Any]] | Floats, score: Floats) -> Floats:
    """Distribution function of the same reference."""
    degrees = np.asarray(clusters, dtype=np.float64) - 1
    return np.asarray(np.where(degrees > 0, stdtr(np.maximum(degrees, 1.0), score), ndtr(score)), dtype=np.float64)


LEAST_LEFT = 0.2
"""Least share of repositories' ups and downs taken to remain in the residuals where one repository dominates."""


def left_in_residuals(squares: Floats, cubes: Floats) -> Floats:
    """Share of the variance of repositories' own ups and downs that residuals from the common estimate keep.

    `squares` and `cubes` are the sums of the squared and cubed shares of the total that the repositories have. A large
    repository draws the estimate to itself: 1 - 2 sum(w³) / sum(w²) + sum(w²), which is 1 - 1/K for equal shares.
    (Of the variance of independent units, which goes by w and not by w², residuals keep 1 - sum(w²).)
    """
    return np.maximum(1 - 2 * cubes / squares + squares, LEAST_LEFT)


def small_sample_factor(clusters: NDArray[np.integer[Any]] | Floats) -> Floats:
    """K / (K - 1), which makes the between-cluster variance unbiased; 1 for a single cluster."""
    count = np.asarray(clusters, dtype=np.float64)
    return np.where(count > 1, count / np.maximum(count - 1, 1.0), 1.0)
