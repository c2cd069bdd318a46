"""The aggregator on two periods of one's own rather than on the calendar's windows: before and after a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.aggregate import RUNNERS, Engine
from metrics.calendar import Grain, Period
from metrics.comparisons import comparisons
from metrics.contrasts import ContrastRows
from metrics.control_effects import Compare, Span
from metrics.estimators.base import Segmentation, Target
from metrics.model import Distribution, Estimator, Metric
from metrics.rows import ValueRows
from metrics.units import TIERS, Days, Units

GRAIN: Grain = "quarter"
"""What the two periods pass for: they are compared as a window with the one before."""


@dataclass(frozen=True)
class SpanDays(Days):
    """The days of a span, of which every grain has the same two windows."""

    span: Span

    def windows(self, grain: Grain) -> tuple[list[Period], NDArray[np.int64]]:  # noqa: ARG002 -- the signature of Days
        """The periods before and after, and per day the number of its period; -1 for the day between."""
        before, after = self.inside(self.span.before), self.inside(self.span.after)
        return [self.span.before, self.span.after], np.where(before, 0, np.where(after, 1, -1)).astype(np.int64)


@dataclass(frozen=True)
class SpanEngine(Engine):
    """The aggregator that gives tiers as a whole, and nothing else."""

    def segmentations(self, metric: Metric, categories: Sequence[str], units: Units) -> list[Segmentation]:  # noqa: ARG002
        """Tiers only, and of them nothing but contrasts: values by window mean nothing here."""
        return [Segmentation("all", ["all"], (GRAIN,), TIERS, has_histogram=False, has_rows=False)]

    def add_contrasts(self, metric: Metric, contrasts: ContrastRows) -> None:
        """Adds the contrasts of a definition."""
        if not self.empty_inputs.intersection(metric.inputs):
            target = Target(self, metric, ValueRows(metric.id, metric.version), contrasts)
            for estimator in metric.estimators:
                RUNNERS[type(estimator)](target, _ended(estimator))


def _ended(estimator: Estimator) -> Estimator:
    """The estimator without what is compared with nothing: work that has not ended."""
    return replace(estimator, unfinished=None) if isinstance(estimator, Distribution) else estimator


def compare_spans(engine: Engine, metrics: Mapping[str, Metric]) -> Compare:
    """Compares the later periods of spans with their earlier ones, on the facts of an engine."""

    def compare(spans: Sequence[Span], figures: Sequence[tuple[str, str]]) -> pl.DataFrame:
        wanted = [metrics[name] for name in dict.fromkeys(metric for metric, _ in figures if metric in metrics)]
        contrasts = ContrastRows()
        for one in (one for span in spans if (one := _around(engine, span)) is not None):
            for metric in wanted:
                one.add_contrasts(metric, contrasts)
        named = pl.DataFrame(list(figures), schema=["metric", "statistic"], orient="row")
        chosen = contrasts.frame().join(named, on=["metric", "statistic"], how="semi", maintain_order="left")
        return comparisons(chosen, metrics)

    return compare


def _around(engine: Engine, span: Span) -> SpanEngine | None:
    """The engine on the days of a span; None where there are no facts of these days."""
    first, last = max(span.before.start, engine.days.first), min(span.after.end, engine.days.last)
    if first >= last:
        return None
    stated = {each.name: getattr(engine, each.name) for each in fields(engine)}
    # No baseline, no tiers of the past, no arms, no capacity: only what lies on both sides of the day.
    own = {"days": SpanDays(engine.calendar, first, last, span), "baselines": {}, "moved": 0, "onboardings": {}}
    return SpanEngine(**(stated | own | {"engineers": None}))
