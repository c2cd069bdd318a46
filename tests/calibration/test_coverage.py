"""Intervals hold the truth: a small version of `make coverage`, with room for the luck of simulation."""

import math

import numpy as np
import pytest

from tests.calibration.coverage import LEAST, MOST, cells, document, has_cap, holds, is_promised
from tests.calibration.measured import Cell, Tally, tally
from tests.calibration.simulated import durations, events

SETS = 400
FEW = 100
LUCK = 3.5
"""Standard errors of a simulated share that are put down to luck: fewer than one false alarm in a thousand figures."""


def slack(bound: float) -> float:
    """How far luck may carry a coverage that sits exactly at a bound."""
    return LUCK * math.sqrt(bound * (1 - bound) / SETS)


@pytest.mark.parametrize(
    "cell",
    [Cell(200, 10), Cell(2000, 5), Cell(200, 40, 0.05), Cell(2000, 5, 0.05), Cell(2000, 10, 0.01)],
    ids=lambda cell: f"{cell.units} units, {cell.repositories} repositories, {cell.rate or 'durations'}",
)
def test_intervals_hold_the_truth(cell: Cell) -> None:
    found = tally(cell, SETS, seed=1)

    assert {each.subject for each in found} == {"level", "no change", "change"}
    for each in found:
        assert each.coverage >= LEAST - slack(LEAST), each
        assert not has_cap(each) or each.coverage <= MOST + slack(MOST), each


def test_units_of_one_repository_say_little_about_other_quarters() -> None:
    """What the rows' note warns of is real: this test fails when the simulation has no shocks in it."""
    median = next(
        each for each in tally(Cell(2000, 1), FEW, seed=1) if (each.subject, each.statistic) == ("level", "p50")
    )

    assert median.coverage < 0.5
    assert not is_promised(median)


def test_an_interval_without_earlier_quarters_is_wide_rather_than_wrong() -> None:
    found = tally(Cell(2000, 10, quarters_before=0), SETS, seed=1)

    assert min(each.coverage for each in found) >= LEAST - slack(LEAST)


def test_simulated_medians_gather_around_their_target() -> None:
    drawn = durations(300, 10, 200, 2, 0.0, np.random.default_rng(2))
    medians = np.array(
        [np.median(drawn.hours[drawn.grouping.codes == group]) for group in range(0, drawn.grouping.size, 2)]
    )

    assert np.mean(np.log(medians / drawn.target(0.5))) == pytest.approx(0, abs=0.03)


def test_simulated_rates_gather_around_their_target() -> None:
    drawn = events(500, 10, 2000, 2, 0.05, 0.10, np.random.default_rng(2))
    rates = drawn.grouping.over_groups(drawn.events) / drawn.grouping.over_groups(drawn.units)

    assert rates[0::2].mean() == pytest.approx(0.05, rel=0.03)
    assert rates[1::2].mean() == pytest.approx(0.10, rel=0.03)


def test_the_document_names_what_does_not_hold() -> None:
    poor = Tally(Cell(200, 10), "level", "p50", 1000, 800, 1000)
    good = Tally(Cell(200, 10), "level", "p90", 1000, 950, 1000)

    text = document([poor, good], 1000)

    assert "Of 2 promised figures 1 are within bounds" in text
    assert "level, p50, 200 units, 10 repositories: 80.0 %" in text
    assert "| 10 | **80.0** | 95.0 |" in text
    assert not holds(poor)


def test_all_cells_of_the_promise_are_simulated() -> None:
    promised = {(c.units, c.repositories, c.rate) for c in cells() if c.quarters_before}

    assert {(n, k, r) for n in (30, 200, 2000) for k in (1, 5, 10, 40) for r in (None, 0.01, 0.05)} == promised
