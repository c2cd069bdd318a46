"""Gini and the share of the busiest tenth against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats.concentration import Concentration, concentration
from metrics.stats.holders import make_holders


def concentration_of(groups: list[int], holders: list[int], amounts: list[float], size: int) -> Concentration:
    """The concentration of rows of a group, a holder and an amount each."""
    rows = np.array(holders, dtype=np.int64)
    held = make_holders(np.zeros_like(rows), rows, 1)
    return concentration(held.by_window(np.array(groups, dtype=np.int64), size), np.array(amounts, dtype=np.float64))


def one_group(amounts: list[float]) -> tuple[float, float]:
    """Gini and top share of holders with those amounts."""
    count = len(amounts)
    found = concentration_of([0] * count, list(range(count)), amounts, 1)
    assert found.holders.tolist() == [count]
    return float(found.gini[0]), float(found.top_share[0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 50).map(float), min_size=1, max_size=12))
def test_gini_is_half_the_relative_mean_difference(amounts: list[float]) -> None:
    differences = np.abs(np.subtract.outer(amounts, amounts)).mean()
    gini, top = one_group(amounts)
    assert gini == pytest.approx(differences / (2 * np.mean(amounts)), abs=1e-12)
    assert 0.1 - 1e-12 <= top <= 1


def test_the_busiest_tenth_of_twenty_are_two_and_of_five_half_a_person() -> None:
    assert one_group([1.0] * 18 + [6.0, 6.0])[1] == pytest.approx(12 / 30)
    assert one_group([1.0, 1.0, 1.0, 1.0, 6.0])[1] == pytest.approx(3 / 10)
    assert one_group([2.0] * 7) == pytest.approx((0, 0.1))


def test_rows_of_a_holder_add_up_and_groups_stand_apart() -> None:
    found = concentration_of([1, 0, 1, -1, 1], [3, 3, 3, 3, 7], [1.0, 5.0, 2.0, 9.0, 1.0], 3)
    assert found.holders.tolist() == [1, 2, 0]
    assert found.gini[1] == pytest.approx(0.25)
    assert found.gini[0] == 0
    assert np.isnan(found.gini[2])
    assert np.isnan(found.top_share[2])
