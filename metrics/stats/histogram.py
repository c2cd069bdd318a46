"""Log-spaced histograms whose bins are the same for all windows, so that they add up.

The lowest bin takes everything up to its edge (durations of zero are real); each further one is a factor of the square root of two wide.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from metrics.stats.distribution import Ordered

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BIN_FACTOR = 2**0.5
"""Two bins an octave: fine enough to see a second mode, few enough to publish for every window."""


def edges_between(first: float, largest: float) -> Floats:
    """Upper edges of the bins, from `first` until `largest` is covered."""
    bins = max(0, int(np.ceil(np.log(max(largest, first) / first) / np.log(BIN_FACTOR)))) + 1
    return np.asarray(first * BIN_FACTOR ** np.arange(bins), dtype=np.float64)


def histogram(ordered: Ordered, edges: Floats) -> Iterator[tuple[float, float, Integers]]:
    """Per bin: lower edge, upper edge, units of each group with lower < value ≤ upper (all up to the upper edge in the first)."""
    before = np.zeros(len(ordered.counts), dtype=np.int64)
    lower = 0.0
    for upper in edges:
        upto = ordered.at_most(np.full(len(before), upper))
        yield lower, float(upper), upto - before
        before, lower = upto, float(upper)
