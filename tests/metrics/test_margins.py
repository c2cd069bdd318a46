"""Claims on a figure that are searched for at once come to what each comes to by itself."""

import numpy as np
import pytest

from metrics.margins import Rise, certainties
from metrics.stats.mover import Side, certainty_above

ROWS = 40


def side(kind: str, numbers: np.random.Generator) -> Side:
    value = numbers.uniform(0.05, 0.95, ROWS)
    value[:2] = (0.0, np.nan)
    return Side(kind, value, numbers.uniform(5, 900, ROWS), *numbers.uniform(0.05, 0.6, (2, ROWS)))


@pytest.mark.parametrize("kind", ["share", "events", "log", "level"])
def test_claims_searched_for_at_once_are_as_certain_as_each_by_itself(kind: str) -> None:
    numbers = np.random.default_rng(7)
    window, baseline = side(kind, numbers), side(kind, numbers)
    clusters = numbers.integers(1, 30, ROWS).astype(np.float64)
    floors, factors = numbers.uniform(0, 0.1, ROWS), numbers.uniform(1, 1.5, ROWS)
    limits = floors if kind != "log" else np.zeros(ROWS)  # durations are compared as ratios, without a floor
    better = Rise(baseline, window, clusters, ((1.0, 0.0),))
    worse = Rise(window, baseline, clusters, ((1.0, limits), (factors, 0.0)))
    both = certainties([better, worse])
    beyond_floor = certainty_above(window, baseline, clusters, 1.0, limits)
    beyond_share = certainty_above(window, baseline, clusters, factors)
    np.testing.assert_array_equal(both[0], certainty_above(baseline, window, clusters))
    np.testing.assert_array_equal(both[1], np.minimum(beyond_floor, beyond_share))
