"""The figures of a brief: every compared statistic of the month, and the trends of those that verdicts rest on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from metrics.briefs.document import Figure, Trend, TrendPoint
from metrics.calendar import add_months
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.explain import STATISTIC_NAMES
from metrics.words import within_sentence

TREND_MONTHS = 13
"""A year, and the same month of the year before."""


@cache
def headline() -> tuple[tuple[str, str], ...]:
    """Metric and statistic of the headline figures: the medians that count as faster, and what may not get worse."""
    constraints = all_constraints()
    gains = [figure for figure in constraints["speed_vs_escape"].gains if figure.statistic == "p50"]
    guardrails = constraints["stability_regression"].guardrails
    found = {(figure.metric, figure.statistic) for figure in (*gains, *guardrails)}
    places = {metric: place for place, metric in enumerate(all_metrics())}
    return tuple(sorted(found, key=lambda each: (places.get(each[0], len(places)), each[1])))


def is_relative(statistic: str) -> bool:
    """Whether changes of a statistic are relative; those of rates are absolute."""
    return not statistic.startswith("rate")


def figure_name(metric: str, statistic: str) -> str:
    """`median of cycle time of changes`, as it stands within a sentence."""
    definition = all_metrics().get(metric)
    name = within_sentence(definition.name) if definition else metric
    if statistic in STATISTIC_NAMES:
        return f"{STATISTIC_NAMES[statistic]} of {name}"
    if statistic == "rate_changes":
        return f"{name} by changes"
    if statistic == "per_engineer_week":
        return f"{name} per engineer-week"
    return f"{name} per week" if "per_week" in statistic and "per week" not in name else name


def figures(comparisons: pl.DataFrame, metric_values: pl.DataFrame, month: date) -> tuple[Figure, ...]:
    """Every statistic of the month that was compared with the baseline, by tier, in the order of the metric tree."""
    if comparisons.is_empty():
        return ()
    compared = comparisons.filter(
        (pl.col("grain") == "month")
        & (pl.col("window_start") == month)
        & (pl.col("segment_kind") == "all")
        & (pl.col("comparator") == "baseline")
    )
    key = ["metric", "statistic", "tier"]
    values = _of_tiers(metric_values, month, month).select([*key, "unit", "n", "is_provisional"])
    rows = compared.join(values, on=key, how="left").iter_rows(named=True)
    return in_order(figure_of(row) for row in rows)


def in_order(found: Iterable[Figure]) -> tuple[Figure, ...]:
    """Figures by tier, the most critical first, and within it in the order of the metric tree."""
    places = {metric: place for place, metric in enumerate(all_metrics())}
    return tuple(sorted(found, key=lambda f: (_tier_place(f.tier), places.get(f.metric, len(places)), f.statistic)))


def figure_of(row: Mapping[str, Any]) -> Figure:
    """A row of `comparisons`, with the unit, n and is_provisional of its row of `metric_values`, as a figure."""
    metric, statistic = str(row["metric"]), str(row["statistic"])
    definition = all_metrics().get(metric)
    kept = ("tier", "baseline_value", "value", "change", "n", "direction")
    return Figure(
        metric=metric,
        statistic=statistic,
        name=figure_name(metric, statistic),
        unit=str(row["unit"] or (definition.unit if definition else "")),
        is_relative=is_relative(statistic),
        change_low=row["change_ci_low"],
        change_high=row["change_ci_high"],
        is_provisional=bool(row["is_provisional"]),
        is_headline=(metric, statistic) in headline(),
        **{name: row[name] for name in kept},
    )


def _tier_place(tier: str) -> tuple[bool, str]:
    """The most critical tier first, what mixes tiers last."""
    return (not tier.isdigit(), tier if not tier.isdigit() else str(9 - int(tier)))


def tiers_of(figures: Sequence[Figure], verdicts: pl.DataFrame) -> list[str]:
    """The tiers that a brief tells of, the most critical first, the mixture last."""
    judged = set(verdicts["tier"]) if not verdicts.is_empty() else set()
    return sorted({figure.tier for figure in figures} | judged, key=_tier_place)


def trends(metric_values: pl.DataFrame, figures: Sequence[Figure], month: date) -> tuple[Trend, ...]:
    """The headline figures over the months up to the brief's."""
    rows = _of_tiers(metric_values, add_months(month, 1 - TREND_MONTHS), month)
    if rows.is_empty():
        return ()
    keys = ["metric", "statistic", "tier"]
    kept = rows.sort("window_start").select(*keys, "window_start", "value", "ci_low", "ci_high")
    by_figure = kept.partition_by(keys, as_dict=True, include_key=False)
    found = []
    for figure in figures:
        points = by_figure.get((figure.metric, figure.statistic, figure.tier)) if figure.is_headline else None
        if points is not None:
            found.append(
                Trend(
                    figure.metric,
                    figure.statistic,
                    figure.tier,
                    figure.baseline_value,
                    tuple(TrendPoint(*row) for row in points.iter_rows() if row[1] is not None),
                )
            )
    return tuple(found)


def _of_tiers(metric_values: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Whole tiers' monthly values; histograms apart."""
    if metric_values.is_empty():
        return pl.DataFrame(
            schema={
                **dict.fromkeys(("metric", "statistic", "tier", "unit"), pl.String()),
                **{"window_start": pl.Date(), "value": pl.Float64(), "n": pl.Int64()},
                **{"ci_low": pl.Float64(), "ci_high": pl.Float64(), "is_provisional": pl.Boolean()},
            }
        )
    return metric_values.filter(
        (pl.col("grain") == "month")
        & (pl.col("segment_kind") == "all")
        & (pl.col("statistic") != "hist")
        & pl.col("window_start").is_between(first, last)
    )
