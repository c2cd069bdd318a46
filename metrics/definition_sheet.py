"""The definition of a metric as a sheet that a measurement owner can read and sign: plain data, in reading order."""

from __future__ import annotations

from typing import Any

from metrics.model import (
    Concurrency,
    Count,
    Distribution,
    Downtime,
    Estimator,
    Load,
    Metric,
    PerTeamWeek,
    Ratio,
    Stock,
    Variation,
)

BETTER = {"lower": "lower is better", "higher": "higher is better", "context": "read, not judged"}


def sheet(metric: Metric) -> dict[str, Any]:
    """All that is declared of a metric, as values that JSON can hold.

    Args:
        metric: the definition.
    """
    return {
        "id": metric.id,
        "name": metric.name,
        "version": metric.version,
        "side": metric.side,
        "headline": metric.headline,
        "part_of": metric.parent,
        "unit": metric.unit,
        "direction": metric.direction,
        "formula": metric.formula,
        "source": metric.source,
        "inputs": list(metric.inputs),
        "estimators": [in_words(estimator, metric) for estimator in metric.estimators],
        "follow_up_days": metric.follow_up.total_seconds() / 86_400,
        "watched": list(metric.watched),
        "segments": ["tier", "ai_use", *_category(metric), *(["team", "repo"] if metric.core else [])],
        "targets": {str(tier): target for tier, target in sorted(metric.targets.items())},
        "reporting": metric.reporting,
        "audience": metric.audience,
        "owner": metric.owner,
        "paired_constraints": list(metric.paired_constraints),
        "caveats": list(metric.caveats),
        "examples": [{"says": example.says, "expect": dict(example.expect)} for example in metric.examples],
        "versions": [
            {
                "version": revision.version,
                "effective_at": revision.effective_at.isoformat(),
                "owner": revision.owner,
                "change": revision.change,
            }
            for revision in metric.revisions
        ],
    }


def _category(metric: Metric) -> list[str]:
    """Whether the metric is given by category too."""
    parts = [part for each in metric.estimators for part in (each.parts if isinstance(each, Ratio) else (each,))]
    return ["category"] if any(getattr(part, "category", None) for part in parts) else []


def in_words(estimator: Estimator, metric: Metric) -> str:
    """What an estimator of a metric computes and how sure it is, as a clause."""
    clustered = f"intervals clustered by {metric.clustered_by}"
    distribution = (
        "n, mean, p50 to p99 (linear between order statistics) and a histogram; Woodruff's bounds for quantiles,"
        f" {clustered}"
    )
    match estimator:
        case Distribution():
            unfinished = "; km_p50, km_p90: product-limit over the unfinished too, with Greenwood's variance"
            return distribution + (unfinished if estimator.unfinished else "")
        case Ratio(kind="share"):
            return f"{estimator.statistic}: ratio of sums, a share; Wilson's bounds on the effective size, {clustered}"
        case Ratio():
            weekly = "; its numerator also as count and per_week" if estimator.weekly else ""
            return f"{estimator.statistic}: ratio of sums, events per unit; score bounds, {clustered}{weekly}"
        case Load():
            uneven = "gini and top_decile_share (Lorenz curve) over all of them in the window"
            return f"over the weeks of each {metric.clustered_by}: {distribution}; {uneven}"
        case Concurrency():
            return f"over the days of each {metric.clustered_by}: {distribution}"
        case PerTeamWeek():
            return f"rate: ratio of sums, outcomes per team-week; score bounds, {clustered}"
    return _level_in_words(estimator)


def _level_in_words(estimator: Count | Downtime | Stock | Variation) -> str:
    """The same of what is counted over a whole window."""
    match estimator:
        case Count():
            return "count, and per_week of the time elapsed; score bounds, widened by the spread from window to window"
        case Downtime():
            return "downtime: union of intervals per service, in hours"
        case Stock(numerator=None):
            return "count: level at the window's end"
        case Stock():
            return "rate: share of what is there at the window's end"
        case Variation():
            return f"cv: standard deviation over mean of {estimator.weeks} weekly counts; bounds by block bootstrap"
