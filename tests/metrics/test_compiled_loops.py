"""The compiled loops of large organisations give what NumPy gives small ones: the same rows, to the last sentence."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from metrics.aggregate import Result
from metrics.calendar import Calendar
from metrics.contrasts import design_effect, samples_of
from metrics.model import Concurrency, Estimator, Load, Outcomes, PerTeamWeek
from metrics.stats import grouping, kernels
from metrics.stats.distribution import Joined, Ordered
from metrics.stats.grouping import Grouping
from metrics.stats.kernels.cells import SMALL_TABLE
from metrics.stats.product_limit import product_limit
from metrics.stats.successive import History, Repositories
from tests.metrics.test_properties import ESTIMATORS, SCHEMA
from tests.support.engine import engine, metric

FIRST = datetime(2025, 1, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
EXACT = 1e-9
ROWS = 4_000


@pytest.fixture(scope="module")
def facts() -> pl.DataFrame:
    """Fifteen months of changes of 14 repositories in five teams; ties, zeros and open work among them."""
    rng = np.random.default_rng(20261121)
    opened = [FIRST + timedelta(minutes=int(minute)) for minute in rng.integers(0, 455 * 1440, ROWS)]
    hours = np.round(rng.lognormal(2.5, 1.4, ROWS), 1)
    hours[rng.random(ROWS) < 0.02] = 0.0
    is_open = rng.random(ROWS) < 0.05
    repository = rng.integers(0, 14, ROWS)
    return pl.DataFrame(
        {
            "tier": [None if code == 0 else 1 + code % 4 for code in repository.tolist()],
            "_repo": repository,
            "_team": repository % 5,
            "ai_use": rng.choice(["none", "assisted", "authored"], ROWS),
            "category": rng.choice(["logic", "style"], ROWS),
            "opened_at": opened,
            "merged_at": [
                None if still else at + timedelta(hours=float(lasted))
                for at, lasted, still in zip(opened, hours, is_open, strict=True)
            ],
            "hours": hours,
            "bad": rng.random(ROWS) < 0.07,
        },
        schema=SCHEMA,
    )


MERGED = Outcomes(fact="measured_changes", time="merged_at", recorded="merged_at", says="Merged.")
HELD: dict[str, Estimator] = {
    "load": Load(fact="measured_changes", time="opened_at", holder="_repo"),
    "concurrency": Concurrency(fact="measured_changes", start="opened_at", end="merged_at", holder="_repo"),
    "per team week": PerTeamWeek(
        outcomes=MERGED,
        otherwise=MERGED,
        activity=Concurrency(fact="measured_changes", start="opened_at", end="merged_at", holder="_team"),
    ),
}
"""What falls on people and teams: repositories stand for people here."""


def measured(facts: pl.DataFrame, estimator: Estimator) -> Result:
    return engine({"measured_changes": facts}, Calendar()).run(metric(estimator, core=True))


@pytest.mark.parametrize("estimator", (ESTIMATORS | HELD).values(), ids=ESTIMATORS | HELD)
def test_both_ways_give_the_same_rows(
    estimator: Estimator, facts: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_numpy = measured(facts, estimator)
    monkeypatch.setattr(grouping, "MANY_ROWS", 1)
    compiled = measured(facts, estimator)
    for one, other in ((by_numpy.values, compiled.values), (by_numpy.contrasts, compiled.contrasts)):
        assert one.height == other.height > 0
        for name, kind in one.schema.items():
            if kind == pl.Float64:
                assert one[name].is_null().equals(other[name].is_null()), name
                assert other[name].fill_null(0).to_list() == pytest.approx(one[name].fill_null(0).to_list(), EXACT)
            else:
                assert one[name].equals(other[name]), name


def test_sums_over_cells_are_the_same_bits_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which way is taken depends on what has been loaded before: results must not."""
    rng = np.random.default_rng(4)
    windows, holders, repositories = 26, 3, 40
    groups = windows * holders
    grouping_of_cells = Grouping(
        grouping.GivenRows(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32)),
        np.repeat(np.arange(holders), windows),
        np.zeros(groups, dtype=np.int64),
        np.tile(np.arange(windows), holders),
        np.full(groups, repositories),
    )
    units = rng.poisson(0.8, groups * repositories).astype(np.float64)
    units[: 3 * repositories] = 0.0  # of some windows nothing
    numerators = units * rng.lognormal(1.0, 2.0, len(units))
    offsets = grouping_of_cells.offsets()

    def sums() -> list[NDArray[np.float64]]:
        totals, counts = grouping.reduce_cells(numerators, offsets), grouping.reduce_cells(units, offsets)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios, scales = totals / counts, 1 / totals
        found = [totals, counts]
        found.append(grouping.influence_of(grouping_of_cells, numerators, units, ratios, scales))
        share = units / np.repeat(np.maximum(counts, 1.0), repositories)
        samples = samples_of(
            grouping_of_cells, n=counts, value=ratios, variance=ratios, influence=found[-1], share=share
        )
        before = samples.at(np.maximum(np.arange(groups) - 1, 0))
        found += [column.astype(np.float64) for column in design_effect("log", samples, before)]
        for history in (None, History(13)):
            held = Repositories(grouping_of_cells, units, history)
            level = held.level_of(numerators, ratios, scales, np.full(groups, 1e-3))
            found += [level.variance, level.degrees, held.clusters.astype(np.float64)]
        return found

    by_numpy = sums()
    monkeypatch.setattr(grouping, "MANY_CELLS", 1)
    compiled = sums()
    for one, other in zip(by_numpy, compiled, strict=True):
        assert len(one) > 0
        assert one.tobytes() == other.tobytes()


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=60))
def test_a_radix_sort_of_doubles_is_a_stable_sort(values: list[float]) -> None:
    column = np.array(values, dtype=np.float64) + 0.0  # of minus nothing, nothing
    order, ordered = kernels.ascending(column)
    assert order.tolist() == np.argsort(column, kind="stable").tolist()
    assert ordered.tobytes() == column[order].tobytes()


@pytest.mark.parametrize("step", [1e-15, 1e-9, 1.0])
def test_values_that_lie_near_each_other_are_sorted_by_all_bits(step: float) -> None:
    rng = np.random.default_rng(7)
    # Far from the others, so that the highest bits tell that apart and nothing else.
    column = np.concatenate([[1e12], 1 + step * rng.integers(0, 500, 2_000)])
    order, ordered = kernels.ascending(column)
    assert order.tolist() == np.argsort(column, kind="stable").tolist()
    assert ordered.tobytes() == column[order].tobytes()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=60))
def test_repositories_are_numbered_alike(pairs: list[tuple[int, int]]) -> None:
    holders, repositories = np.array(pairs, dtype=np.int32).T
    by_numpy = grouping.local_numbers(holders, repositories, 5)
    width = int(repositories.max()) + 1
    # In a table of all pairs, and where there are too many of them for one.
    for holder_count in (5, SMALL_TABLE + 1):
        local, counts = kernels.local_numbers(holders.copy(), repositories.copy(), holder_count, width)
        assert local.tolist() == by_numpy[0].tolist()
        assert counts[:5].tolist() == by_numpy[1].tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0, 5.0, 9.0]), st.booleans()), max_size=40))
def test_product_limit_times_are_alike(units: list[tuple[float, bool]]) -> None:
    units = sorted(units, key=lambda unit: (unit[0], not unit[1]))
    values = np.array([value for value, _ in units], dtype=np.float64)
    ended: NDArray[np.bool_] = np.array([has_ended for _, has_ended in units], dtype=bool)
    ordered = Ordered(values, ended, np.array([0, len(values)]))
    wanted = [(0.5, 0.0), (0.5, 1.96), (0.5, -1.96), (0.9, 0.0), (0.9, 1.96)]
    shares, scores = (np.array(column) for column in zip(*wanted, strict=True))
    found = kernels.product_limit_quantiles(values, ended, ordered.starts, shares, scores, 1e-9)
    curve = product_limit(ordered)
    expected = [curve.quantile(*each)[0] for each in wanted]
    assert found[0].tolist() == pytest.approx(expected, nan_ok=True)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0, 7.0]), max_size=9), min_size=4, max_size=4))
def test_order_statistics_of_runs_are_those_of_their_sorted_union(runs: list[list[float]]) -> None:
    starts = np.concatenate([[0], np.cumsum([len(run) for run in runs])])
    values = np.array([value for run in runs for value in sorted(run)], dtype=np.float64)
    ordered = Ordered(values, np.zeros(len(values), dtype=np.int32), starts)
    # A group of the first three runs, and one of the last.
    joined = Joined.of(ordered, np.array([[0, 1, 2]])), Joined.of(ordered, np.array([[3]]))
    for group, members in zip(joined, (runs[:3], runs[3:]), strict=True):
        union = np.sort(np.concatenate([np.array(run, dtype=np.float64) for run in members]))
        assert group.counts.tolist() == [len(union)]
        shares = np.array([0.0, 0.3, 0.5, 0.9, 1.0])
        found = group.quantile(shares[:, None])[:, 0]
        expected = np.quantile(union, shares) if len(union) else np.full(len(shares), np.nan)
        assert found.tolist() == pytest.approx(expected.tolist(), nan_ok=True)
