"""Runs `Downtime`: hours in which a service had at least one open incident.

Overlapping incidents of a service count once.
"""

import numpy as np

from metrics.estimators.base import Target, units_for
from metrics.model import Downtime


def run(target: Target, estimator: Downtime) -> None:
    """Adds the `downtime` rows: the union per service, in the window where it begins, open incidents up to the cut."""
    source = target.source
    stop = f"least(coalesce({estimator.end}, timestamp '{source.cut}'), timestamp '{source.cut}')"
    spans = source.unions(estimator.fact, estimator.where, estimator.start, stop, "service")
    if len(spans) == 0:
        return
    for plan in source.segmentations(target.metric, [], spans):
        if plan.kind != "all":
            continue
        units = units_for(plan, spans)
        holders = target.holders(units, plan)
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            inside = shape.grouping.codes >= 0
            hours = np.bincount(
                shape.grouping.codes[inside], weights=units.numbers[0][inside], minlength=shape.grouping.size
            )
            count = np.bincount(shape.grouping.codes[inside], minlength=shape.grouping.size)
            target.values.add(shape, "downtime", "hours", hours.astype(np.float64), count, count > 0)
