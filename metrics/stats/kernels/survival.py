"""Product-limit estimates of how long work takes, unfinished work among it."""

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Floats, Integers, compiled

BLOCK = 64
"""Units whose survivor function is made before it is asked whether any of them could have reached a share."""


@compiled
def _steps(starts: Integers) -> Floats:
    """By how much the survivor function's logarithm falls when one ends of so many at risk: two or more."""
    largest = 0
    for group in range(len(starts) - 1):
        largest = max(largest, starts[group + 1] - starts[group])
    steps = np.zeros(largest + 1)
    for at_risk in range(2, largest + 1):
        steps[at_risk] = np.log((at_risk - 1.0) / at_risk)
    return steps


@compiled
def product_limit_quantiles(  # noqa: C901 -- a loop over units within blocks, and over what is wanted: one thing
    values: Floats,
    ended: NDArray[np.bool_],
    starts: Integers,
    shares: Floats,
    scores: Floats,
    rounding: float,
) -> Floats:
    """Per group and (share, score) pair, the time by which that share has ended; NaN where so many have not.

    The survivor function, or where the score is not zero its complementary log-log bound, falls to 1 - share or below
    at a unit that ended: the first such time. Units are taken in blocks: of one in which even the lowest curve that
    is possible stays above a share, no unit is looked at again.
    """
    result = np.full((len(starts) - 1, len(shares)), np.nan)
    at = np.empty(BLOCK, dtype=np.int64)
    logs, variances = np.empty(BLOCK), np.empty(BLOCK)
    survivors, errors = np.empty(BLOCK), np.empty(BLOCK)
    steps = _steps(starts)
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        log_survivors, variance = 0.0, 0.0
        left = len(shares)
        i = first
        while i < last and left > 0:
            log_before, variance_before = log_survivors, variance
            held = 0
            is_extinct = False
            while i < last and held < BLOCK:
                if ended[i]:
                    at_risk = last - i
                    if at_risk > 1:
                        log_survivors += steps[at_risk]
                        variance += 1.0 / (at_risk * (at_risk - 1.0))
                    else:
                        is_extinct = True
                    at[held], logs[held], variances[held] = i, log_survivors, variance
                    held += 1
                i += 1
            is_first_look = True
            for each in range(len(shares)):
                if not np.isnan(result[group, each]):
                    continue
                target = 1 - shares[each] + rounding
                if not is_extinct and log_before < 0:
                    # The curve's logarithm is log S × exp(score × se / log S): largest factor, lowest S of the block.
                    slope = scores[each] / (log_before if scores[each] < 0 else log_survivors)
                    spread = variance if scores[each] < 0 else variance_before
                    lowest = log_survivors * np.exp(slope * np.sqrt(spread))
                    if lowest > np.log(target) + MARGIN_OF_A_BLOCK:
                        continue
                if is_first_look:
                    for k in range(held):
                        survivors[k] = 0.0 if is_extinct and k == held - 1 else np.exp(logs[k])
                        errors[k] = np.sqrt(variances[k])
                    is_first_look = False
                for k in range(held):
                    curve = survivors[k]
                    if scores[each] > 0 and curve > target + MARGIN_OF_A_BLOCK:
                        # The upper bound of a time is read off a curve that lies above this one.
                        continue
                    if scores[each] != 0 and 0.0 < curve < 1.0:
                        log_of = np.log(curve)
                        curve = np.exp(log_of * np.exp(scores[each] * errors[k] / log_of))
                    if curve <= target:
                        result[group, each] = values[at[k]]
                        left -= 1
                        break
    return result


MARGIN_OF_A_BLOCK = 1e-9
"""What rounding may move a block's bound: a block within it is looked at unit by unit."""
