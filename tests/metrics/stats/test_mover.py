"""Differences of two estimates: what is asked of one bound agrees with the search for how certain it is."""

import numpy as np
import pytest

from metrics.stats.mover import Side, certainty_above, is_certain, lower_difference, upper_difference

SPANS = {
    "share": (0.0, 1.0),
    "events": (0.0, 4.0),
    "level": (-2.0, 2.0),
    "log": (0.1, 4.0),
}


def drawn(kind: str, span: tuple[float, float], seed: int, rows: int = 400) -> Side:
    """Sides of random values, sizes and errors."""
    random = np.random.default_rng(seed)
    errors = random.uniform(0.01, 0.5, (2, rows))
    return Side(kind, random.uniform(*span, rows), random.uniform(5, 500, rows), *errors)


@pytest.mark.parametrize("kind", SPANS)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.995])
def test_certain_at_a_level_is_a_certainty_of_that_much(kind: str, level: float) -> None:
    span = SPANS[kind]
    window, baseline = drawn(kind, span, 1), drawn(kind, span, 2)
    clusters, factor = np.random.default_rng(3).integers(1, 40, 400).astype(np.float64), 1.25
    certainty = certainty_above(window, baseline, clusters, factor, 0.0)
    above = is_certain(window, baseline, clusters, level, factor, 0.0)
    below = is_certain(window, baseline, clusters, level, factor, 0.0, above=False)
    assert above.any()
    assert below.any()
    assert (above == (certainty >= level)).all()
    assert (below == (certainty <= 1 - level)).all()


@pytest.mark.parametrize("kind", ["share", "events", "level"])
def test_the_bounds_of_a_difference_lie_on_either_side_of_it(kind: str) -> None:
    span = SPANS[kind]
    window, baseline = drawn(kind, span, 4), drawn(kind, span, 5)
    score = np.full(400, 1.96)
    difference = window.value - baseline.value
    low, high = (bound(window, baseline, 1.0, score) for bound in (lower_difference, upper_difference))
    assert (low < difference).all()
    assert (difference < high).all()
    swapped = upper_difference(baseline, window, 1.0, score)
    assert swapped == pytest.approx(-low), "what lies above is the other difference's below"


def test_what_sits_at_the_limit_is_neither() -> None:
    same = Side("share", *(np.full(1, value) for value in (0.1, 100.0, np.nan, np.nan)))
    clusters = np.full(1, 12.0)
    assert certainty_above(same, same, clusters) == 0.5
    assert not is_certain(same, same, clusters, 0.8)[0]
    assert not is_certain(same, same, clusters, 0.8, above=False)[0]
