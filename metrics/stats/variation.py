"""The coefficient of variation of a series, with bounds by a moving-block bootstrap.

Weeks that follow one another are alike, so blocks of weeks are drawn, not weeks (Künsch 1989, "The jackknife and the
bootstrap for general stationary observations"). The draws are seeded: the same series gives the same bounds.
"""

import numpy as np
from numpy.typing import NDArray

from metrics.stats.clusters import CONFIDENCE

Floats = NDArray[np.float64]

BLOCK_WEEKS = 4
DRAWS = 1000
SEED = 20_260_101


def coefficient_of_variation(series: Floats) -> Floats:
    """Standard deviation (unbiased variance) over mean along the last axis; NaN where the mean is zero."""
    mean = series.mean(axis=-1)
    deviation = series.std(axis=-1, ddof=1)
    return np.asarray(np.divide(deviation, mean, out=np.full_like(mean, np.nan), where=mean > 0), dtype=np.float64)


def bootstrap_bounds(series: Floats) -> tuple[Floats, Floats]:
    """Percentile bounds of the coefficient of variation of each series (rows × weeks)."""
    weeks = series.shape[1]
    random = np.random.default_rng(SEED)
    blocks = -(-weeks // BLOCK_WEEKS)
    starts = random.integers(0, weeks - BLOCK_WEEKS + 1, (DRAWS, blocks))
    drawn = (starts[:, :, None] + np.arange(BLOCK_WEEKS)).reshape(DRAWS, -1)[:, :weeks]
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.full(len(series), np.nan), np.full(len(series), np.nan)
    for number, row in enumerate(series):
        values = coefficient_of_variation(row[drawn])
        if np.isfinite(values).all():
            low[number], high[number] = np.percentile(values, [tail, 100 - tail])
    return low, high
