"""Figures by name and in people's units, for sentences, tables and charts."""

import math
from collections.abc import Mapping
from typing import Any

from metrics.definitions import all_metrics
from metrics.explain import STATISTIC_NAMES
from metrics.model import Metric
from metrics.words import difference, interval, quantity, within_sentence

TIER_NAMES = {
    "4": "Tier 4",
    "3": "Tier 3",
    "2": "Tier 2",
    "1": "Tier 1",
    "untiered": "Untiered",
    "all": "All tiers mixed",
}
TIER_NOTES = {
    "4": "most critical",
    "1": "least critical",
    "untiered": "no tier assigned",
    "all": "hides what differs between tiers",
}
SHORT_UNITS = {
    "per 100 merged changes": "per 100",
    "per 100 AI-assisted changes": "per 100",
    "per 100 production deployments": "per 100",
    "changes per week": "per week",
    "deployments per week": "per week",
}
"""Units that the figure's name or its definition already spells out."""
RELATIVE_STATISTICS = (
    "p50",
    "p75",
    "p90",
    "p95",
    "p99",
    "mean",
    "count",
    "per_week",
    "per_engineer_week",
    "km_p50",
    "km_p90",
)
"""Statistics whose change is relative; of the others (rates) it is absolute."""


def metric_name(metric: str) -> str:
    """The metric's own name, or its id where the definition is not known here."""
    known = all_metrics().get(metric)
    if known is None:
        return metric
    return f"{known.name} (stage of the lead time)" if known.parent == "lead_time" else known.name


def figure_name(metric: str, statistic: str) -> str:
    """A metric with the statistic where it is one of several: `Cycle time of changes, median`."""
    name = metric_name(metric)
    if statistic in STATISTIC_NAMES:
        return f"{name}, {STATISTIC_NAMES[statistic]}"
    if statistic == "rate_changes":
        return f"{name}, of changes"
    return f"{name}, per week" if "per_week" in statistic else name


def in_sentence_name(metric: str) -> str:
    """The metric's name within a sentence."""
    return within_sentence(metric_name(metric))


def figure_in_sentence(metric: str, statistic: str) -> str:
    """The same within a sentence: `median cycle time of changes`, `rollback rate`."""
    name = in_sentence_name(metric)
    if statistic in STATISTIC_NAMES:
        return f"{STATISTIC_NAMES[statistic]} {'' if statistic == 'p50' else 'of '}{name}"
    return (
        f"{name} of changes" if statistic == "rate_changes" else f"{name} per week" if "per_week" in statistic else name
    )


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


def unit_of(metric: str, statistic: str, default: str = "") -> str:
    """The unit of a figure: the metric's own, except where a statistic has another."""
    if "per_week" in statistic:
        return "per week"
    known: Metric | None = all_metrics().get(metric)
    return known.unit if known else default


def figure(value: float | None, unit: str) -> str:
    """A value with its unit, or a dash with nothing behind it."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if unit == "count" else quantity(value, SHORT_UNITS.get(unit, unit))


def between(before: float | None, after: float | None, unit: str) -> str:
    """`4.52 → 13.1 %`: two values, the unit once where both bear the same."""
    return _both(before, after, unit, "→")


def bounds(low: float | None, high: float | None, unit: str) -> str:
    """`4.18 to 9.94 %`: an interval, the unit once where both bear the same."""
    return _both(low, high, unit, "to")


def _both(before: float | None, after: float | None, unit: str, joint: str) -> str:
    first, second = figure(before, unit), figure(after, unit)
    unit_first, unit_second = first.partition(" ")[2], second.partition(" ")[2]
    if unit_first == unit_second and unit_first:
        return f"{first.partition(' ')[0]} {joint} {second}"
    return f"{first} {joint} {second}"


def change(value: float | None, statistic: str, unit: str) -> str:
    """A change in words: `+40 %`, or for rates in points or in the metric's own unit."""
    if value is None or math.isnan(value):
        return "–"
    return difference(value, unit, statistic in RELATIVE_STATISTICS)


def change_interval(low: float | None, high: float | None, statistic: str, unit: str) -> str:
    """The 95 % interval of a change; empty where neither bound can be given."""
    return "" if low is None and high is None else interval(low, high, unit, statistic in RELATIVE_STATISTICS)


def definition_hint(metric: str) -> str:
    """What hovers over a metric's name: the formula in words, its unit, and which way is better."""
    known = all_metrics().get(metric)
    if known is None:
        return ""
    better = {"lower": "Lower is better.", "higher": "Higher is better.", "context": "Read as context, not judged."}
    return f"{known.formula} Unit: {known.unit}. {better[known.direction]} Version {known.version}."


def evidence_statistic(figure: Mapping[str, object]) -> str:
    """The statistic of a figure in a verdict's evidence; a rate may have been judged by its events per week."""
    return "per_week" if figure.get("per_week") else str(figure["statistic"])


def evidence_name(figure: Mapping[str, object]) -> str:
    """The name of a figure in a verdict's evidence."""
    return figure_name(str(figure["metric"]), evidence_statistic(figure))


def evidence_movement(figure: Mapping[str, Any]) -> str:
    """What became of it: `rollback rate 4.52 → 13.1 %`."""
    return f"{evidence_in_sentence(figure)} {between(figure['baseline_value'], figure['value'], figure['unit'])}"


def evidence_in_sentence(figure: Mapping[str, object]) -> str:
    """The same within a sentence."""
    return figure_in_sentence(str(figure["metric"]), evidence_statistic(figure))
