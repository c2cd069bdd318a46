"""Contrasts of parts of a tier with themselves in the baseline, quarter by quarter: teams, and kinds of AI use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Period
from metrics.contrasts import Identity, Pairs, Samples
from metrics.estimators.base import Sampler, Segmentation, Statistic, Target
from metrics.stats.grouping import Holders
from metrics.units import Units

Integers = NDArray[np.integer[Any]]

COMPARED = ("team", "ai_use")
"""Segmentations whose segments are compared with the baseline, by quarter."""


def identity_of(target: Target, statistic: Statistic, tier: str, segment_kind: str, segment: str = "all") -> Identity:
    """What a contrast of a part of a tier is about."""
    metric = target.metric
    return Identity(
        metric.id,
        metric.version,
        statistic.name,
        statistic.kind,
        statistic.unit,
        statistic.scale,
        tier,
        segment_kind,
        segment,
    )


def add_segment_contrasts(
    target: Target,
    units: Units,
    holders: Holders,
    plan: Segmentation,
    statistics: Sequence[Statistic],
    sample: Sampler,
) -> None:
    """Compares every segment's quarters with its baseline, or with its quarter before where none is named."""
    if plan.kind not in COMPARED:
        return
    periods, window_of_day = target.source.days.windows("quarter")
    segments = len(plan.segments)
    elapsed = np.tile(target.source.elapsed(periods), (len(plan.tiers) * segments, 1))
    quarters = sample(units, holders.by_window(window_of_day[units.day], len(periods)), elapsed)
    baselines = [target.source.baseline(tier) for tier in plan.tiers]
    base = _baseline_samples(target, units, holders, baselines, segments, sample)
    for index, statistic in enumerate(statistics):
        for number, tier in enumerate(plan.tiers):
            first = number * segments
            filled = [i for i in range(segments) if quarters[index][first + i].n.any()]
            pairing = _Pairing.of(periods, baselines[number], len(filled))
            if not filled or not pairing.windows:
                continue
            windows = _stacked([quarters[index][first + i] for i in filled])
            reference = windows if pairing.baseline is None else _stacked([base[index][first + i] for i in filled])
            target.contrasts.add(
                identity_of(target, statistic, tier, plan.kind),
                pairing.pairs(periods, target.source.provisional(periods, target.metric.follow_up)),
                windows.at(pairing.at),
                reference.at(pairing.against),
                [plan.segments[i] for i in filled for _ in pairing.windows],
            )


def _baseline_samples(
    target: Target,
    units: Units,
    holders: Holders,
    baselines: Sequence[Period | None],
    segments: int,
    sample: Sampler,
) -> list[list[Samples]]:
    """Samples of every segment in its tier's baseline; no units where none is named."""
    days = target.source.days
    nowhere = np.zeros(len(days.all), dtype=bool)
    inside = np.stack([days.inside(period) if period else nowhere for period in baselines])
    spans = target.source.elapsed([period or Period(days.first, days.first) for period in baselines])
    window = np.where(inside[units.tier, units.day], 0, -1).astype(np.int64)
    return sample(units, holders.by_window(window, 1), np.repeat(spans, segments).reshape(-1, 1))


@dataclass(frozen=True)
class _Pairing:
    """Which quarters of several segments are compared with what: row numbers of their stacked samples."""

    windows: list[int]
    baseline: Period | None
    at: Integers
    against: Integers
    segments: int

    @classmethod
    def of(cls, periods: Sequence[Period], baseline: Period | None, segments: int) -> "_Pairing":
        """Every quarter from the baseline's end on, or with the quarter before."""
        first = np.arange(segments)[:, None] * len(periods)
        if baseline is None:
            windows = list(range(1, len(periods)))
            at = (first + np.array(windows, dtype=np.int64)).ravel()
            return cls(windows, None, at, at - 1, segments)
        windows = [i for i, period in enumerate(periods) if period.start >= baseline.end]
        at = (first + np.array(windows, dtype=np.int64)).ravel()
        return cls(windows, baseline, at, np.repeat(np.arange(segments), len(windows)), segments)

    def pairs(self, periods: Sequence[Period], provisional: NDArray[np.bool_]) -> Pairs:
        """The periods of every row."""
        baselines = [self.baseline or periods[i - 1] for i in self.windows]
        return Pairs(
            "quarter",
            [periods[i] for i in self.windows] * self.segments,
            baselines * self.segments,
            self.baseline is not None,
            np.tile(provisional[self.windows], self.segments),
        )


def _stacked(samples: Sequence[Samples]) -> Samples:
    """Samples of several segments, one after another; repositories beyond a segment's own are none."""
    return Samples(*(_joined([getattr(one, name) for one in samples]) for name in Samples.__dataclass_fields__))


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Arrays over periods, or over periods × repositories of different number, as one."""
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    joined = np.zeros((sum(len(part) for part in parts), max(part.shape[1] for part in parts)))
    row = 0
    for part in parts:
        joined[row : row + len(part), : part.shape[1]] = part
        row += len(part)
    return joined
