"""Runs a `Ratio`: sums over all parts, the rate with its interval, by category over a common denominator."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Grain
from metrics.contrasts import Samples, samples_of
from metrics.estimators.arms import add_arm_contrasts
from metrics.estimators.base import Segmentation, Statistic, Target, add_contrasts, units_for
from metrics.estimators.count import add_weekly
from metrics.estimators.segments import COMPARED, add_segment_contrasts, is_sampled
from metrics.model import Ratio
from metrics.rows import Shape, cluster_notes
from metrics.stats.grouping import Column, Grouping, finite, reduce_cells
from metrics.stats.holders import Holders
from metrics.stats.ratio import RatioEstimate, RatioOfSums, estimate_ratio, ratio_of_sums
from metrics.units import MIXED, Units, concatenate

Floats = NDArray[np.float64]

REST_PER_WEEK = "rest_per_week"
"""Contrast of the units outside the numerator per week, for shares of which more is better."""
PER_WEEK = "numerator_per_week"
"""The numerator per week: judged where units per week rose, so that splitting hides nothing (METRICS §5)."""


def run(target: Target, estimator: Ratio) -> None:
    """Adds the rows and contrasts of a ratio."""
    everything, categories = units_of(target, estimator)
    if len(everything) == 0:
        return
    for plan in target.source.segmentations(target.metric, categories, everything):
        units = units_for(plan, everything)
        if plan.kind == "category":
            _by_category(target, estimator, plan, units)
            continue
        holders, columns = target.holders(units, plan), _columns(units)
        by_grain: dict[Grain, list[Samples]] = {}
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            numerators, denominators, counts = _sums(estimator, shape.grouping, columns)
            if plan.has_rows:
                history = target.history(shape) if shape.intervals else None
                estimate = estimate_ratio(shape.grouping, numerators, denominators, counts, estimator.kind, history)
                _add_rows(target, estimator, shape, estimate)
                if estimator.weekly:
                    add_weekly(target, shape, estimate.numerator, estimate.units + estimate.numerator)
            if is_sampled(plan, grain):
                cells, weeks = (numerators, denominators, counts), shape.weeks_of_groups
                by_grain[grain] = _sampled(target, estimator, shape.grouping, cells, weeks)
        if plan.judged or plan.kind in COMPARED:
            _contrast(target, estimator, plan, units, columns, holders, by_grain)


def _contrast(
    target: Target,
    estimator: Ratio,
    plan: Segmentation,
    units: Units,
    columns: Sequence[Column],
    holders: Holders,
    by_grain: dict[Grain, list[Samples]],
) -> None:
    """Adds the contrasts of one plan."""

    def sample(grouping: Grouping, weeks: Floats) -> list[Samples]:
        return _sampled(target, estimator, grouping, _sums(estimator, grouping, columns), weeks)

    statistics = [Statistic(estimator.statistic, estimator.kind, target.metric.unit, estimator.scale)]
    if estimator.counts_events:
        statistics.append(Statistic("per_week" if estimator.weekly else PER_WEEK, "events", "per week"))
        if has_rest(target, estimator):
            statistics.append(Statistic(REST_PER_WEEK, "events", "per week"))
    if plan.judged:
        add_contrasts(target, holders, plan.tiers, statistics, by_grain, sample)
        if list(plan.tiers) != [MIXED]:
            add_arm_contrasts(target, units, statistics, sample)
    add_segment_contrasts(target, holders, plan, statistics, by_grain, sample)


def has_rest(target: Target, estimator: Ratio) -> bool:
    """Whether the units outside the numerator are what may not multiply: a share of which more is better."""
    return estimator.kind == "share" and estimator.counts_events and target.metric.direction == "higher"


def units_of(target: Target, estimator: Ratio) -> tuple[Units, list[str]]:
    """The rows of all parts (numbers: numerator, denominator), and the categories that any part bears."""
    source = target.source
    bearing = [(part.fact, part.where, part.category) for part in estimator.parts if part.category]
    categories = source.categories([(fact, where, category) for fact, where, category in bearing if category])
    parts = [
        source.units(part.fact, part.where, part.time, [part.numerator, part.denominator], part.category, categories)
        for part in estimator.parts
    ]
    return concatenate(parts), categories


def _columns(units: Units) -> list[Floats]:
    """Numerator, denominator, and units of the denominator; where each is one, these are the denominator itself."""
    numerator, denominator = units.numbers
    are_ones = bool((denominator == 1).all())
    return [numerator, denominator, denominator if are_ones else (denominator > 0).astype(np.float64)]


def _sums(estimator: Ratio, grouping: Grouping, columns: Sequence[Column]) -> tuple[Floats, Floats, Floats]:
    """Numerators, denominators and units over cells."""
    numerators, denominators, counts = grouping.sums(columns)
    return numerators, denominators if estimator.divisor == 1 else denominators / estimator.divisor, counts


def _add_rows(target: Target, estimator: Ratio, shape: Shape, estimate: RatioEstimate) -> None:
    """Adds the rate of one grain."""
    columns: dict[str, Floats | float] = {"numerator": estimate.numerator, "denominator": estimate.denominator}
    notes = None
    if shape.intervals:
        columns |= {"ci_low": estimate.low * estimator.scale, "ci_high": estimate.high * estimator.scale}
        notes = cluster_notes(estimate.clusters, estimate.degrees, target.metric.clustered_by)
    value = estimate.value * estimator.scale
    keep = estimate.denominator > 0
    target.values.add(shape, estimator.statistic, target.metric.unit, value, estimate.units, keep, columns, notes)


def _by_category(target: Target, estimator: Ratio, plan: Segmentation, units: Units) -> None:
    """Rates by category; rows without a category (the common denominator) count under each."""
    whole = Segmentation("all", ["all"], plan.grains, plan.tiers, False)
    holders = target.holders(units, whole)

    def sums(category: int) -> list[list[Floats]]:
        """Sums over cells of the rows of a category, grain by grain."""
        mine = np.flatnonzero(units.category == category)
        columns = _columns(replace(units, numbers=tuple(column[mine] for column in units.numbers)))
        alone = holders.at(mine)
        return [target.shape(alone, whole, grain).grouping.sums(columns) for grain in plan.grains]

    common = sums(-1)
    for code, category in enumerate(plan.segments):
        named = Segmentation(plan.kind, [category], plan.grains, plan.tiers, False)
        for grain, mine, shared in zip(plan.grains, sums(code), common, strict=True):
            shape = target.shape(holders, named, grain)
            cells = [own + other for own, other in zip(mine, shared, strict=True)]
            history = target.history(shape)
            estimate = estimate_ratio(shape.grouping, cells[0], cells[1], cells[2], estimator.kind, history)
            _add_rows(target, estimator, shape, estimate)


def _sampled(
    target: Target, estimator: Ratio, grouping: Grouping, cells: tuple[Floats, Floats, Floats], weeks: Floats
) -> list[Samples]:
    """Samples of all statistics, from the sums of numerator, denominator and units over cells."""
    numerators, denominators, counts = cells
    ratio = ratio_of_sums(grouping, numerators, denominators, counts, estimator.kind)
    samples = _samples(grouping, ratio, (numerators, denominators), weeks, estimator)
    if has_rest(target, estimator):
        samples.append(_rest(grouping, ratio, (numerators, denominators), weeks))
    return samples


def _samples(
    grouping: Grouping,
    estimate: RatioOfSums,
    cells: tuple[Floats, Floats],
    weeks: Floats,
    estimator: Ratio,
) -> list[Samples]:
    """Samples of the rate, and of the numerator per week."""
    numerators, denominators = cells
    spread = grouping.spread
    with np.errstate(divide="ignore", invalid="ignore"):
        total = spread(estimate.numerator)
        influence = (numerators - spread(finite(estimate.value)) * denominators) / total
        share = finite(denominators / spread(estimate.denominator))
        variance = estimate.independent / estimate.value**2
    elapsed = np.maximum(weeks, np.finfo(np.float64).tiny)
    common = {
        "n": estimate.units,
        "numerator": estimate.numerator,
        "units_per_week": estimate.units / elapsed,
        "share": share,
    }
    size = estimate.units if estimator.kind == "share" else estimate.denominator
    of_rate = {"value": estimate.value, "size": size, "variance": variance, "influence": influence}
    found = [samples_of(grouping, **of_rate, **common)]
    if estimator.counts_events:
        found.append(_per_week(grouping, numerators, estimate.numerator, elapsed, common))
    return found


def _rest(grouping: Grouping, estimate: RatioOfSums, cells: tuple[Floats, Floats], weeks: Floats) -> Samples:
    """Samples of the units outside the numerator, per week."""
    numerators, denominators = cells
    rest = denominators - numerators
    total = reduce_cells(rest, grouping.offsets())
    elapsed = np.maximum(weeks, np.finfo(np.float64).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = finite(denominators / grouping.spread(estimate.denominator))
    common = {
        "n": estimate.units,
        "numerator": total,
        "units_per_week": estimate.units / elapsed,
        "share": share,
    }
    return _per_week(grouping, rest, total, elapsed, common)


def _per_week(
    grouping: Grouping, events: Floats, total: Floats, elapsed: Floats, common: Mapping[str, Floats]
) -> Samples:
    """Samples of events per week: `events` over cells, `total` over groups."""
    with np.errstate(divide="ignore", invalid="ignore"):
        influence, variance = events / grouping.spread(total), 1 / total
    return samples_of(grouping, value=total / elapsed, size=elapsed, variance=variance, influence=influence, **common)
