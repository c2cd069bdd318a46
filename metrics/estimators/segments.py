"""Contrasts of parts of a tier with themselves in the baseline, quarter by quarter: teams, and kinds of AI use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Period
from metrics.contrasts import Labels, Pairs, Samples
from metrics.estimators.base import Sampler, Segmentation, Statistic, Target, identity_of, period_grouping
from metrics.stats.holders import Holders

Integers = NDArray[np.integer[Any]]

COMPARED = ("team", "ai_use")
"""Segmentations whose segments are compared with the baseline, by quarter."""


def add_segment_contrasts(
    target: Target,
    holders: Holders,
    plan: Segmentation,
    statistics: Sequence[Statistic],
    sample: Sampler,
) -> None:
    """Compares every segment's quarters with its baseline, or with its quarter before where none is named."""
    if plan.kind not in COMPARED:
        return
    source = target.source
    periods, window_of_day = source.days.windows("quarter")
    elapsed = np.tile(source.elapsed(periods), len(plan.tiers) * holders.segments)
    quarters = sample(holders.by_day(window_of_day, len(periods)), elapsed)
    named = [source.baseline(tier) for tier in plan.tiers]
    base = sample(*period_grouping(target, holders, named, source.elapsed)) if any(named) else quarters
    for statistic, windows, reference in zip(statistics, quarters, base, strict=True):
        _add_named(target, plan, statistic, periods, named, windows, reference)
        _add_before(target, plan, statistic, periods, named, windows)


def _add_named(
    target: Target,
    plan: Segmentation,
    statistic: Statistic,
    periods: Sequence[Period],
    named: Sequence[Period | None],
    windows: Samples,
    reference: Samples,
) -> None:
    """Adds the quarters of tiers that name a baseline, from its end on."""
    holder, window = np.divmod(np.arange(len(windows)), len(periods))
    tier = holder // len(plan.segments)
    ends = np.array([period.end if period else None for period in named], dtype="datetime64[D]")
    starts = np.array([period.start for period in periods], dtype="datetime64[D]")
    # A tier without one has no end, and nothing is later than that.
    chosen = np.flatnonzero((windows.n > 0) & (starts[window] >= ends[tier]))
    baselines = [period or periods[0] for period in named]
    _add(target, plan, statistic, periods, windows.at(chosen), reference.at(holder[chosen]), chosen, (baselines, tier))


def _add_before(
    target: Target,
    plan: Segmentation,
    statistic: Statistic,
    periods: Sequence[Period],
    named: Sequence[Period | None],
    windows: Samples,
) -> None:
    """Adds the quarters of tiers that name none, compared with the quarter before."""
    holder, window = np.divmod(np.arange(len(windows)), len(periods))
    has_none = np.array([period is None for period in named])[holder // len(plan.segments)]
    chosen = np.flatnonzero((windows.n > 0) & has_none & (window > 0))
    _add(target, plan, statistic, periods, windows.at(chosen), windows.at(chosen - 1), chosen, (periods, window - 1))


def _add(
    target: Target,
    plan: Segmentation,
    statistic: Statistic,
    periods: Sequence[Period],
    windows: Samples,
    reference: Samples,
    chosen: Integers,
    baselines: tuple[Sequence[Period], Integers],
) -> None:
    """Adds contrasts of the chosen groups; `baselines` are periods, and over all groups the number of each one's."""
    holder, window = np.divmod(chosen, len(periods))
    tier, segment = np.divmod(holder, len(plan.segments))
    provisional = target.source.provisional(periods, target.metric.follow_up)[window]
    table, codes = baselines
    target.contrasts.add(
        identity_of(target, statistic, plan.kind),
        Pairs("quarter", periods, window, table, codes[chosen], table is not periods, provisional),
        windows,
        reference,
        statistics=Labels([statistic.name], np.zeros(len(chosen), dtype=np.int64)),
        tiers=Labels(plan.tiers, tier),
        segments=Labels(plan.segments, segment),
    )
