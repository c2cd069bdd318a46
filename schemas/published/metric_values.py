"""Metric values: every statistic of every metric."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class MetricValues(PublishedTable):
    """One metric in one tier, segment and window, by one statistic."""

    _about = About(source="the facts, read by the one aggregator as the metric's definition says")

    metric: str = column("id of the metric", key=True)
    version: str = column("version of its definition")
    tier: str = column("`1` to `4`, `untiered`, or `all`, which mixes tiers", key=True)
    segment_kind: str = column("what the segment is", key=True, allowed=("all", "team", "repo", "ai_use", "category"))
    segment: str = column("which one", key=True)
    grain: str = column("length of the window", key=True, allowed=("week", "month", "quarter"))
    window_start: date = column("first local day", key=True)
    window_end: date = column("first local day after it")
    statistic: str = column("which statistic", key=True)
    value: float = column("in the unit beside it; null where it cannot be given", nullable=True)
    unit: str = column("the unit")
    n: int = column("units behind the value", minimum=0, unit=Unit.COUNT)
    numerator: float = column("of a ratio", nullable=True)
    denominator: float = column("of a ratio", nullable=True)
    ci_low: float = column("lower bound of the 95 % interval", nullable=True)
    ci_high: float = column("upper bound of the 95 % interval", nullable=True)
    censored: int = column("units not yet ended", nullable=True, minimum=0, unit=Unit.COUNT)
    bin_low: float = column("lower edge of a histogram's bin", key=True, nullable=True)
    bin_high: float = column("upper edge of a histogram's bin", nullable=True)
    is_provisional: bool = column("whether the follow-up still runs")
    note: str = column("what a reader has to know", nullable=True)
