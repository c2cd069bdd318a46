"""Quantiles with Woodruff's bounds: order statistics for one repository, clustered shares for several."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from metrics.stats.clusters import critical
from metrics.stats.distribution import QuantileEstimate, estimate_quantiles, order_by_group
from metrics.stats.grouping import Grouping
from metrics.stats.histogram import Bins
from metrics.stats.holders import make_holders

NORMAL = 1.959963984540054


def grouping_of(repositories: NDArray[np.int64], windows: NDArray[np.int64], count: int) -> Grouping:
    return make_holders(np.zeros_like(repositories), repositories, 1).by_window(windows, count)


def one_window(values: NDArray[np.float64], repositories: NDArray[np.int64], probability: float) -> QuantileEstimate:
    ascending = np.argsort(values, kind="stable")
    values, repositories = values[ascending], repositories[ascending]
    grouping = grouping_of(repositories, np.zeros_like(repositories), 1)
    ordered = order_by_group(values, grouping)
    (estimate,), _ = estimate_quantiles(ordered, grouping, (probability,))
    return estimate


def test_one_repository_has_the_binomial_order_statistics() -> None:
    values = np.random.default_rng(2).exponential(5, 400)
    estimate = one_window(values, np.zeros(400, dtype=np.int64), 0.5)
    half = NORMAL * np.sqrt(0.25 / 400)
    ordered = np.sort(values)
    assert estimate.low[0] == ordered[int(np.ceil((0.5 - half) * 400)) - 1]
    assert estimate.high[0] == ordered[int(np.ceil((0.5 + half) * 400)) - 1]


@settings(deadline=None)
@given(st.integers(2, 10), st.integers(30, 300), st.integers(0, 9999), st.sampled_from([0.5, 0.9]))
def test_several_repositories_invert_the_clustered_share(repositories: int, units: int, seed: int, p: float) -> None:
    random = np.random.default_rng(seed)
    repository = random.integers(0, repositories, units)
    values = np.round(random.lognormal(1 + 0.3 * (repository % 3), 1, units), 1)
    estimate = one_window(values, repository, p)
    threshold = np.quantile(values, p)
    assert estimate.value[0] == pytest.approx(threshold)
    below = values <= estimate.value[0]
    clusters = np.unique(repository)
    residuals = [below[repository == k].sum() - below.mean() * (repository == k).sum() for k in clusters]
    count = len(clusters)
    clustered = np.sqrt(count / max(count - 1, 1) * np.sum(np.square(residuals))) / units
    error = max(clustered, np.sqrt(p * (1 - p) / units)) if count > 1 else np.sqrt(p * (1 - p) / units)
    assert estimate.standard_error[0] == pytest.approx(error)
    half = critical(np.array([count]))[0] * error
    ordered = np.sort(values)
    if p + half < 1:
        assert estimate.high[0] == max(ordered[int(np.ceil((p + half) * units)) - 1], threshold)
    else:
        assert np.isnan(estimate.high[0])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e9)), max_size=80),
    st.floats(1 / 60, 10),
)
def test_every_unit_is_in_one_bin_of_its_group(rows: list[tuple[int, float]], first: float) -> None:
    windows = np.array([window for window, _ in rows], dtype=np.int64)
    values = np.array([value for _, value in rows], dtype=np.float64)
    bins = Bins.of(values, first)
    order = np.argsort(values, kind="stable")
    counts = bins.counts(order_by_group(values[order], grouping_of(np.zeros_like(windows), windows[order], 4)))
    for number, high in enumerate(bins.edges):
        inside = (values <= high) & ((values > bins.edges[number - 1]) if number else True)
        assert counts[:, number].tolist() == np.bincount(windows[inside], minlength=4).tolist()
    assert counts.sum(axis=1).tolist() == np.bincount(windows, minlength=4).tolist()


def test_bins_are_the_same_whatever_the_largest_value() -> None:
    few, many = Bins.of(np.array([10.0]), 1 / 60).edges, Bins.of(np.array([0.0, 10_000.0]), 1 / 60).edges
    assert many[: len(few)] == pytest.approx(few)
    assert few[-1] >= 10


def test_a_row_in_no_window_is_in_no_bin() -> None:
    bins = Bins.of(np.array([1.0, 2.0]), 1 / 60)
    windows = np.array([-1, 0], dtype=np.int64)
    grouping = grouping_of(np.zeros(2, dtype=np.int64), windows, 1)
    assert bins.counts(order_by_group(np.array([1.0, 2.0]), grouping)).sum() == 1
