"""How unevenly an amount falls on those who hold it, group by group."""

import numpy as np

from metrics.stats.kernels.compiled import Floats, Integers, compiled


@compiled
def concentrations(cells: Floats, offsets: Integers, tenth: float) -> tuple[Floats, Floats, Integers]:
    """Per group the Gini coefficient, the share of the busiest tenth, and how many hold something."""
    size = len(offsets) - 1
    gini, top_share = np.full(size, np.nan), np.full(size, np.nan)
    holders = np.zeros(size, dtype=np.int64)
    for group in range(size):
        held = cells[offsets[group] : offsets[group + 1]]
        held = np.sort(held[held > 0])
        count = len(held)
        holders[group] = count
        if count == 0:
            continue
        total, ranked, top = 0.0, 0.0, 0.0
        for i in range(count):
            rank = i + 1
            total += held[i]
            ranked += held[i] * rank
            top += held[i] * min(max(rank - (1 - tenth) * count, 0.0), 1.0)
        gini[group] = max(2 * ranked / (count * total) - (count + 1) / count, 0.0)
        top_share[group] = top / total
    return gini, top_share, holders
