"""Levels over several tests, and over many looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from metrics.stats.multiplicity import holm, spent_level


def test_holm_by_hand() -> None:
    # 0.01 <= 0.05/4; 0.013 <= 0.05/3; 0.04 > 0.05/2: the last two stay, though 0.03 alone is below 0.05.
    assert holm(np.array([[0.04, 0.01, 0.03, 0.013]]), 0.05).tolist() == [[False, True, False, True]]


def test_a_test_that_is_none_costs_no_level() -> None:
    assert holm(np.array([[np.nan, 0.04, np.nan]]), 0.05).tolist() == [[False, True, False]]
    assert holm(np.zeros((2, 0)), 0.05).shape == (2, 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_lies_between_bonferroni_and_no_correction(p_values: list[float]) -> None:
    chances = np.array([p_values])
    rejected = holm(chances, 0.05)
    assert (rejected >= (chances <= 0.05 / len(p_values))).all()
    assert (rejected <= (chances <= 0.05)).all()


def test_looks_spend_hardly_anything_early_and_half_at_the_end() -> None:
    levels = spent_level(np.array([0.1, 0.5, 1.0]), 0.05)
    assert levels[0] < 1e-9
    assert levels[1] == pytest.approx(0.00278, rel=0.01)
    assert levels[2] == pytest.approx(0.025)


def test_a_random_walk_looked_at_daily_crosses_in_no_more_than_is_spent() -> None:
    rng = np.random.default_rng(7)
    days = 91
    walk = np.cumsum(rng.standard_normal((20_000, days)), axis=1)
    shares = np.arange(1, days + 1) / days
    score = walk / np.sqrt(np.arange(1, days + 1))
    crossed = (norm.sf(score) <= spent_level(shares, 0.05)).any(axis=1).mean()
    assert 0.035 < crossed < 0.05
