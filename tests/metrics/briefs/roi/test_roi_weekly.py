"""Ratios of weekly sums against SciPy, and where they say that there is nothing to tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metrics.briefs.roi.weekly import FEWEST_WEEKS, Side, difference

WEEKLY = st.lists(st.floats(0, 100), min_size=FEWEST_WEEKS, max_size=30).filter(lambda sums: np.std(sums) > 1e-3)


@given(before=WEEKLY, now=WEEKLY)
def test_sums_by_week_have_welchs_interval(before: list[float], now: list[float]) -> None:
    sides = [Side.of(np.array(sums), np.ones(len(sums))) for sums in (before, now)]
    assert sides[0] is not None
    assert sides[1] is not None
    found = difference(sides[0], sides[1])
    expected = stats.ttest_ind(now, before, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)


def test_a_ratio_is_that_of_the_sums_and_constant_weeks_leave_no_doubt() -> None:
    weeks = np.full(10, 4.0)
    side = Side.of(weeks * 2, weeks)
    assert side is not None
    assert (side.value, side.variance) == (2.0, 0.0)
    assert difference(side, side).is_exact


def test_few_weeks_and_nothing_to_divide_by_give_nothing() -> None:
    assert Side.of(np.ones(FEWEST_WEEKS - 1), np.ones(FEWEST_WEEKS - 1)) is None
    assert Side.of(np.ones(20), np.zeros(20)) is None
