"""Runs a `Variation`: how evenly work arrives, as the coefficient of variation of weekly counts."""

from datetime import date

import numpy as np

from metrics.estimators.base import JUDGED_GRAINS, Target, units_for
from metrics.model import Variation
from metrics.stats.variation import bootstrap_bounds, coefficient_of_variation
from metrics.units import Units

DAYS_PER_WEEK = 7


def run(target: Target, estimator: Variation) -> None:
    """Adds `cv` of the weeks that end with each month or quarter, once a tier has been seen for that long."""
    source = target.source
    everything = source.units(estimator.fact, estimator.where, estimator.time, [])
    if len(everything) == 0:
        return
    for plan in source.segmentations(target.metric, [], everything):
        if plan.kind != "all":
            continue
        units = units_for(plan, everything)
        holders = target.holders(units, plan)
        for grain in JUDGED_GRAINS:
            shape = target.shape(holders, plan, grain)
            value, low, high = (np.full(shape.grouping.size, np.nan) for _ in range(3))
            weeks = [_weeks_before(target, period.end, estimator.weeks) for period in shape.periods]
            for tier in range(len(plan.tiers)):
                daily = _per_day(units, tier, len(source.days.all))
                complete = [i for i, days in enumerate(weeks) if days is not None and daily[: days[0] + 1].any()]
                if not complete:
                    continue
                spans = [weeks[i] for i in complete]
                series = np.stack(
                    [daily[first:stop].reshape(-1, DAYS_PER_WEEK).sum(axis=1) for first, stop in filter(None, spans)]
                ).astype(np.float64)
                groups = tier * len(shape.periods) + np.array(complete)
                value[groups] = coefficient_of_variation(series)
                low[groups], high[groups] = bootstrap_bounds(series)
            n = np.full(shape.grouping.size, estimator.weeks)
            bounds = {"ci_low": low, "ci_high": high}
            target.values.add(shape, "cv", target.metric.unit, value, n, np.isfinite(value), bounds)


def _per_day(units: Units, tier: int, days: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Units of a tier on each day."""
    return np.bincount(units.day[units.tier == tier], minlength=days)


def _weeks_before(target: Target, end: date, weeks: int) -> tuple[int, int] | None:
    """The first day's number and that after the last of the weeks before a day; None where they are cut short."""
    days = target.source.days
    stop = (end - days.first).days
    start = stop - weeks * DAYS_PER_WEEK
    is_over = target.source.calendar.instant(end) <= target.source.cut
    return (start, stop) if start >= 0 and is_over else None
