"""Runs a `Variation`: how evenly work arrives, as the coefficient of variation of weekly counts."""

from datetime import date

import numpy as np

from metrics.estimators.base import JUDGED_GRAINS, Target
from metrics.estimators.prepared import units_of
from metrics.model import Variation
from metrics.stats.variation import bootstrap_bounds, coefficient_of_variation
from metrics.units import MIXED

DAYS_PER_WEEK = 7
NOBODY = units_of(*(np.zeros(0, dtype=np.int64),) * 3, ())
"""Counts by tier and day are all that is asked for: nobody holds them."""


def run(target: Target, estimator: Variation) -> None:
    """Adds `cv` of the weeks that end with each month or quarter, once a tier has been seen for that long."""
    source = target.source
    by_tier = source.daily(estimator.fact, estimator.where, estimator.time, [])[0]
    if not by_tier.any():
        return
    for plan in source.segmentations(target.metric, [], NOBODY):
        if plan.kind != "all":
            continue
        counts = by_tier.sum(axis=0, keepdims=True) if list(plan.tiers) == [MIXED] else by_tier
        holders = target.holders(NOBODY, plan)
        for grain in JUDGED_GRAINS:
            shape = target.shape(holders, plan, grain)
            value, low, high = (np.full(shape.grouping.size, np.nan) for _ in range(3))
            weeks = [_weeks_before(target, period.end, estimator.weeks) for period in shape.periods]
            for tier in range(len(plan.tiers)):
                daily = counts[tier]
                complete = [i for i, days in enumerate(weeks) if days is not None and daily[: days[0] + 1].any()]
                if not complete:
                    continue
                spans = [weeks[i] for i in complete]
                series = np.stack(
                    [daily[first:stop].reshape(-1, DAYS_PER_WEEK).sum(axis=1) for first, stop in filter(None, spans)]
                )
                groups = tier * len(shape.periods) + np.array(complete)
                value[groups] = coefficient_of_variation(series)
                low[groups], high[groups] = bootstrap_bounds(series)
            n = np.full(shape.grouping.size, estimator.weeks)
            bounds = {"ci_low": low, "ci_high": high}
            target.values.add(shape, "cv", target.metric.unit, value, n, np.isfinite(value), bounds)


def _weeks_before(target: Target, end: date, weeks: int) -> tuple[int, int] | None:
    """The first day's number and that after the last of the weeks before a day; None where they are cut short."""
    days = target.source.days
    stop = (end - days.first).days
    start = stop - weeks * DAYS_PER_WEEK
    is_over = target.source.calendar.instant(end) <= target.source.cut
    return (start, stop) if start >= 0 and is_over else None
