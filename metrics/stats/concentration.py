"""How unevenly an amount falls on those who hold it: the Gini coefficient and the share of the busiest tenth.

Source: Lorenz (1905), "Methods of Measuring the Concentration of Wealth"; Gini (1914), "Sulla misura della
concentrazione e della variabilità dei caratteri". Both are read off the piecewise linear Lorenz curve of all holders,
so that of fewer than ten the busiest tenth is a part of the busiest one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.distribution import ascending
from metrics.stats.grouping import Grouping, are_many, stable_order

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

TENTH = 0.1


@dataclass(frozen=True)
class Concentration:
    """Arrays over groups; NaN where a group has no holder."""

    gini: Floats
    """0 where all hold the same, (n - 1) / n where one of n holds everything."""
    top_share: Floats
    """Share of the amount that the busiest tenth holds: a tenth where all hold the same."""
    holders: Integers


def concentration(grouping: Grouping, amounts: Floats) -> Concentration:
    """The concentration of amounts in each group.

    Args:
        grouping: of rows by group and holder; a holder may have several rows in a group.
        amounts: what each row adds, above zero.
    """
    size = grouping.size
    cells = grouping.sums([amounts])[0]
    if are_many(len(amounts)):
        from metrics.stats import kernels

        gini, top_share, holders = kernels.concentrations(cells, grouping.offsets(), TENTH)
        return Concentration(gini, top_share, holders)
    is_held = cells > 0
    held, group = cells[is_held], grouping.spread(np.arange(size))[is_held]
    order = ascending(held)
    order = order[stable_order(group[order], size)]
    held, group = held[order], group[order]
    count = np.bincount(group, minlength=size)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.arange(1, len(group) + 1) - first[group]
    total = np.bincount(group, weights=held, minlength=size)
    ranked = np.bincount(group, weights=held * rank, minlength=size)
    in_top = np.clip(rank - (1 - TENTH) * count[group], 0.0, 1.0)
    top = np.bincount(group, weights=held * in_top, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        gini = 2 * ranked / (count * total) - (count + 1) / count
        return Concentration(np.maximum(gini, 0.0), top / total, count.astype(np.int64))
