"""Contrasts for the controlled comparison: onboarded repositories, and those of the tier that are not onboarded yet.

Each arm is compared with itself over the same two periods, its repositories' shares of the work held as in the baseline
(direct standardisation), so that a change of mix is no change of the figure. `metrics.controlled` sets the two changes
against each other; the contrasts of the baseline's second half with its first show whether the arms moved alike before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Period
from metrics.contrasts import Labels, Pairs, Samples, stack
from metrics.estimators.base import Sampler, Statistic, Target, alike, identity_of
from metrics.stats.grouping import finite, reduce_cells
from metrics.stats.holders import make_holders
from metrics.units import TIERS, Units

Integers = NDArray[np.integer[Any]]
Onboarded = NDArray[np.datetime64]

ONBOARDED, NOT_ONBOARDED = "onboarded", "not_onboarded"
ARMS = (ONBOARDED, NOT_ONBOARDED)
ARM, ARM_BEFORE = "arm", "arm_before"
"""Segmentations of contrasts: window against baseline, and the baseline's second half against its first (pre-trend)."""
FEWEST_REPOSITORIES = 2
"""Repositories that either arm must have: with one, its own luck and an effect cannot be told apart."""


@dataclass(frozen=True)
class Spans:
    """A tier's window and the baseline that it is compared with."""

    baseline: Period
    window: Period

    @property
    def compared(self) -> tuple[Period, Period]:
        """Baseline and window."""
        return self.baseline, self.window

    @property
    def halves(self) -> tuple[Period, Period]:
        """The baseline's first and second half, in which nobody was onboarded yet."""
        middle = self.baseline.start + (self.baseline.end - self.baseline.start) // 2
        return Period(self.baseline.start, middle), Period(middle, self.baseline.end)

    def arm_of(self, onboarded: Onboarded) -> Integers:
        """0 for those onboarded between baseline and window, 1 for those not yet at the window's end, else -1."""
        never = np.isnat(onboarded)
        treated = ~never & (onboarded >= _day(self.baseline.end)) & (onboarded <= _day(self.window.start))
        untreated = never | (onboarded >= _day(self.window.end))
        return np.where(treated, 0, np.where(untreated, 1, -1)).astype(np.int64)


def _day(day: date) -> np.datetime64:
    return np.datetime64(day)


def add_arm_contrasts(target: Target, units: Units, statistics: Sequence[Statistic], sample: Sampler) -> None:
    """Adds the contrasts of both arms for every tier and quarter in which either has enough repositories."""
    onboarded = target.source.onboarded
    if np.isnat(onboarded).all():
        return
    periods, _ = target.source.days.windows("quarter")
    provisional = target.source.provisional(periods, target.metric.follow_up)
    worked = cache(lambda of_tiers: _worked(target, units, of_tiers))  # most windows share their baseline
    for index, window in enumerate(periods):
        spans = [_spans(target, tier, window, periods[index - 1] if index else None) for tier in TIERS]
        if not any(spans):
            continue
        arms = _arms(spans, onboarded, worked)
        enough = [min((of_tier == arm).sum() for arm in (0, 1)) >= FEWEST_REPOSITORIES for of_tier in arms]
        if not any(enough):
            continue
        wanted = [n for n, three in enumerate(spans) if enough[n] and three is not None]
        baselines = [three.baseline if three else window for three in spans]
        for kind in (ARM, ARM_BEFORE):
            samples = _sampled(target, units, spans, arms, kind, sample)
            for is_named in (True, False):
                mine = [n for n in wanted if (target.source.baseline(TIERS[n]) is not None) == is_named]
                tier, arm = (codes.ravel() for codes in np.meshgrid(mine, np.arange(len(ARMS)), indexing="ij"))
                if len(tier) == 0:
                    continue
                first = np.zeros(len(tier), dtype=np.int64)
                provisionals = np.full(len(tier), provisional[index])
                pairs = Pairs("quarter", [window], first, baselines, tier, is_named, provisionals)
                for together in alike(statistics):
                    chosen = [samples[i] for i in together]
                    _add(target, [statistics[i] for i in together], chosen, pairs, tier, arm, kind)


def _add(
    target: Target,
    statistics: Sequence[Statistic],
    samples: Sequence[Samples],
    pairs: Pairs,
    tier: Integers,
    arm: Integers,
    kind: str,
) -> None:
    """Adds the contrasts of arms' later period with their earlier one; counts have no mix to be held."""
    group = (tier * len(ARMS) + arm) * 2
    before, after = (stack([each.at(group + period) for each in samples]) for period in (0, 1))
    if not statistics[0].name.endswith("per_week"):
        after = standardised(after, before, statistics[0].kind)
    count = len(statistics)
    target.contrasts.add(
        identity_of(target, statistics[0], kind),
        pairs.times(count),
        after,
        before,
        statistics=Labels([each.name for each in statistics], np.repeat(np.arange(count), len(tier))),
        tiers=Labels(TIERS, np.tile(tier, count)),
        segments=Labels(ARMS, np.tile(arm, count)),
    )


def _spans(target: Target, tier: str, window: Period, previous: Period | None) -> Spans | None:
    """The periods of a tier's comparison; none where the window does not lie after the baseline."""
    baseline = target.source.baseline(tier) or previous
    return Spans(baseline, window) if baseline is not None and baseline.end <= window.start else None


def _arms(spans: Sequence[Spans | None], onboarded: Onboarded, worked: Callable[..., NDArray[np.bool_]]) -> Integers:
    """Per tier and repository its arm; -1 for repositories without work (`worked`) in the baseline or in the window."""
    before, after = (worked(tuple(three.compared[i] if three else None for three in spans)) for i in (0, 1))
    arms = np.full((len(TIERS), len(onboarded)), -1, dtype=np.int64)
    for number, three in enumerate(spans):
        if three is not None:
            has_both = (before & after)[number, : len(onboarded)]
            arms[number] = np.where(has_both, three.arm_of(onboarded), -1)
    return arms


def _worked(target: Target, units: Units, periods: Sequence[Period | None]) -> NDArray[np.bool_]:
    """Per tier and repository, whether it has units in the tier's period; the last repository is the unknown one."""
    days, size = target.source.days, len(target.source.onboarded) + 1
    inside = np.flatnonzero(days.inside_each(periods)[units.tier, units.day])
    places = units.tier[inside].astype(np.int64) * size + units.repository[inside]
    return np.bincount(places, minlength=len(TIERS) * size).reshape(-1, size) > 0


def _sampled(
    target: Target, units: Units, spans: Sequence[Spans | None], arms: Integers, kind: str, sample: Sampler
) -> list[Samples]:
    """Samples of every tier and arm in an earlier and a later period."""
    days = target.source.days
    span_of_day = np.full((len(TIERS), len(days.all)), -1, dtype=np.int64)
    weeks = np.zeros((len(TIERS) * len(ARMS), 2))
    for number, three in enumerate(spans):
        if three is None:
            continue
        periods = three.compared if kind == ARM else three.halves
        for code, period in enumerate(periods):
            span_of_day[number, days.inside(period)] = code
        weeks[number * len(ARMS) : (number + 1) * len(ARMS)] = target.source.elapsed(periods)
    # The last column is that of units without a known repository: they are in no arm.
    arm = np.column_stack([arms, np.full(len(TIERS), -1)])[units.tier, units.repository]
    holders = make_holders(units.tier, units.repository, len(TIERS), arm, len(ARMS), days=units.day)
    return sample(holders.by_day(span_of_day, 2), weeks.reshape(-1))


def standardised(after: Samples, before: Samples, kind: str) -> Samples:
    """The later period at the earlier one's shares of the work by repository.

    A repository's own deviation from the common value is its influence ÷ its share; weighing it by the earlier share
    gives the ratio that the later period would have had with the earlier mix (exact for ratios of sums and means, to
    first order for quantiles). Weights that differ from the shares cost precision (Kish 1965): 1 + the
    variance of the weights.
    """
    now, offsets, width = after.cells, after.offsets, after.width
    share, wanted = finite(after.share[now]), finite(before.share[before.cells])
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.where(share > 0, finite(after.influence[now]) / share, 0.0)
        weight = np.where(share > 0, wanted / share, 0.0)
    shift = reduce_cells(wanted * deviation, offsets)
    cost = np.maximum(reduce_cells(weight**2 * share, offsets), 1.0)
    influence = wanted * (deviation - np.repeat(shift, width))
    value = after.value
    if kind == "log":
        value = value * np.exp(shift)
    elif kind == "level":
        value = value + shift
    else:
        value = value * (1 + shift)
        with np.errstate(divide="ignore", invalid="ignore"):
            influence = finite(influence / np.repeat(1 + shift, width))
    root = np.sqrt(cost)
    return replace(
        after,
        value=value,
        size=after.size / cost,
        sd_low=after.sd_low * root,
        sd_high=after.sd_high * root,
        variance=after.variance * cost,
        influence=influence,
        share=wanted,
        first=offsets[:-1],
    )
