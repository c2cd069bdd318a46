"""Log-spaced histograms whose bins are the same for all windows, so that they add up.

The lowest bin takes everything up to its edge (durations of zero are real); each further one is a factor of the
square root of two wide.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.distribution import Ordered
from metrics.stats.grouping import are_many

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

BIN_FACTOR = 2**0.5
"""Two bins an octave: fine enough to see a second mode, few enough to publish for every window."""


@dataclass(frozen=True)
class Bins:
    """The bins of one metric."""

    edges: Floats
    """Upper edges, ascending: lower edge < value ≤ upper edge, and everything up to its edge in the lowest bin."""

    @classmethod
    def of(cls, values: Floats, first: float) -> "Bins":
        """Bins from `first` until the largest value is covered."""
        largest = max(float(values.max(initial=first)), first)
        count = int(np.ceil(np.log(largest / first) / np.log(BIN_FACTOR))) + 1
        return cls(np.asarray(first * BIN_FACTOR ** np.arange(count + 1), dtype=np.float64))

    def counts(self, ordered: Ordered) -> Integers:
        """Units of every group in every bin: a matrix, groups × bins."""
        if are_many(len(ordered.values)):
            from metrics.stats import kernels

            counts: Integers = kernels.bin_counts(ordered.values, ordered.starts, self.edges)
            return counts
        width, groups = len(self.edges), len(ordered.counts)
        numbers = np.searchsorted(self.edges, ordered.values, side="left")
        cells = np.repeat(np.arange(groups), ordered.counts) * width + numbers
        return np.bincount(cells, minlength=groups * width).reshape(groups, width)
