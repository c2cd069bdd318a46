"""Comparisons: every window against its baseline, or against a control group."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, PublishedTable, column


class Comparisons(PublishedTable):
    """One metric in one tier, segment and window, against one comparator."""

    _about = About(source="metric values and the sufficient statistics behind them")

    metric: str = column("id of the metric", key=True)
    version: str = column("version of its definition")
    statistic: str = column("which statistic", key=True)
    comparator: str = column("what it is held against", key=True, allowed=("baseline", "control"))
    grain: str = column("length of the window", key=True)
    tier: str = column("`1` to `4`, `untiered`, or `all`, which mixes tiers", key=True)
    segment_kind: str = column("what the segment is", key=True)
    segment: str = column("which one", key=True)
    baseline_start: date = column("first local day")
    baseline_end: date = column("first local day after it")
    window_start: date = column("first local day", key=True)
    window_end: date = column("first local day after it")
    baseline_value: float = column("in the baseline", nullable=True)
    value: float = column("in the window", nullable=True)
    change: float = column("relative for durations and counts, absolute for rates", nullable=True)
    change_ci_low: float = column("lower bound of the 95 % interval", nullable=True)
    change_ci_high: float = column("upper bound of the 95 % interval", nullable=True)
    direction: str = column("what became of it", allowed=("improved", "worsened", "unchanged", "inconclusive"))
    method: str = column("how the interval was made")
    note: str = column("what a reader has to know", nullable=True)
