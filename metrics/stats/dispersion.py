"""How much more a count varies from window to window than chance alone would have it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def dispersion_between(counts: Floats, begun: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Variance of a window's count relative to Poisson's, from successive differences; and its degrees of freedom.

    Successive differences leave out a slow trend (von Neumann 1941). Never below 1. The last window is left out: it
    may be running.
    """
    pairs = begun[:, :-2] & begun[:, 1:-1] if counts.shape[1] > 2 else np.zeros((len(counts), 0), dtype=bool)
    before, after = counts[:, :-2], counts[:, 1:-1]
    if counts.shape[1] <= 2:
        return np.ones(len(counts)), np.zeros(len(counts))
    squares = np.where(pairs, (after - before) ** 2 / 2, 0.0).sum(axis=1)
    means = np.where(pairs, (after + before) / 2, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(means > 0, squares / means, 1.0)
    return np.maximum(ratio, 1.0), pairs.sum(axis=1).astype(np.float64)
