"""One team or repository beside the whole of each tier that it works in: described, not judged, and not ranked."""

from collections.abc import Mapping
from typing import Any

from dashboard.components import Cell, metric_cell, paragraph, section, table
from dashboard.naming import bounds, capital, figure, figure_name, unit_of
from dashboard.periods import Window
from dashboard.queries import TIERS, beside_tiers
from dashboard.segments import Segment
from dashboard.snapshots import Snapshot
from metrics.definitions import all_metrics
from metrics.words import joined, tier_name

FEWEST_UNITS = 20
GRAIN_WORDS = {"month": "month", "quarter": "quarter", "trailing_year": "trailing year"}


def segment_table(snapshot: Snapshot, window: Window, segment: Segment) -> None:
    """The core metrics of a segment, each beside the tier's own figure."""
    section(
        f"{capital(segment.words)} within its tiers",
        "Its own figures, beside those of the whole tier. Verdicts below are by tier, where there is enough to judge.",
    )
    if window.grain not in segment.grains:
        paragraph(only_by(segment))
        return
    rows = beside_tiers(snapshot, window, segment)
    tiers = [tier for tier in TIERS if tier in set(rows["tier"])]
    if not tiers:
        paragraph(f"{capital(segment.words)} has no work in a tier in {window.name}.")
        return
    found = {(row["metric"], row["statistic"], row["tier"]): row for row in rows.iter_rows(named=True)}
    body = []
    for metric in all_metrics().values():
        for statistic in ("p50", "rate", "per_week"):
            own = [found.get((metric.id, statistic, tier)) for tier in tiers]
            if any(own):
                cells = [_cell(row, metric.id, statistic) for row in own]
                body.append([metric_cell(figure_name(metric.id, statistic), metric.id), *cells])
    table(["Figure", *(tier_name(tier) for tier in tiers)], body, f"{capital(segment.words)} beside its tiers")


def only_by(segment: Segment) -> str:
    """For which windows a segment has figures."""
    grains = joined([GRAIN_WORDS[each] for each in segment.grains])
    return f"Figures of {segment.words} are given by {grains}: choose such a window."


def _cell(row: Mapping[str, Any] | None, metric: str, statistic: str) -> Cell:
    if row is None or row["value"] is None:
        return Cell("–")
    unit = unit_of(metric, statistic)
    whole = f"tier {figure(row['whole'], unit)}" if row["whole"] is not None else "tier not known"
    if row["n"] < FEWEST_UNITS:
        return Cell("", parts=((f"not enough data (n = {row['n']})", ""), (whole, "")))
    low, high = row["ci_low"], row["ci_high"]
    interval = f", {bounds(low, high, unit)}" if low is not None and high is not None else ""
    return Cell("", parts=((figure(row["value"], unit), ""), (f"n = {row['n']:,}{interval}", ""), (whole, "")))
