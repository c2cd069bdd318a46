"""Units in another order: every column follows its row, whichever way it is looked up."""

import numpy as np
import pytest
from numpy.typing import NDArray

from metrics.stats import grouping
from metrics.units import Numbers, Units, constant

LARGEST = (4, 20_249, 4_049, 3, 2, 730)
"""The largest code of each column of a large organisation."""


def drawn(rows: int, largest: tuple[int, ...] = LARGEST) -> Units:
    rng = np.random.default_rng(rows)
    tier, repository, team, ai_use, category, day = (
        rng.integers(-1, most + 1, rows).astype(np.int32) for most in largest
    )
    return Units(tier, repository, team, ai_use, category, day, (rng.normal(size=rows), rng.normal(size=rows)))


def rows_of(units: Units) -> list[tuple[float, ...]]:
    columns = (units.tier, units.repository, units.team, units.ai_use, units.category, units.day, *units.numbers)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize(
    "units",
    [
        drawn(300),
        drawn(300, (2**30, 2**30, 2**30, 2**30, 2**30, 2**30)),
        drawn(300, (-1, 0, 5, -1, 7, 0)),
    ],
    ids=["codes of a large organisation", "codes that take more than an integer", "columns of no code at all"],
)
@pytest.mark.parametrize("many", [1, grouping.MANY_ROWS], ids=["compiled", "NumPy"])
def test_rows_stay_together(units: Units, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MANY_ROWS", many)
    order = np.random.default_rng(1).permutation(len(units))[:200]
    before = rows_of(units)
    assert rows_of(units.take(order)) == [before[row] for row in order]


def test_a_constant_column_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MANY_ROWS", 1)
    taken = drawn(50).pooled().take(np.arange(10))
    assert taken.tier.strides == constant(0, 10).strides
    assert taken.tier.tolist() == [0] * 10


def test_none_of_none_are_taken() -> None:
    assert len(drawn(0).take(np.zeros(0, dtype=np.intp))) == 0


def test_units_are_chosen_and_then_ordered() -> None:
    units = drawn(300)
    inside = units.numbers[0] > 0

    def by_the_second(numbers: Numbers) -> tuple[NDArray[np.intp], Numbers]:
        order = np.argsort(numbers[1], kind="stable")
        return order, tuple(column[order] for column in numbers)

    chosen = units.chosen(inside, by_the_second)
    rows = [row for row, is_inside in zip(rows_of(units), inside, strict=True) if is_inside]
    assert rows_of(chosen) == sorted(rows, key=lambda row: row[-1])
    assert rows_of(units.chosen(inside, None)) == rows
