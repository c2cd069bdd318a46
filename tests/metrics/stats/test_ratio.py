"""Clustered ratios against the formula of the textbooks, written out repository by repository."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from metrics.stats.clusters import critical
from metrics.stats.grouping import Grouping
from metrics.stats.holders import make_holders
from metrics.stats.ratio import RatioEstimate, RatioKind, estimate_ratio
from metrics.stats.scores import wilson


def grouping_of(repositories: NDArray[np.int64]) -> Grouping:
    """One tier, one window."""
    zero = np.zeros_like(repositories)
    return make_holders(zero, repositories, 1).by_window(zero, 1)


def estimate(repositories: NDArray[np.int64], bad: NDArray[np.float64]) -> RatioEstimate:
    grouping = grouping_of(repositories)
    ones = np.ones(len(bad))
    return clustered(grouping, bad, ones, ones, "share")


def clustered(
    grouping: Grouping,
    numerators: NDArray[np.float64],
    denominators: NDArray[np.float64],
    units: NDArray[np.float64],
    kind: RatioKind,
) -> RatioEstimate:
    """The estimate from columns over rows."""
    cells = grouping.sums([numerators, denominators, units])
    return estimate_ratio(grouping, cells[0], cells[1], cells[2], kind)


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(20, 200), st.integers(0, 10_000))
def test_the_linearised_variance_is_the_textbooks(repositories: int, units: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    repository = random.integers(0, repositories, units)
    bad = (random.random(units) < 0.2).astype(np.float64)
    found = estimate(repository, bad)
    share = bad.mean()
    clusters = np.unique(repository)
    residuals = [bad[repository == k].sum() - share * (repository == k).sum() for k in clusters]
    count = len(clusters)
    variance = count / (count - 1) * sum(residual**2 for residual in residuals) / units**2 if count > 1 else 0
    independent = share * (1 - share) / units
    assert found.value[0] == pytest.approx(share)
    assert found.clusters[0] == count
    if 0 < share < 1 and count > 1:
        effective = units / max(variance / independent, 1)
        low, high = wilson(found.value, np.array([effective]), critical(np.array([count])))
        assert (found.low[0], found.high[0]) == pytest.approx((low[0], high[0]))


def test_repositories_that_differ_widen_the_interval() -> None:
    repository = np.repeat(np.arange(10), 50)
    random = np.random.default_rng(1)
    alike = (random.random(500) < 0.1).astype(np.float64)
    apart = (random.random(500) < np.where(repository < 5, 0.0, 0.2)).astype(np.float64)
    widths = [(e.high - e.low)[0] for e in (estimate(repository, alike), estimate(repository, apart))]
    assert widths[1] > 1.5 * widths[0]


def test_a_share_of_lines_rests_on_units_not_on_lines() -> None:
    grouping = grouping_of(np.zeros(10, dtype=np.int64))
    lines = np.full(10, 1000.0)
    repaired = np.where(np.arange(10) < 2, lines, 0.0)
    found = clustered(grouping, repaired, lines, np.ones(10), "share")
    assert found.value[0] == pytest.approx(0.2)
    assert found.units[0] == 10
    assert found.high[0] - found.low[0] > 0.3


def test_without_a_denominator_there_is_no_value() -> None:
    grouping = grouping_of(np.zeros(1, dtype=np.int64))
    found = clustered(grouping, np.ones(1), np.zeros(1), np.zeros(1), "events")
    assert not np.isfinite(found.value[0])
