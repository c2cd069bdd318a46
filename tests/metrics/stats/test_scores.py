"""Score intervals against SciPy and against the equations that define them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binomtest
from scipy.stats import t as student

from metrics.stats.clusters import critical, probability, small_sample_factor
from metrics.stats.scores import effective_size, poisson, wilson

NORMAL = 1.959963984540054


def arrays(*numbers: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    return tuple(np.array([number], dtype=np.float64) for number in numbers)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(counts: tuple[int, int]) -> None:
    events, units = counts
    low, high = wilson(*arrays(events / units, units, NORMAL))
    oracle = binomtest(events, units).proportion_ci(confidence_level=0.95, method="wilson")
    assert (low[0], high[0]) == pytest.approx((oracle.low, oracle.high), abs=1e-12)
    assert 0 <= low[0] <= high[0] <= 1


@given(st.integers(1, 300), st.floats(0.5, 200))
def test_poisson_bounds_solve_the_score_equation(events: int, exposure: float) -> None:
    """At a bound the score (x - λT) / √(λT) is the normal quantile."""
    low, high = poisson(*arrays(events / exposure, exposure, NORMAL))

    def score(rate: float) -> float:
        return float((events - rate * exposure) ** 2 - NORMAL**2 * rate * exposure)

    rate = events / exposure
    assert low[0] == pytest.approx(brentq(score, 1e-15, rate), rel=1e-6)
    assert high[0] == pytest.approx(brentq(score, rate, 100 * rate + 100 / exposure), rel=1e-6)


def test_no_event_still_has_an_upper_bound() -> None:
    low, high = poisson(*arrays(0, 10, NORMAL))
    assert low[0] == 0
    assert high[0] == pytest.approx(NORMAL**2 / 10)


def test_the_reference_is_t_with_few_clusters_and_normal_with_one() -> None:
    clusters = np.array([1, 2, 5, 40])
    assert critical(clusters) == pytest.approx([NORMAL, *student.ppf(0.975, [1, 4, 39])])
    scores = np.array([0.3, 1.0, -2.0, 1.5])
    assert probability(clusters, scores)[1:] == pytest.approx(student.cdf(scores[1:], [1, 4, 39]))


def test_the_small_sample_factor_of_one_cluster_is_one() -> None:
    assert small_sample_factor(np.array([1, 2, 10])).tolist() == [1, 2, 10 / 9]


def test_the_effective_size_never_exceeds_the_units() -> None:
    size = np.array([100.0, 100.0, 100.0])
    found = effective_size(size, np.array([0.02, 0.005, 0.0]), np.array([0.01, 0.01, 0.0]))
    assert found.tolist() == [50, 100, 100]
