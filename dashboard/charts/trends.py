"""Months and quarters in a row: one figure with its tail and interval, or one figure in every tier side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.drawing import Drawing, faint, scale, times, title
from dashboard.look import BASELINE_COLOUR, CONTROL_COLOUR, TAIL_COLOUR, WINDOW_COLOUR
from dashboard.naming import figure
from dashboard.periods import Window
from metrics.words import tier_name

WIDEST_INTERVAL = 2.0
HINT_WIDTH = 52
MONTHS = {"nticks": 6, "tickformat": "%b<br>%Y", "tickangle": 0, "tickfont": {"size": 11}}
"""Ticks of an axis of time that stay level on a narrow page."""
FOOT = "y99"
"""The axis on which markers stand."""
TIME_TICKS = {
    1 / 60: "1 min",
    1 / 6: "10 min",
    1.0: "1 h",
    6.0: "6 h",
    24.0: "1 day",
    168.0: "1 week",
    1680.0: "10 weeks",
}
TREND_HEIGHT = 170
PANEL_HEIGHT = 190
LINE_NAMES = {"p50": "median", "per_week": "weekly", "cv": "coefficient of variation"}


@dataclass(frozen=True)
class Baseline:
    """A metric's baseline in a chart: its days, and the values of centre and tail in it."""

    start: date
    end: date
    centre: float | None
    tail: float | None


@dataclass(frozen=True)
class Marker:
    """Something that happened on a day, told when the pointer comes near."""

    day: date
    text: str


def trend(
    months: pl.DataFrame,
    unit: str,
    centre: str,
    tail: str | None,
    baseline: Baseline | None,
    window: Window,
    markers: Sequence[Marker] = (),
) -> go.Figure:
    """A metric's months: the centre with its 95 % interval, and the ribbon up to the tail.

    Args:
        months: rows of one metric with statistic, window_start, value, n, ci_low, ci_high, is_provisional.
        unit: the metric's unit.
        centre: the statistic drawn as a line (`p50`, `rate`, `per_week`).
        tail: the statistic up to which the ribbon reaches, or None.
        baseline: shaded, with its values dotted.
        window: shaded.
        markers: changes of controls, marked on the axis of time; those before the first month are left out.
    """
    middle = months.filter(pl.col("statistic") == centre)
    upper = months.filter(pl.col("statistic") == tail) if tail else middle.clear()
    is_log = unit == "hours" and _bears_logarithm(middle["value"], upper["value"])
    factor, axis = (1.0, "") if is_log else scale([*middle["value"], *upper["value"], *middle["ci_high"]], unit)
    drawing = Drawing(TREND_HEIGHT, xaxis=MONTHS, yaxis={"title": title(axis)})
    if len(upper):
        joined = middle.join(upper, on="window_start", suffix="_tail").sort("window_start")
        low, high = times(joined["value"], factor), times(joined["value_tail"], factor)
        drawing.ribbon(joined["window_start"].to_list(), low, high, faint(TAIL_COLOUR, 0.13))
        drawing.traces.append(_line(upper, factor, unit, TAIL_COLOUR, str(tail), 1.3))
    bounded = middle.filter(pl.col("ci_low").is_not_null() & pl.col("ci_high").is_not_null())
    if len(bounded):
        floor = min(middle["value"].drop_nulls().to_list()) / 2 if is_log else None
        low, high = times(bounded["ci_low"].clip(floor), factor), times(bounded["ci_high"], factor)
        drawing.ribbon(bounded["window_start"].to_list(), low, high, faint(WINDOW_COLOUR, 0.2))
    drawing.traces.append(_line(middle, factor, unit, WINDOW_COLOUR, LINE_NAMES.get(centre, centre), 2.2))
    if is_log:
        drawing.yaxis |= _log_axis([*middle["value"], *upper["value"]])
    else:
        drawing.yaxis |= _range([*middle["value"], *upper["value"]], [*middle["ci_high"]], factor)
    if baseline:
        drawing.span(baseline.start, baseline.end, faint(BASELINE_COLOUR, 0.10))
        for value, colour in ((baseline.centre, WINDOW_COLOUR), (baseline.tail, TAIL_COLOUR)):
            if value is not None:
                drawing.level(value * factor, colour)
    drawing.span(window.start, window.end, faint(WINDOW_COLOUR, 0.07))
    _mark(drawing, _since(markers, months))
    return drawing.figure()


def _since(markers: Sequence[Marker], months: pl.DataFrame) -> list[Marker]:
    """The markers that lie on the axis of time."""
    days: list[date] = months["window_start"].to_list()
    return [marker for marker in markers if days and marker.day >= min(days)]


def _bears_logarithm(centre: pl.Series, tail: pl.Series) -> bool:
    """Whether there is a tail and nothing is zero: a linear axis would press the centre to its floor."""
    values = [value for value in [*centre, *tail] if value is not None]
    return bool(len(tail.drop_nulls())) and min(values) > 0


def _log_axis(values: Sequence[float | None]) -> dict[str, Any]:
    """A logarithmic axis of hours with ticks that people know."""
    known = [value for value in values if value]
    low, high = min(known) / 1.6, max(known) * 1.4
    ticks = {hours: words for hours, words in TIME_TICKS.items() if low <= hours <= high}
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
    }


def _mark(drawing: Drawing, markers: Sequence[Marker], panel: str = "") -> None:
    """A faint line upright for each marker, and a triangle at its foot that tells."""
    for marker in markers:
        drawing.upright(marker.day, CONTROL_COLOUR, f"x{panel}")
    if markers:
        # An axis of their own: they stand at the foot whatever the scale of the figure.
        drawing.layout["yaxis99"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
        drawing.traces.append(
            {
                "type": "scatter",
                "x": [marker.day for marker in markers],
                "y": [0.0] * len(markers),
                "xaxis": f"x{panel}",
                "yaxis": FOOT,
                "mode": "markers",
                "marker": {"symbol": "triangle-up", "size": 9, "color": CONTROL_COLOUR},
                "cliponaxis": False,
                "customdata": [_folded(marker.text) for marker in markers],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )


def _folded(text: str) -> str:
    """Text in lines that fit beside a chart, safe within plotly's own markup."""
    return "<br>".join(wrap(text.replace("&", "&amp;").replace("<", "&lt;"), HINT_WIDTH))


def _range(values: Sequence[float | None], highs: Sequence[float | None], factor: float) -> dict[str, Any]:
    """Where one wide interval would flatten everything else, the axis ends at some times the largest value."""
    known = [value for value in values if value is not None]
    limit = max(known, default=0.0) * WIDEST_INTERVAL
    runs_off = any(high is not None and high > limit for high in highs)
    return {"range": [0, limit * factor]} if limit > 0 and min(known) >= 0 and runs_off else {}


def _line(rows: pl.DataFrame, factor: float, unit: str, colour: str, name: str, width: float) -> dict[str, Any]:
    """A line with a dot per month, hollow while the month is provisional."""
    told = [
        [figure(value, unit), n, " (provisional)" if is_open else ""]
        for value, n, is_open in zip(rows["value"], rows["n"], rows["is_provisional"], strict=True)
    ]
    return {
        "type": "scatter",
        "x": rows["window_start"].to_list(),
        "y": times(rows["value"], factor),
        "mode": "lines+markers",
        "line": {"color": colour, "width": width},
        "marker": {
            "size": 5,
            "color": colour,
            "symbol": ["circle-open" if each else "circle" for each in rows["is_provisional"]],
        },
        "customdata": told,
        "hovertemplate": f"{name} %{{customdata[0]}}, n = %{{customdata[1]:,}}%{{customdata[2]}}<extra></extra>",
    }


def panels(
    months: pl.DataFrame,
    tiers: Sequence[str],
    unit: str,
    window: Window | None,
    markers: Mapping[str, Sequence[Marker]] | None = None,
) -> go.Figure:
    """One figure by month, a panel per tier, all on one scale.

    Args:
        months: tier, window_start, value, n, ci_low, ci_high, is_provisional.
        tiers: from left to right.
        unit: the figure's unit.
        window: shaded.
        markers: changes of controls by tier.
    """
    factor, axis = scale([*months["value"]], unit)
    drawing = Drawing(PANEL_HEIGHT, yaxis={"title": title(axis)})
    width = 1 / len(tiers)
    for number, tier in enumerate(tiers, 1):
        suffix = "" if number == 1 else str(number)
        rows = months.filter(pl.col("tier") == tier)
        drawing.layout[f"xaxis{suffix}"] = {
            "domain": [(number - 1) * width + (0.02 if number > 1 else 0), number * width - 0.01],
            "anchor": "y",
            "showgrid": False,
            "fixedrange": True,
            "title": {"text": tier_name(tier), "font": {"size": 12}},
            **MONTHS,
        }
        bounded = rows.filter(pl.col("ci_low").is_not_null() & pl.col("ci_high").is_not_null())
        before = len(drawing.traces)
        if len(bounded):
            low, high = times(bounded["ci_low"], factor), times(bounded["ci_high"], factor)
            drawing.ribbon(bounded["window_start"].to_list(), low, high, faint(WINDOW_COLOUR, 0.2))
        drawing.traces.append(_line(rows, factor, unit, WINDOW_COLOUR, tier_name(tier), 2.0))
        for trace in drawing.traces[before:]:
            trace["xaxis"] = f"x{suffix}"
        if window:
            drawing.span(window.start, window.end, faint(WINDOW_COLOUR, 0.07))
            drawing.shapes[-1]["xref"] = f"x{suffix}"
        _mark(drawing, _since((markers or {}).get(tier, ()), rows), suffix)
    drawing.yaxis |= _range([*months["value"]], [*months["ci_high"]], factor)
    return drawing.figure()
