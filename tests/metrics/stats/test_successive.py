"""The variance of a level: independent units, plus what the same repositories' quarters differ by beyond them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from metrics.stats.clusters import left_in_residuals
from metrics.stats.grouping import Grouping
from metrics.stats.holders import make_holders
from metrics.stats.successive import History, LevelVariance, Repositories

Floats = NDArray[np.float64]

QUARTERLY = History(1)


def grouping_of(repositories: int, windows: int) -> Grouping:
    """One tier with a cell for every window and repository."""
    codes = np.arange(repositories, dtype=np.int64)
    holders = make_holders(np.zeros_like(codes), codes, 1)
    return holders.by_window(np.zeros_like(codes), windows)


def level(
    values: Floats, units: Floats, independent: Floats, history: History | None = QUARTERLY
) -> tuple[LevelVariance, Floats]:
    """The variance of the units' mean per window; `values` and `units` are windows × repositories."""
    grouping = grouping_of(values.shape[1], len(values))
    total = units.sum(axis=1, keepdims=True)
    mean = (values * units).sum(axis=1, keepdims=True) / total
    influence = (values - mean) * units / total
    return Repositories(grouping, units.ravel(), history).level(influence.ravel(), independent), mean.ravel()


def test_lasting_differences_between_repositories_are_no_error_of_the_level() -> None:
    values = np.tile([0.0, 5.0, 10.0, 50.0], (5, 1))
    units = np.full(values.shape, 25.0)
    independent = np.full(5, 0.01)

    found, _ = level(values, units, independent)
    assert found.variance[1:] == pytest.approx(independent[1:])
    assert found.variance[0] > 100, "the first window knows no better than its own spread"

    alone, _ = level(values, units, independent, None)
    assert alone.variance == pytest.approx(np.full(5, found.variance[0]))


def test_the_variance_is_that_of_the_mean_over_many_simulated_pasts() -> None:
    """Repositories of unequal size with ups and downs of variance 4: the mean's variance is 4 times the sum of w²."""
    random = np.random.default_rng(5)
    shares = np.array([0.1, 0.15, 0.2, 0.25, 0.3])
    units = np.tile(1000 * shares, (5, 1))
    lasting = np.array([0.0, 3.0, -5.0, 10.0, 1.0])
    found = []
    for _ in range(3000):
        values = lasting + 2 * random.standard_normal((5, 5))
        found.append(level(values, units, np.full(5, 1e-9))[0].variance[-1])

    assert np.mean(found) == pytest.approx(4 * (shares**2).sum(), rel=0.04)


def test_shocks_within_a_quarter_do_not_cancel_between_its_months() -> None:
    random = np.random.default_rng(6)
    found = []
    for _ in range(2000):
        shocks = np.repeat(random.standard_normal((4, 6)), 3, axis=0)
        found.append(level(shocks, np.full(shocks.shape, 10.0), np.full(12, 1e-9), History(3))[0].variance[-1])

    assert np.mean(found) == pytest.approx(1 / 6, rel=0.05)


def test_a_single_repository_is_taken_as_independent_units() -> None:
    found, _ = level(np.array([[1.0], [9.0], [4.0]]), np.full((3, 1), 10.0), np.full(3, 0.5))

    assert found.variance.tolist() == [0.5, 0.5, 0.5]
    assert found.degrees.tolist() == [0, 0, 0]


def test_degrees_of_freedom_grow_with_the_past_and_fall_with_inequality() -> None:
    random = np.random.default_rng(7)
    values = random.standard_normal((6, 8))
    equal, _ = level(values, np.full((6, 8), 10.0), np.full(6, 1e-9))
    unequal, _ = level(values, np.tile([200.0, *[10.0] * 7], (6, 1)), np.full(6, 1e-9))

    assert equal.degrees[0] == 7
    assert equal.degrees[1] == pytest.approx(7)
    assert np.all(np.diff(equal.degrees[1:5]) > 0)
    assert equal.degrees[5] == pytest.approx(equal.degrees[4]), "no more than a year is pooled"
    assert equal.degrees[4] == pytest.approx(7 * 32 / 11)
    assert np.all(unequal.degrees[1:] < equal.degrees[1:])


def test_a_window_without_units_is_no_past() -> None:
    values, units = np.ones((3, 4)) * [1.0, 2.0, 3.0, 9.0], np.full((3, 4), 10.0)
    units[1] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        found, _ = level(values, units, np.array([0.1, np.inf, 0.1]))

    assert found.variance[2] > 1, "neither neighbour has units: its own spread is all there is"


@given(st.lists(st.floats(0.1, 1e3), min_size=2, max_size=8), st.integers(0, 2**32 - 1))
def test_the_level_is_never_surer_than_independent_units(sizes: list[float], seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((6, len(sizes)))
    independent = np.full(6, 0.05)
    found, _ = level(values, np.tile(sizes, (6, 1)), independent)

    assert np.all(found.variance >= independent * (1 - 1e-9))
    assert np.all(found.degrees >= 1)


def test_residuals_of_equal_shares_keep_one_part_in_k_less() -> None:
    shares = np.full(5, 0.2)

    assert left_in_residuals(np.array([(shares**2).sum()]), np.array([(shares**3).sum()])) == pytest.approx(1 - 1 / 5)
