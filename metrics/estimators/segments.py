"""Contrasts of parts of a tier with themselves in the baseline, quarter by quarter: teams, and kinds of AI use."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Grain, Period
from metrics.contrasts import Labels, Pairs, Samples
from metrics.estimators.base import (
    JUDGED_GRAINS,
    Sampler,
    Segmentation,
    Statistic,
    Target,
    identity_of,
    period_grouping,
)
from metrics.stats.holders import Holders

Integers = NDArray[np.integer[Any]]

COMPARED = ("team", "ai_use")
"""Segmentations whose segments are compared with the baseline, by quarter."""


def is_sampled(plan: Segmentation, grain: Grain) -> bool:
    """Whether windows of a grain are compared with what went before, so that samples of them are wanted."""
    return grain in JUDGED_GRAINS if plan.judged else plan.kind in COMPARED and grain == "quarter"


def add_segment_contrasts(
    target: Target,
    holders: Holders,
    plan: Segmentation,
    statistics: Sequence[Statistic],
    by_grain: Mapping[Grain, Sequence[Samples]],
    sample: Sampler,
) -> None:
    """Compares every segment's quarters with its baseline, or with its quarter before where none is named.

    `by_grain` holds the samples of the quarters, per statistic; `sample` makes those of the baselines.
    """
    if plan.kind not in COMPARED:
        return
    source = target.source
    periods, _ = source.days.windows("quarter")
    quarters = by_grain["quarter"]
    named = [source.baseline(tier) for tier in plan.tiers]
    base = sample(*period_grouping(target, holders, named, source.elapsed)) if any(named) else quarters
    groups = len(plan.tiers) * len(plan.segments) * len(periods)
    holder, window = np.divmod(np.arange(groups), len(periods))
    tier = holder // len(plan.segments)
    ends = np.array([period.end if period else None for period in named], dtype="datetime64[D]")[tier]
    starts = np.array([period.start for period in periods], dtype="datetime64[D]")[window]
    # A tier that names no baseline has no end, and nothing is later than that.
    after_named, has_before = starts >= ends, np.isnat(ends) & (window > 0)
    baselines = [period or periods[0] for period in named]
    for statistic, windows, reference in zip(statistics, quarters, base, strict=True):
        late = np.flatnonzero((windows.n > 0) & after_named)
        _add(target, plan, statistic, periods, windows, late, reference.at(holder[late]), (baselines, tier[late]))
        rest = np.flatnonzero((windows.n > 0) & has_before)
        _add(target, plan, statistic, periods, windows, rest, windows.at(rest - 1), (periods, window[rest] - 1))


def _add(
    target: Target,
    plan: Segmentation,
    statistic: Statistic,
    periods: Sequence[Period],
    windows: Samples,
    chosen: Integers,
    reference: Samples,
    baselines: tuple[Sequence[Period], Integers],
) -> None:
    """Adds contrasts of the chosen groups with `reference`; `baselines` are periods, and the number of each one's."""
    holder, window = np.divmod(chosen, len(periods))
    tier, segment = np.divmod(holder, len(plan.segments))
    provisional = target.source.provisional(periods, target.metric.follow_up)[window]
    table, codes = baselines
    target.contrasts.add(
        identity_of(target, statistic, plan.kind),
        Pairs("quarter", periods, window, table, codes, table is not periods, provisional),
        windows.at(chosen),
        reference,
        statistics=Labels([statistic.name], np.zeros(len(chosen), dtype=np.int64)),
        tiers=Labels(plan.tiers, tier),
        segments=Labels(plan.segments, segment),
    )
