"""Plotly figures: one palette, units on the axes, nothing that the numbers do not bear. Frames in, figures out."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard.look import BASELINE_COLOUR, STAGE_COLOURS, TAIL_COLOUR, WINDOW_COLOUR
from dashboard.naming import figure
from dashboard.periods import Window
from metrics.words import DAYS_FROM_HOURS, HOURS_PER_DAY

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
TREND_HEIGHT = 170
DISTRIBUTION_HEIGHT = 170
GROUND = "rgba(0,0,0,0)"
TIME_TICKS = {1 / 60: "1 min", 1.0: "1 h", 4.0: "4 h", 24.0: "1 day", 96.0: "4 days", 384.0: "16 days", 1536.0: "64 days"}


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _scale(values: Sequence[float | None], unit: str) -> tuple[float, str]:
    """By what to multiply values for an axis, and the axis's unit: days for long durations, per cent for shares."""
    largest = max((abs(value) for value in values if value is not None and not math.isnan(value)), default=0.0)
    if unit == "hours":
        return (1 / HOURS_PER_DAY, "days") if largest >= DAYS_FROM_HOURS else (1.0, "hours")
    return (100.0, "%") if unit == "fraction" else (1.0, unit)


def _blank(height: int) -> go.Figure:
    figure_ = go.Figure()
    figure_.update_layout(
        height=height,
        margin={"l": 4, "r": 8, "t": 18, "b": 4},
        paper_bgcolor=GROUND,
        plot_bgcolor=GROUND,
        showlegend=False,
        hovermode="x unified",
        font={"size": 12},
    )
    figure_.update_xaxes(showgrid=False, fixedrange=True, automargin=True)
    figure_.update_yaxes(fixedrange=True, automargin=True, rangemode="tozero", nticks=4, gridcolor=_faint(BASELINE_COLOUR, 0.18), zeroline=False)
    return figure_


def trend(
    months: pl.DataFrame,
    unit: str,
    centre: str,
    tail: str | None,
    baseline: tuple[date, date, float | None, float | None] | None,
    window: Window,
) -> go.Figure:
    """A metric's months: the centre with its 95 % interval, and the ribbon up to the tail.

    Args:
        months: rows of one metric with statistic, window_start, value, ci_low, ci_high, is_provisional.
        unit: the metric's unit.
        centre: the statistic drawn as a line (`p50`, `rate`, `per_week`).
        tail: the statistic up to which the ribbon reaches, or None.
        baseline: first day, end, and the value of centre and tail in it.
        window: shaded.
    """
    middle = months.filter(pl.col("statistic") == centre)
    upper = months.filter(pl.col("statistic") == tail) if tail else middle.clear()
    factor, axis = _scale([*middle["value"], *upper["value"], *middle["ci_high"]], unit)
    drawn = _blank(TREND_HEIGHT)
    if len(upper):
        joined = middle.join(upper, on="window_start", suffix="_tail").sort("window_start")
        _ribbon(drawn, joined["window_start"].to_list(), _times(joined["value"], factor), _times(joined["value_tail"], factor), TAIL_COLOUR, 0.13)
        _line(drawn, upper, factor, unit, TAIL_COLOUR, f"{tail}", 1.3)
    bounded = middle.filter(pl.col("ci_low").is_not_null() & pl.col("ci_high").is_not_null())
    if len(bounded):
        _ribbon(drawn, bounded["window_start"].to_list(), _times(bounded["ci_low"], factor), _times(bounded["ci_high"], factor), WINDOW_COLOUR, 0.2)
    _line(drawn, middle, factor, unit, WINDOW_COLOUR, {"p50": "median", "rate": "rate", "per_week": "per week"}.get(centre, centre), 2.2)
    if baseline:
        _baseline(drawn, baseline, factor)
    drawn.add_vrect(x0=window.start, x1=window.end, fillcolor=_faint(WINDOW_COLOUR, 0.07), line_width=0, layer="below")
    drawn.update_yaxes(title={"text": axis, "font": {"size": 11}})
    return drawn


def _times(column: pl.Series, factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in column]


def _ribbon(drawn: go.Figure, x: Sequence[date], low: Sequence[float | None], high: Sequence[float | None], colour: str, opacity: float) -> None:
    drawn.add_scatter(x=[*x, *reversed(x)], y=[*low, *reversed(high)], fill="toself", fillcolor=_faint(colour, opacity), line={"width": 0}, mode="lines", hoverinfo="skip")


def _line(drawn: go.Figure, rows: pl.DataFrame, factor: float, unit: str, colour: str, name: str, width: float) -> None:
    """A line with a dot per month, hollow while the month is provisional."""
    drawn.add_scatter(
        x=rows["window_start"].to_list(),
        y=_times(rows["value"], factor),
        mode="lines+markers",
        line={"color": colour, "width": width},
        marker={"size": 5, "color": colour, "symbol": ["circle-open" if each else "circle" for each in rows["is_provisional"]]},
        customdata=[[figure(value, unit), n, " (provisional)" if open_ else ""] for value, n, open_ in zip(rows["value"], rows["n"], rows["is_provisional"], strict=True)],
        hovertemplate=f"{name} %{{customdata[0]}}, n = %{{customdata[1]:,}}%{{customdata[2]}}<extra></extra>",
    )


def _baseline(drawn: go.Figure, baseline: tuple[date, date, float | None, float | None], factor: float) -> None:
    start, end, centre, tail = baseline
    drawn.add_vrect(x0=start, x1=end, fillcolor=_faint(BASELINE_COLOUR, 0.10), line_width=0, layer="below")
    for value, colour in ((centre, WINDOW_COLOUR), (tail, TAIL_COLOUR)):
        if value is not None:
            drawn.add_hline(y=value * factor, line={"color": colour, "width": 1, "dash": "dot"}, opacity=0.8)


def distribution(window: pl.DataFrame, baseline: pl.DataFrame, unit: str, tails: tuple[float | None, float | None]) -> go.Figure:
    """The window's distribution over the baseline's, as shares of their units per bin, on a logarithmic scale.

    Args:
        window: bin_low, bin_high, count of the window.
        baseline: the same of the baseline.
        unit: the metric's unit.
        tails: the 95th percentile of the window and of the baseline.
    """
    drawn = _blank(DISTRIBUTION_HEIGHT)
    for rows, colour, name, filled in ((baseline, BASELINE_COLOUR, "baseline", True), (window, WINDOW_COLOUR, "window", False)):
        total = rows["count"].sum()
        if not total:
            continue
        edges = [max(low, high / 2) if low <= 0 else low for low, high in zip(rows["bin_low"], rows["bin_high"], strict=True)]
        drawn.add_scatter(
            x=[(low * high) ** 0.5 for low, high in zip(edges, rows["bin_high"], strict=True)],
            y=[count / total * 100 for count in rows["count"]],
            mode="lines",
            line={"color": colour, "width": 2 if not filled else 1, "shape": "spline", "smoothing": 0.6},
            fill="tozeroy" if filled else None,
            fillcolor=_faint(colour, 0.28) if filled else None,
            customdata=[f"{figure(low, unit)} to {figure(high, unit)}" for low, high in zip(rows["bin_low"], rows["bin_high"], strict=True)],
            hovertemplate=f"{name}: %{{y:.1f}} % at %{{customdata}}<extra></extra>",
        )
    for value, colour in zip(tails, (WINDOW_COLOUR, BASELINE_COLOUR), strict=True):
        if value:
            drawn.add_vline(x=value, line={"color": colour, "width": 1.4, "dash": "dash"})
    drawn.update_xaxes(type="log", tickfont={"size": 11})
    if unit == "hours":
        drawn.update_xaxes(tickvals=list(TIME_TICKS), ticktext=list(TIME_TICKS.values()))
    drawn.update_yaxes(title={"text": "% of units", "font": {"size": 11}})
    drawn.update_layout(hovermode="closest")
    return drawn


def stages(spans: Mapping[str, Mapping[str, float]], names: Mapping[str, str]) -> go.Figure:
    """Hours of the lead time by stage, a bar per span (`Baseline`, `Q3 2026`); the stages add up to the mean."""
    drawn = _blank(64 + 46 * len(spans))
    labels = list(reversed(spans))
    factor, axis = _scale([sum(stage.values()) for stage in spans.values()], "hours")
    for stage, colour in STAGE_COLOURS.items():
        hours = [spans[label].get(stage, 0.0) for label in labels]
        share = [value / total if (total := sum(spans[label].values())) else 0.0 for value, label in zip(hours, labels, strict=True)]
        custom: list[list[Any]] = [[figure(value, "hours"), part] for value, part in zip(hours, share, strict=True)]
        drawn.add_bar(
            y=labels,
            x=[value * factor for value in hours],
            orientation="h",
            name=names.get(stage, stage),
            marker={"color": colour},
            text=[names.get(stage, stage) if part >= 0.09 else "" for part in share],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "white", "size": 12},
            customdata=custom,
            hovertemplate=f"{names.get(stage, stage)}: %{{customdata[0]}} per change, %{{customdata[1]:.0%}} of the lead time<extra></extra>",
        )
    drawn.update_layout(barmode="stack", hovermode="closest", bargap=0.35)
    drawn.update_xaxes(title={"text": f"{axis} per deployed change, mean", "font": {"size": 11}})
    return drawn
