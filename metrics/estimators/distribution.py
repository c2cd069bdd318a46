"""Runs a `Distribution`: n, mean, quantiles with intervals, histogram; unfinished work by product limit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.contrasts import Samples, samples_of
from metrics.estimators.arms import add_arm_contrasts
from metrics.estimators.base import (
    Sampler,
    Segmentation,
    Statistic,
    Target,
    YearSampler,
    add_contrasts,
    units_for,
)
from metrics.estimators.segments import COMPARED, add_segment_contrasts, is_sampled
from metrics.model import Distribution
from metrics.row_notes import FLATTERED, UNREACHED
from metrics.rows import Notes, Shape, cluster_notes
from metrics.stats.clusters import CONFIDENCE, critical
from metrics.stats.distribution import (
    Buckets,
    Joined,
    Ordered,
    Quantile,
    Sorted,
    in_order,
    order_by_group,
    read_quantiles,
    totals_and_variances,
    with_intervals,
)
from metrics.stats.grouping import Grouping, are_many, finite, influence_of, reduce_cells
from metrics.stats.histogram import Bins
from metrics.stats.holders import Holders
from metrics.stats.product_limit import quantiles_of
from metrics.stats.successive import Repositories
from metrics.units import MIXED, Units

Floats = NDArray[np.float64]

QUANTILES = (0.50, 0.75, 0.90, 0.95, 0.99)
COMPARED_QUANTILES = (0.50, 0.75, 0.90, 0.95)
REPOSITORY_QUANTILES = (0.50, 0.90)
CENSORED_QUANTILES = (0.50, 0.90)
UNITS_FOR_A_MEAN = 500
"""Below this the mean of a skewed distribution has no interval that covers (METRICS §4)."""
FLATTERS = 0.10
"""Excess of the product-limit median over that of ended units beyond which a row says so (METRICS §4)."""
SHORTEST = 1e-9
"""Weeks that a window is taken to have lasted at the least: one that has not begun has no units anyway."""
OF_COHORTS = tuple(f"km_p{round(probability * 100)}" for probability in CENSORED_QUANTILES)
"""Statistics of cohorts, which count unfinished work."""
NORMAL_SCORE = float(critical(np.array([1]), (1 + CONFIDENCE) / 2)[0])


def name_of(probability: float) -> str:
    """p50 for 0.5."""
    return f"p{round(probability * 100)}"


def run(target: Target, estimator: Distribution) -> None:
    """Adds the rows and contrasts of a distribution."""
    _add_ended(target, estimator)
    if estimator.unfinished is not None:
        _add_unfinished(target.unfinished or target, estimator)


def _add_ended(target: Target, estimator: Distribution) -> None:
    """Adds what is read off the values of units that have one."""
    source = target.source
    chosen = [(estimator.fact, estimator.where, estimator.category)] if estimator.category else []
    categories = source.categories([(f, w, c) for f, w, c in chosen if c])
    everything = source.units(
        estimator.fact,
        estimator.where,
        estimator.time,
        [estimator.value],
        estimator.category,
        categories,
        order=_by_value,
    )
    if len(everything) == 0:
        return
    values = everything.numbers[0]
    bins, sample = Bins.of(values, estimator.first_bin), _sampler(estimator, values)
    for each in source.segmentations(target.metric, categories, everything):
        # Bins are spaced by the logarithm, which losses have none of.
        plan = replace(each, has_histogram=each.has_histogram and not estimator.is_signed)
        holders = target.holders(units_for(plan, everything), plan)
        by_grain: dict[Grain, list[Samples]] = {}
        quarters: Ordered | None = None
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            ordered = order_by_group(values, shape.grouping)
            samples = _add_rows(target, shape, plan, ordered, bins)
            if is_sampled(plan, grain):
                has_samples = samples and not estimator.is_signed
                by_grain[grain] = samples if has_samples else sample(shape.grouping, shape.weeks_of_groups)
            if grain == "quarter" and _are_joined_into_years(target, estimator, plan, ordered):
                quarters = ordered
            # One order at a time: each is as large as all units.
            del ordered
        if plan.judged or plan.kind in COMPARED:
            units = units_for(plan, everything)
            _contrast(target, estimator, plan, units, holders, by_grain, sample, quarters)


def _by_value(numbers: tuple[Floats, ...]) -> tuple[NDArray[np.integer[Any]], tuple[Floats, ...]]:
    """Units by their value."""
    order, values = in_order(numbers[0])
    return order, (values,)


def _ended_first(numbers: tuple[Floats, ...]) -> tuple[NDArray[np.integer[Any]], tuple[Floats, ...]]:
    """Units by how long they lasted; within ties, ended units before censored ones: they were at risk until then."""
    lasted, has_ended = numbers[0], numbers[1] > 0
    ended = np.flatnonzero(has_ended)
    ended_first = np.concatenate([ended, np.flatnonzero(~has_ended)])
    order, values = in_order(lasted[ended_first])
    return ended_first[order], (values, (order < len(ended)).astype(np.float64))


def _sampler(estimator: Distribution, values: Floats) -> Sampler:
    """Makes samples of units whose values ascend: of the compared quantiles, or of the mean."""

    def sample(grouping: Grouping, weeks: Floats) -> list[Samples]:
        ordered = order_by_group(values, grouping)
        if estimator.is_signed:
            return [_mean_samples(ordered, grouping, weeks)]
        quantiles, buckets = read_quantiles(ordered, grouping, COMPARED_QUANTILES)
        return _samples(ordered, grouping, quantiles, buckets, weeks, estimator.first_bin)

    return sample


def _are_joined_into_years(target: Target, estimator: Distribution, plan: Segmentation, quarters: Ordered) -> bool:
    """Whether trailing years are read off their quarters: all of these are at hand, and there is much to be sorted."""
    has_all = target.values.since is None and plan.judged and not estimator.is_signed
    return has_all and are_many(len(quarters.values))


def _year_sampler(target: Target, estimator: Distribution, quarters: Ordered) -> YearSampler:
    """Makes the samples of a trailing year from its quarters, which are in order: no unit is looked at to sort it."""
    periods, _ = target.source.days.windows("quarter")

    def sample(year: Period, grouping: Grouping, weeks: Floats) -> list[Samples]:
        inside = np.flatnonzero([period.start in year for period in periods])
        year_of = Joined.of(quarters, np.arange(grouping.size)[:, None] * len(periods) + inside)
        quantiles, buckets = read_quantiles(year_of, grouping, COMPARED_QUANTILES)
        return _samples(year_of, grouping, quantiles, buckets, weeks, estimator.first_bin)

    return sample


def _contrast(
    target: Target,
    estimator: Distribution,
    plan: Segmentation,
    units: Units,
    holders: Holders,
    by_grain: dict[Grain, list[Samples]],
    sample: Sampler,
    quarters: Ordered | None,
) -> None:
    """Adds the contrasts of one plan; `quarters` are the units by tier and quarter, where years are read off these."""
    statistics = [Statistic(name_of(p), "log", target.metric.unit) for p in COMPARED_QUANTILES]
    if estimator.is_signed:
        statistics = [Statistic("mean", "level", target.metric.unit)]
    if plan.judged:
        of_year = _year_sampler(target, estimator, quarters) if quarters is not None else None
        add_contrasts(target, holders, plan.tiers, statistics, by_grain, sample, of_year=of_year)
        if list(plan.tiers) != [MIXED]:
            add_arm_contrasts(target, units, statistics, sample)
    add_segment_contrasts(target, holders, plan, statistics, by_grain, sample)


def _add_rows(target: Target, shape: Shape, plan: Segmentation, ordered: Ordered, bins: Bins) -> list[Samples]:
    """Adds the rows of one grain; gives the samples of the compared quantiles where they are wanted."""
    unit, rows, grouping = target.metric.unit, target.values, shape.grouping
    counts = ordered.counts
    some = counts > 0
    rows.add(shape, "n", "units", counts.astype(np.float64), counts, some)
    if not shape.intervals:
        for probability in REPOSITORY_QUANTILES:
            rows.add(shape, name_of(probability), unit, ordered.quantile(probability), counts, some)
        return []
    quantiles, buckets = read_quantiles(ordered, grouping, QUANTILES)
    repositories = Repositories(grouping, buckets.units, target.history(shape))
    estimates = with_intervals(ordered, quantiles, buckets, repositories)
    notes = cluster_notes(estimates[0].clusters, estimates[0].degrees, target.metric.clustered_by)
    for estimate in estimates:
        bounds = {"ci_low": estimate.low, "ci_high": estimate.high}
        rows.add(shape, name_of(estimate.probability), unit, estimate.value, counts, some, bounds, notes)
    mean, low, high = _mean(ordered, repositories)
    rows.add(shape, "mean", unit, mean, counts, some, {"ci_low": low, "ci_high": high}, notes)
    if plan.has_histogram:
        rows.add_histogram(shape, unit, bins.counts(ordered), counts, bins.edges)
    if not is_sampled(plan, shape.grain):
        return []
    kept = [i for i, estimate in enumerate(estimates) if estimate.probability in COMPARED_QUANTILES]
    compared = Buckets(buckets.upto[[*kept, -1]], buckets.reached[[*kept, -1]])
    chosen = [estimates[i] for i in kept]
    return _samples(ordered, grouping, chosen, compared, shape.weeks_of_groups, bins.edges[0])


def _mean(ordered: Ordered, repositories: Repositories) -> tuple[Floats, Floats, Floats]:
    """Mean of each group with its clustered interval, null below `UNITS_FOR_A_MEAN` units."""
    grouping, counts = repositories.grouping, ordered.counts.astype(np.float64)
    (totals, variances), offsets = totals_and_variances(ordered, grouping), grouping.offsets()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = reduce_cells(totals, offsets)
        mean = total / counts
        # Relative to the mean: repositories' ups and downs of a duration are factors. Nothing is relative to zero.
        scale = np.where(total == 0, np.nan, total)
        independent = variances / (scale / counts) ** 2
        level = repositories.level_of(totals, mean, 1 / scale, independent)
        half = critical(level.degrees + 1) * np.sqrt(level.variance) * np.abs(mean)
    half = np.where((counts >= UNITS_FOR_A_MEAN) & (total != 0), half, np.nan)
    return mean, mean - half, mean + half


def _samples(
    ordered: Sorted,
    grouping: Grouping,
    quantiles: Sequence[Quantile],
    buckets: Buckets,
    weeks: Floats,
    first_bin: float,
) -> list[Samples]:
    """Samples per quantile, on the logarithm: relative changes of durations.

    The density at a quantile is read off the order statistics one standard interval to either side, each side by
    itself. Values
    within the histogram's lowest bin count as that bin's edge: below it there is no relative change worth the name.
    """
    counts = ordered.counts.astype(np.float64)
    sizes, nothing = buckets.units, np.zeros(grouping.size)
    share = influence_of(grouping, sizes, sizes, nothing, 1 / np.maximum(counts, 1.0))
    probability = np.array([[each.probability] for each in quantiles])
    value = np.maximum(np.stack([each.value for each in quantiles]), first_bin)
    error = np.stack([each.independent_error for each in quantiles])
    half = NORMAL_SCORE * error
    with np.errstate(divide="ignore", invalid="ignore"):
        sd_low = np.log(value / np.maximum(ordered.between(probability - half), first_bin)) / NORMAL_SCORE
        sd_high = np.log(np.maximum(ordered.between(probability + half), first_bin) / value) / NORMAL_SCORE
        either = np.where(np.isnan(sd_low), sd_high, sd_low), np.where(np.isnan(sd_high), sd_low, sd_high)
        slope = (either[0] + either[1]) / 2 / error
        variance, scale = (slope * error) ** 2, -slope / counts
        per_week = counts / np.maximum(weeks, SHORTEST)
        return [
            samples_of(
                grouping,
                value=quantile.value,
                n=counts,
                sd_low=sd_low[row],
                sd_high=sd_high[row],
                variance=variance[row],
                units_per_week=per_week,
                influence=influence_of(grouping, under, sizes, finite(quantile.share), scale[row]),
                share=share,
            )
            for row, (quantile, under) in enumerate(zip(quantiles, buckets.below, strict=True))
        ]


def _mean_samples(ordered: Ordered, grouping: Grouping, weeks: Floats) -> Samples:
    """Samples of the mean, in the metric's unit: for values that lie on both sides of zero."""
    counts = ordered.counts.astype(np.float64)
    (totals, variance), units = totals_and_variances(ordered, grouping), grouping.units()
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = reduce_cells(totals, grouping.offsets()) / counts
        influence = influence_of(grouping, totals, units, finite(mean), 1 / counts)
        share = units / grouping.spread(counts)
    error = np.sqrt(variance)
    return samples_of(
        grouping,
        value=mean,
        n=counts,
        sd_low=error,
        sd_high=error,
        variance=variance,
        units_per_week=counts / np.maximum(weeks, SHORTEST),
        influence=influence,
        share=share,
    )


def _add_unfinished(target: Target, estimator: Distribution) -> None:
    """Adds km_p50 and km_p90 over the cohort that entered in each window, unfinished units censored at the cut."""
    cohort = estimator.unfinished
    assert cohort is not None
    source = target.source
    stop = f"least(coalesce({cohort.end}, timestamp '{source.cut}'), timestamp '{source.cut}')"
    lasted = f"greatest(epoch_us({stop}) - epoch_us({cohort.start}), 0) / {3.6e9 * cohort.hours_per_unit}"
    ended = f"(({cohort.end}) is not null and ({cohort.end}) <= timestamp '{source.cut}')::int"
    everything = source.units(
        cohort.fact, cohort.where, cohort.start, [lasted, ended], lasting=True, order=_ended_first
    )
    if len(everything) == 0:
        return
    values, is_ended = everything.numbers[0], everything.numbers[1] > 0
    for plan in source.segmentations(target.metric, [], everything):
        if plan.kind == "repo":
            continue
        units = units_for(plan, everything)
        holders = target.holders(units, plan)
        for grain in plan.grains:
            shape = target.shape(holders, plan, grain)
            ordered = order_by_group(values, shape.grouping, is_ended)
            counts = ordered.counts
            closed, median_of_ended = ordered.quantile_of_carried(0.5)
            censored = (counts - closed).astype(np.float64)
            wanted = [(p, score) for p in CENSORED_QUANTILES for score in (0.0, -NORMAL_SCORE, NORMAL_SCORE)]
            times = dict(zip(wanted, quantiles_of(ordered, wanted), strict=True))
            for probability in CENSORED_QUANTILES:
                value = times[probability, 0.0]
                bounds: dict[str, Floats] = {
                    "ci_low": times[probability, -NORMAL_SCORE],
                    "ci_high": times[probability, NORMAL_SCORE],
                    "censored": censored,
                }
                notes = _flattery(value, median_of_ended) if probability == CENSORED_QUANTILES[0] else None
                if notes is not None:
                    target.values.note_on(shape, name_of(probability), notes.codes > 0, FLATTERED)
                    target.values.note_on(shape, name_of(probability), (counts > 0) & np.isnan(value), UNREACHED)
                rows = f"km_{name_of(probability)}"
                target.values.add(shape, rows, target.metric.unit, value, counts, counts > 0, bounds, notes)


def _flattery(value: Floats, ended: Floats) -> Notes:
    """Says where the median of ended units alone looks better than the cohort's."""
    flattered = (value > 0) & (value > (1 + FLATTERS) * ended)
    lower = 1 - np.divide(ended, value, out=np.ones_like(value), where=flattered)
    percent = np.round(100 * lower).astype(np.int64)
    table: list[str | None] = [None]
    table += [
        f"Unfinished work flatters the median of what has ended: it is {share} % lower." for share in range(1, 101)
    ]
    return Notes(table, percent)
