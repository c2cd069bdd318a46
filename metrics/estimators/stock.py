"""Runs a `Stock`: what is in a state at the end of each window, and the share of it for which something holds."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from metrics.calendar import GRAINS, Period
from metrics.estimators.base import Target, units_for
from metrics.model import Stock

INSIDE = timedelta(microseconds=1)
"""The end of a window is the beginning of the next: a moment before, it is still inside."""


def run(target: Target, estimator: Stock) -> None:
    """Adds `count`, or `rate` with its numerator and denominator, by tier."""
    source = target.source
    for grain in GRAINS:
        periods, _ = source.days.windows(grain)
        relation = _at_ends(estimator, _ends(target, periods))
        everything = source.units(relation, "true", "inside", [estimator.numerator or "0", "1"])
        if len(everything) == 0:
            continue
        for plan in source.segmentations(target.metric, [], everything):
            if plan.kind != "all":
                continue
            units = units_for(plan, everything)
            shape = target.shape(target.holders(units, plan), plan, grain)
            holding, there = (shape.grouping.over_groups(cells) for cells in shape.grouping.sums(list(units.numbers)))
            if estimator.numerator is None:
                by_holder = there.reshape(-1, len(periods))
                begun = (np.cumsum(by_holder, axis=1) > 0).reshape(-1) & np.tile(shape.weeks > 0, len(by_holder))
                target.values.add(shape, "count", "count", there, there, begun)
                continue
            share = np.divide(holding, there, out=np.zeros_like(there), where=there > 0)
            columns = {"numerator": holding, "denominator": there}
            target.values.add(shape, "rate", target.metric.unit, share, there, there > 0, columns)


def _ends(target: Target, periods: Sequence[Period]) -> list[str]:
    """A row of SQL per window that has begun: the instant of its end, and one that still lies inside."""
    source = target.source
    ends = [min(source.calendar.instant(period.end), source.cut) for period in periods]
    begun = [
        end for end, period in zip(ends, periods, strict=True) if source.calendar.instant(period.start) < source.cut
    ]
    return [f"(timestamp '{end}', timestamp '{end - INSIDE}')" for end in begun] or [
        "(null::timestamp, null::timestamp)"
    ]


def _at_ends(estimator: Stock, ends: Sequence[str]) -> str:
    """SQL of the fact's rows at each of the instants at which they are there."""
    return (
        f"(select f.*, moment, inside from (select * from {estimator.fact} where {estimator.where}) f"
        f" join (values {', '.join(ends)}) as ends(moment, inside)"
        f" on {estimator.start} <= moment and coalesce({estimator.end} > moment, true))"
    )
