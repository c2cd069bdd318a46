"""The product-limit estimate against lifelines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time, qth_survival_times

from metrics.stats.distribution import Ordered
from metrics.stats.product_limit import ProductLimit, product_limit

NORMAL = 1.959963984540054


def curve_of(groups: list[list[tuple[float, bool]]]) -> ProductLimit:
    """The estimate of groups of (time, whether it has ended)."""
    rows = [(number, time, not ended, ended) for number, group in enumerate(groups) for time, ended in group]
    order = sorted(range(len(rows)), key=lambda index: rows[index][:3])
    starts = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    values = np.array([rows[index][1] for index in order], dtype=np.float64)
    return product_limit(Ordered(values, np.array([rows[index][3] for index in order], dtype=bool), starts))


def fitted(group: list[tuple[float, bool]]) -> KaplanMeierFitter:
    """What lifelines makes of one group."""
    return KaplanMeierFitter().fit([time for time, _ in group], [ended for _, ended in group])


units = st.tuples(st.integers(1, 12).map(float), st.booleans())
"""Few distinct times, so that ties of ended and running units are the rule."""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(units, min_size=1, max_size=40), min_size=1, max_size=4))
def test_quantiles_are_those_of_lifelines_with_ties_and_several_groups(groups: list[list[tuple[float, bool]]]) -> None:
    curve = curve_of(groups)
    for probability in (0.5, 0.9):
        curves = [fitted(group).survival_function_["KM_estimate"] for group in groups]
        expected = [float(qth_survival_time(1 - probability + 1e-9, each)) for each in curves]
        expected = [np.nan if np.isinf(value) else value for value in expected]
        assert curve.quantile(probability) == pytest.approx(expected, nan_ok=True)


def test_bounds_are_those_of_lifelines() -> None:
    random = np.random.default_rng(5)
    groups = [
        [
            (float(time), bool(ended))
            for time, ended in zip(random.exponential(10, n), random.random(n) < 0.7, strict=True)
        ]
        for n in (30, 200)
    ]
    curve = curve_of(groups)
    low, high = curve.quantile(0.5, -NORMAL), curve.quantile(0.5, NORMAL)
    for number, group in enumerate(groups):
        bounds = qth_survival_times(0.5, fitted(group).confidence_interval_survival_function_)
        lower, upper = sorted(float(value) for value in np.ravel(bounds))
        assert low[number] == pytest.approx(lower)
        assert high[number] == pytest.approx(upper)


def test_where_nothing_has_ended_there_is_no_quantile() -> None:
    curve = curve_of([[(1.0, False), (5.0, False)], [(2.0, True)]])
    assert np.isnan(curve.quantile(0.5)[0])
    assert curve.quantile(0.5)[1] == 2.0


def test_an_empty_group_among_others() -> None:
    curve = curve_of([[(1.0, True)], [], [(3.0, True), (4.0, True)]])
    assert np.isnan(curve.quantile(0.5)[1])
    assert curve.quantile(0.5)[[0, 2]].tolist() == [1.0, 3.0]


def test_no_group_at_all() -> None:
    assert curve_of([]).quantile(0.5).tolist() == []


def test_many_groups_lose_no_digit() -> None:
    """A curve that falls to exactly one half does so in the last of 200,000 groups as in the first."""
    group = [(1.0, True), (2.0, True), (3.0, True), (4.0, True)]
    values = np.tile([time for time, _ in group], 200_000)
    starts = np.arange(200_001, dtype=np.int64) * 4
    curve = product_limit(Ordered(values, np.ones(len(values), dtype=bool), starts))
    assert set(curve.quantile(0.5)) == {2.0}
