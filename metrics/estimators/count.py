"""Runs a `Count`: units per window and per week; windows in which a tier had none are zeros, not gaps."""

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Grain
from metrics.contrasts import Samples, samples_of
from metrics.estimators.arms import add_arm_contrasts
from metrics.estimators.base import Statistic, Target, add_contrasts, units_for
from metrics.estimators.per_engineer import PerEngineer
from metrics.estimators.segments import add_segment_contrasts, is_sampled
from metrics.model import Count
from metrics.rows import Shape
from metrics.stats.clusters import critical
from metrics.stats.dispersion import dispersion_between
from metrics.stats.grouping import Grouping, reduce_cells
from metrics.stats.scores import poisson
from metrics.units import MIXED

Floats = NDArray[np.float64]


STATISTICS = [Statistic("per_week", "events", "per week")]


def run(target: Target, estimator: Count) -> None:
    """Adds the rows and contrasts of a count."""
    source = target.source
    chosen = [(estimator.fact, estimator.where, estimator.category)] if estimator.category else []
    categories = source.categories([(f, w, c) for f, w, c in chosen if c])
    everything = source.units(estimator.fact, estimator.where, estimator.time, [], estimator.category, categories)
    if len(everything) == 0:
        return
    engineers = source.engineers if estimator.per_engineer else None
    per_engineer = PerEngineer.of(target, everything, engineers, _samples) if engineers is not None else None
    for plan in source.segmentations(target.metric, categories, everything):
        units = units_for(plan, everything)
        holders = target.holders(units, plan)
        by_grain: dict[Grain, list[Samples]] = {}
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            if plan.has_rows:
                _add_rows(target, shape)
            if is_sampled(plan, grain):
                by_grain[grain] = _samples(shape.grouping, shape.weeks_of_groups)
        if plan.judged:
            add_contrasts(target, holders, plan.tiers, STATISTICS, by_grain, _samples)
            if list(plan.tiers) != [MIXED]:
                add_arm_contrasts(target, units, STATISTICS, _samples)
        add_segment_contrasts(target, holders, plan, STATISTICS, by_grain, _samples)
        if per_engineer:
            per_engineer.add(holders, plan)


def _add_rows(target: Target, shape: Shape) -> None:
    """Adds count and per_week of one grain, from the first window in which the tier or segment had a unit."""
    grouping = shape.grouping
    counts = grouping.over_groups(grouping.units())
    add_weekly(target, shape, counts, counts)


def add_weekly(target: Target, shape: Shape, counts: Floats, seen: Floats) -> None:
    """Adds count and per_week, from the first window in which the tier or segment had a unit (`seen`)."""
    windows = len(shape.periods)
    by_holder = counts.reshape(-1, windows)
    begun = (np.cumsum(seen.reshape(-1, windows), axis=1) > 0).reshape(-1)
    keep = begun & np.tile(shape.weeks > 0, len(by_holder))
    if not shape.intervals:
        target.values.add(shape, "count", "count", counts, counts, counts > 0)
        return
    weeks = np.tile(shape.weeks, len(by_holder))
    dispersion, degrees = dispersion_between(by_holder, begun.reshape(-1, windows))
    score = np.repeat(critical(degrees + 1), windows)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_week = counts / weeks
        size = weeks / np.repeat(dispersion, windows)
        low, high = poisson(per_week, size, score)
    target.values.add(shape, "count", "count", counts, counts, keep)
    target.values.add(shape, "per_week", "per week", per_week, counts, keep, {"ci_low": low, "ci_high": high})


def _samples(grouping: Grouping, weeks: Floats) -> list[Samples]:
    """Samples of the weekly count."""
    cells = grouping.units()
    totals = reduce_cells(cells, grouping.offsets())
    with np.errstate(divide="ignore", invalid="ignore"):
        share, variance = cells / grouping.spread(totals), 1 / totals
    elapsed = np.maximum(weeks, np.finfo(np.float64).tiny)
    per_week = totals / elapsed
    columns = {"n": totals, "numerator": totals, "size": elapsed, "variance": variance, "units_per_week": per_week}
    return [samples_of(grouping, value=per_week, influence=share, share=share, **columns)]
