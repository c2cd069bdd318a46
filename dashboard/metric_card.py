"""One metric of one tier: its figures in words, its trend and its distribution against the baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts, look
from dashboard.components import chip, link
from dashboard.naming import bounds, change, change_interval, definition_hint, figure, unit_of
from dashboard.periods import Window
from dashboard.queries import gap
from dashboard.record_queries import ControlChange
from dashboard.segments import AGAINST_NOTES, AGAINST_WORDS, Against
from dashboard.snapshots import Snapshot
from metrics.model import Concurrency, Distribution, Load, Metric
from metrics.words import sentence

Row = Mapping[str, Any]
KINDS = {
    "p50": "median",
    "per_week": "",
    "per_engineer_week": "per engineer",
    "rate": "",
    "cv": "coefficient of variation",
    "count": "",
}
"""What stands behind a figure that needs its statistic named."""


@dataclass(frozen=True)
class Figures:
    """What a tier's cards are drawn from: frames of `dashboard.queries`, for all metrics at once."""

    window: Window
    tier: str
    values: pl.DataFrame
    comparisons: pl.DataFrame
    months: pl.DataFrame
    histogram: pl.DataFrame | None
    """None where only whole tiers have one."""
    baseline: tuple[date, date] | None
    baseline_histogram: pl.DataFrame | None
    snapshot: Snapshot
    against: Against = "baseline"
    controls: tuple[ControlChange, ...] = ()
    """Changes of controls that concern the tier, to be marked in trends."""

    def value(self, metric: str, statistic: str) -> Row | None:
        """One statistic of the window. A trailing year has no values of its own: there the comparison's stands in."""
        own = self._values.get((metric, statistic))
        if own is not None and own["value"] is None and (compared := self.comparison(metric, statistic)):
            return {**own, "value": compared["value"]}
        return own

    def has(self, metric: str, statistic: str) -> bool:
        """Whether there is such a statistic of the window."""
        return (metric, statistic) in self._values

    def comparison(self, metric: str, statistic: str) -> Row | None:
        """One statistic against the baseline."""
        return self._comparisons.get((metric, statistic))

    def months_of(self, metric: str) -> pl.DataFrame:
        """The months of one metric."""
        return self._months.get((metric,), self.months.clear())

    @cached_property
    def _values(self) -> dict[tuple[str, str], Row]:
        return _by_statistic(self.values)

    @cached_property
    def _comparisons(self) -> dict[tuple[str, str], Row]:
        return _by_statistic(self.comparisons)

    @cached_property
    def _months(self) -> dict[tuple[Any, ...], pl.DataFrame]:
        return self.months.partition_by("metric", as_dict=True)


def _by_statistic(rows: pl.DataFrame) -> dict[tuple[str, str], Row]:
    """A tier's rows by metric and statistic: cards ask for some three hundred, and each filter costs what this does."""
    return {(row["metric"], row["statistic"]): row for row in rows.iter_rows(named=True)}


def central_statistic(metric: Metric, figures: Figures) -> str:
    """The statistic by which a metric is read first."""
    if any(isinstance(each, Distribution | Load | Concurrency) for each in metric.estimators):
        return "p50"
    others = ("rate", "per_engineer_week", "per_week", "cv", "count")
    return next((each for each in others if figures.has(metric.id, each)), "rate")


def metric_card(metric: Metric, figures: Figures) -> None:
    """A metric: words at the left, its months beside them, for durations also the distribution."""
    statistic = central_statistic(metric, figures)
    row = figures.value(metric.id, statistic)
    with st.container(key=f"metric-{metric.id}"):
        if row is None:
            _absent(metric, figures)
            return
        has_distribution = statistic == "p50" and figures.histogram is not None
        words, *drawn = st.columns([1.15, 1.35, 1.1] if has_distribution else [1.15, 2.45], gap="medium")
        with words:
            _words(metric, statistic, row, figures)
        unit = unit_of(metric.id, statistic, row["unit"])
        with drawn[0]:
            _trend(metric, statistic, unit, figures)
        if has_distribution:
            with drawn[1]:
                _distribution(metric, unit, figures)


def _absent(metric: Metric, figures: Figures) -> None:
    """Why a metric has no value here: what is not loaded or not watched, or that nothing fell into the window."""
    name = f'<p class="metric-name">{_name(metric)}</p>'
    ever = len(figures.months_of(metric.id)) > 0
    if ever:
        reason = f"Nothing of it fell into {escape(figures.window.name)} in this tier."
    elif told := gap(figures.snapshot, metric.id, figures.tier):
        reason = escape(sentence(f"not measured: {told}"))
    else:
        reason = "Nothing of it has been seen in this tier."
    st.html(f'{name}<p class="note">{reason}</p>')


def _name(metric: Metric) -> str:
    address = escape(link("definitions", definition=metric.id))
    hint = escape(definition_hint(metric.id))
    return f'<a class="definition" href="{address}" target="_self" title="{hint}">{escape(metric.name)}</a>'


def _words(metric: Metric, statistic: str, row: Row, figures: Figures) -> None:
    unit = unit_of(metric.id, statistic, row["unit"])
    kind = KINDS.get(statistic, statistic)
    lines = [
        f'<p class="metric-name">{_name(metric)}</p>',
        f'<p class="metric-value">{escape(figure(row["value"], unit))} <small>{kind}</small></p>',
        _units_and_interval(row, unit),
    ]
    compared = figures.comparison(metric.id, statistic)
    if compared:
        lines.append(_against(compared, statistic, unit, figures.against))
    if statistic == "p50":
        lines.append(_tail(metric, figures, unit))
    target = metric.targets.get(int(figures.tier)) if figures.tier.isdigit() else None
    if target is not None:
        lines.append(f'<p class="metric-line">Target {escape(figure(target, unit))}</p>')
    if row["is_provisional"]:
        lines.append(_provisional(metric))
    if row["note"]:
        lines.append(f'<p class="note">{escape(row["note"])}</p>')
    st.html("".join(lines))


def _units_and_interval(row: Row, unit: str) -> str:
    interval = ""
    if row["ci_low"] is not None or row["ci_high"] is not None:
        both = row["ci_low"] is not None and row["ci_high"] is not None
        low, high = (figure(row[name], unit) if row[name] is not None else "open" for name in ("ci_low", "ci_high"))
        interval = f" · 95 % interval {bounds(row['ci_low'], row['ci_high'], unit) if both else f'{low} to {high}'}"
    return f'<p class="metric-line quiet">n = {row["n"]:,}{escape(interval)}</p>'


def _against(compared: Row, statistic: str, unit: str, against: Against) -> str:
    word = _direction_chip(compared["direction"])
    moved = change(compared["change"], statistic, unit)
    interval = change_interval(compared["change_ci_low"], compared["change_ci_high"], statistic, unit)
    held = f"from {figure(compared['baseline_value'], unit)}"
    held += "" if against == "baseline" else f", {AGAINST_WORDS[against]}"
    sure = f"95 % interval {interval}, " if interval else ""
    return (
        f'<p class="metric-line"><b>{escape(moved)}</b> {escape(held)} {word}<br>'
        f'<span class="quiet" title="{escape(compared["note"] or "")}">{escape(sure)}{AGAINST_NOTES[against]}'
        "</span></p>"
    )


def _direction_chip(direction: str) -> str:
    mark = look.DIRECTION_MARKS[direction]
    return chip(mark.word, mark.symbol, look.DIRECTION_TONES[direction])


def _provisional(metric: Metric) -> str:
    told = f"follow-up of {metric.follow_up.days} days still runs" if metric.follow_up else "the window still runs"
    return f'<p class="metric-line">{chip("Provisional", "◌", "inconclusive")} <span class="quiet">{told}</span></p>'


def _tail(metric: Metric, figures: Figures, unit: str) -> str:
    """The tail and the mean: a mean never stands alone."""
    found = {name: figures.value(metric.id, name) for name in ("p90", "p95", "mean")}
    words = [f"{name} {figure(row['value'], unit)}" for name, row in found.items() if row and row["value"] is not None]
    compared = figures.comparison(metric.id, "p95")
    moved = ""
    if compared:
        moved = f"<br>p95 {escape(change(compared['change'], 'p95', unit))} {_direction_chip(compared['direction'])}"
    return f'<p class="metric-line">{escape(" · ".join(words))}{moved}</p>'


def _trend(metric: Metric, statistic: str, unit: str, figures: Figures) -> None:
    months = figures.months_of(metric.id)
    if not len(months.filter(pl.col("statistic") == statistic)):
        return
    tail = "p95" if statistic == "p50" else None
    centre_row, tail_row = (
        figures.comparison(metric.id, statistic),
        figures.comparison(metric.id, "p95") if tail else None,
    )
    baseline = None
    if figures.baseline and figures.against == "baseline":
        centre_value, tail_value = (row["baseline_value"] if row else None for row in (centre_row, tail_row))
        baseline = charts.Baseline(*figures.baseline, centre_value, tail_value)
    markers = [charts.Marker(each.day, each.words) for each in figures.controls]
    drawn = charts.trend(months, unit, statistic, tail, baseline, figures.window, markers)
    st.plotly_chart(drawn, config=charts.CONFIG, key=f"trend-{metric.id}", alt=_said(metric, months, statistic, unit))


def _said(metric: Metric, months: pl.DataFrame, statistic: str, unit: str) -> str:
    """A trend for who does not see it: where it began and where it is."""
    rows = months.filter((pl.col("statistic") == statistic) & pl.col("value").is_not_null()).sort("window_start")
    if not len(rows):
        return f"{metric.name} over time"
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    return (
        f"{metric.name} over time: {figure(first['value'], unit)} in {first['window_start']:%B %Y}, "
        f"{figure(last['value'], unit)} in {last['window_start']:%B %Y}"
    )


def _distribution(metric: Metric, unit: str, figures: Figures) -> None:
    if figures.histogram is None:
        return
    window = figures.histogram.filter(pl.col("metric") == metric.id)
    if not len(window):
        return
    whole = figures.baseline_histogram
    baseline = whole.filter(pl.col("metric") == metric.id) if whole is not None else window.clear()
    compared = figures.comparison(metric.id, "p95")
    tails = (compared["value"], compared["baseline_value"]) if compared else (None, None)
    drawn = charts.distribution(window, baseline, unit, tails)
    st.plotly_chart(
        drawn,
        config=charts.CONFIG,
        key=f"distribution-{metric.id}",
        alt=f"{metric.name}: distribution of the window over the baseline's",
    )
