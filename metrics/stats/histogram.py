"""Log-spaced histograms whose bins are the same for all windows, so that they add up.

The lowest bin takes everything up to its edge (durations of zero are real); each further one is a factor of the
square root of two wide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metrics.stats.grouping import Grouping

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BIN_FACTOR = 2**0.5
"""Two bins an octave: fine enough to see a second mode, few enough to publish for every window."""


@dataclass(frozen=True)
class Bins:
    """The bins of one metric, and the bin of each of its rows."""

    edges: Floats
    """Upper edges, ascending."""
    numbers: Integers
    """Per row: lower edge < value ≤ upper edge, and everything up to its edge in the lowest bin."""

    @classmethod
    def of(cls, values: Floats, first: float) -> "Bins":
        """Bins from `first` until the largest value is covered."""
        largest = max(float(values.max(initial=first)), first)
        count = int(np.ceil(np.log(largest / first) / np.log(BIN_FACTOR))) + 1
        edges = np.asarray(first * BIN_FACTOR ** np.arange(count + 1), dtype=np.float64)
        return cls(edges, np.searchsorted(edges, values, side="left").astype(np.int64))

    def counts(self, grouping: Grouping) -> Integers:
        """Units of every group in every bin: a matrix, groups × bins."""
        inside = grouping.codes >= 0
        width = len(self.edges)
        cells = grouping.codes[inside] * width + self.numbers[inside]
        return np.bincount(cells, minlength=grouping.size * width).reshape(grouping.size, width)
