"""Several tests at once, and one test looked at every day: levels that keep the chance of any false alarm.

Sources: Holm (1979), "A simple sequentially rejective multiple test procedure"; O'Brien and Fleming (1979), "A multiple
testing procedure for clinical trials", in the continuous form of Lan and DeMets (1983), "Discrete sequential boundaries
for clinical trials".
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]


def holm(p_values: Floats, level: float | Floats) -> NDArray[np.bool_]:
    """Which tests of each row are rejected at a family-wise level by Holm's procedure.

    Args:
        p_values: rows × tests; NaN where there is no test, which then does not count.
        level: of all rows, or of each.
    """
    counted = np.isfinite(p_values)
    order = np.argsort(np.where(counted, p_values, np.inf), axis=1, kind="stable")
    ascending = np.take_along_axis(np.where(counted, p_values, np.inf), order, axis=1)
    remaining = counted.sum(axis=1, keepdims=True) - np.arange(p_values.shape[1])
    allowed = np.reshape(level, (-1, 1)) / np.maximum(remaining, 1)
    passed = np.logical_and.accumulate(ascending <= allowed, axis=1)
    rejected = np.zeros(p_values.shape, dtype=bool)
    np.put_along_axis(rejected, order, passed, axis=1)
    return rejected & counted


def spent_level(elapsed: float | Floats, level: float) -> Floats:
    """The one-sided level of a look at a window of which a share has elapsed, so that all looks together spend `level`.

    A Brownian motion ever crosses b before 1 with probability 2 (1 - Φ(b)), so the boundary in terms of the score is
    Φ⁻¹(1 - level / 2) / sqrt(elapsed): hardly anything early, half the level at the end.

    Args:
        elapsed: share of the window behind the look, in (0, 1].
        level: what may be spent over all looks.
    """
    share = np.clip(np.asarray(elapsed, dtype=np.float64), np.finfo(np.float64).tiny, 1.0)
    return np.asarray(ndtr(-ndtri(1 - level / 2) / np.sqrt(share)))
