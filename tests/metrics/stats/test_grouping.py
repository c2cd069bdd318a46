"""Rows into groups and cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.stats import grouping
from metrics.stats.grouping import local_numbers, stable_order
from metrics.stats.holders import make_holders

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(-1, 2), st.integers(-1, 4)), max_size=60)


@settings(deadline=None)
@given(st.lists(st.integers(0, 200_000), max_size=200))
def test_the_order_is_numpys_stable_one_also_beyond_16_bits(codes: list[int]) -> None:
    column = np.array(codes, dtype=np.int64)
    assert stable_order(column, 200_001).tolist() == np.argsort(column, kind="stable").tolist()


@settings(deadline=None)
@given(ROWS)
def test_sums_over_cells_and_groups(rows: list[tuple[int, int, int, int]]) -> None:
    tiers, repositories, segments, windows = (
        np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else ([],) * 4)
    )
    holders = make_holders(tiers, repositories, 4, segments, 3)
    groups = holders.by_window(windows, 5)
    (cells,) = groups.sums([np.ones(len(rows))])
    totals = groups.over_groups(cells)
    expected = {
        (tier, segment, window): sum((t, s, w) == (tier, segment, window) for t, _, s, w in rows)
        for tier in range(4)
        for segment in range(3)
        for window in range(5)
    }
    names = zip(groups.tiers, groups.segments, groups.windows, strict=True)
    assert {(int(t), int(s), int(w)): total for (t, s, w), total in zip(names, totals, strict=True)} == expected
    assert cells.sum() == sum(s >= 0 and w >= 0 for _, _, s, w in rows)


@settings(deadline=None)
@given(ROWS)
def test_a_cell_holds_one_repository_of_one_group(rows: list[tuple[int, int, int, int]]) -> None:
    tiers, repositories, segments, windows = (
        np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else ([],) * 4)
    )
    groups = make_holders(tiers, repositories, 4, segments, 3).by_window(windows, 5)
    held: dict[int, set[tuple[int, ...]]] = {}
    for cell, row in zip(groups.cells(), rows, strict=True):
        if cell >= 0:
            held.setdefault(int(cell), set()).add(row)
    assert all(len(members) == 1 for members in held.values())
    assert len({next(iter(members)) for members in held.values()}) == len(held)


def test_repositories_are_numbered_alike_by_table_and_by_sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    holders, repositories = random.integers(0, 5, 500), random.integers(0, 40, 500)
    by_table = local_numbers(holders, repositories, 5)
    monkeypatch.setattr(grouping, "PAIRS_IN_A_TABLE", 0)
    by_sorting = local_numbers(holders, repositories, 5)
    assert [column.tolist() for column in by_table] == [column.tolist() for column in by_sorting]
