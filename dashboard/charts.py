"""Plotly figures: one palette, units on the axes, nothing that the numbers do not bear. Frames in, figures out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard.look import BASELINE_COLOUR, COHORT_COLOURS, STAGE_COLOURS, TAIL_COLOUR, WINDOW_COLOUR
from dashboard.naming import figure
from dashboard.periods import Window
from metrics.stats.histogram import BIN_FACTOR
from metrics.words import DAYS_FROM_HOURS, HOURS_PER_DAY, tier_name

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
SMALLEST_SHARE_LABELLED = 0.04
WIDEST_INTERVAL = 2.0
TREND_HEIGHT = 170
DISTRIBUTION_HEIGHT = 170
PANEL_HEIGHT = 190
GROUND = "rgba(0,0,0,0)"
TIME_TICKS = {1 / 60: "1 min", 1.0: "1 h", 24.0: "1 day", 168.0: "1 week", 1680.0: "10 weeks"}


BINS_JOINED = ((300, 1), (60, 2), (0, 4))
"""From so many units on, so many bins of the snapshot make one bin of a chart."""
LINE_NAMES = {"p50": "median", "per_week": "weekly", "cv": "coefficient of variation"}
STAGES_LAYOUT = {
    "barmode": "stack",
    "bargap": 0.3,
    "showlegend": True,
    "legend": {
        "orientation": "h",
        "traceorder": "normal",
        "y": 1.02,
        "yanchor": "bottom",
        "x": 0,
        "itemclick": False,
        "itemdoubleclick": False,
    },
    "uniformtext": {"minsize": 11, "mode": "hide"},
}


@dataclass(frozen=True)
class Baseline:
    """A metric's baseline in a chart: its days, and the values of centre and tail in it."""

    start: date
    end: date
    centre: float | None
    tail: float | None


def _faint(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _scale(values: Sequence[float | None], unit: str) -> tuple[float, str]:
    """By what to multiply values for an axis, and the axis's unit: days for long durations, per cent for shares."""
    largest = max((abs(value) for value in values if value is not None and not math.isnan(value)), default=0.0)
    if unit == "hours":
        return (1 / HOURS_PER_DAY, "days") if largest >= DAYS_FROM_HOURS else (1.0, "hours")
    return (100.0, "%") if unit == "fraction" else (1.0, unit)


@dataclass
class _Drawing:
    """A figure in the making, as plotly's own JSON: made in one piece, which is far faster than piece by piece."""

    height: int
    unified: bool = True
    traces: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    xaxis: dict[str, Any] = field(default_factory=dict)
    yaxis: dict[str, Any] = field(default_factory=dict)
    layout: dict[str, Any] = field(default_factory=dict)

    def ribbon(self, x: Sequence[date], low: Sequence[float | None], high: Sequence[float | None], colour: str) -> None:
        """The space between two lines."""
        self.traces.append(
            {
                "type": "scatter",
                "x": [*x, *reversed(x)],
                "y": [*low, *reversed(high)],
                "fill": "toself",
                "fillcolor": colour,
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
            }
        )

    def span(self, start: date, end: date, colour: str) -> None:
        """Shade a span of days behind everything."""
        self.shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": start,
                "x1": end,
                "y0": 0,
                "y1": 1,
                "fillcolor": colour,
                "line": {"width": 0},
                "layer": "below",
            }
        )

    def level(self, value: float, colour: str) -> None:
        """A dotted line across at a value."""
        line = {"color": colour, "width": 1, "dash": "dot"}
        self.shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "yref": "y",
                "x0": 0,
                "x1": 1,
                "y0": value,
                "y1": value,
                "line": line,
                "opacity": 0.8,
            }
        )

    def mark(self, value: float, colour: str) -> None:
        """A dashed line upright at a value."""
        line = {"color": colour, "width": 1.4, "dash": "dash"}
        self.shapes.append(
            {"type": "line", "xref": "x", "yref": "paper", "x0": value, "x1": value, "y0": 0, "y1": 1, "line": line}
        )

    def figure(self) -> go.Figure:
        """The figure."""
        grid = _faint(BASELINE_COLOUR, 0.18)
        layout = {
            "height": self.height,
            "margin": {"l": 4, "r": 8, "t": 18, "b": 4},
            "paper_bgcolor": GROUND,
            "plot_bgcolor": GROUND,
            "showlegend": False,
            "hovermode": "x unified" if self.unified else "closest",
            "font": {"size": 12},
            "shapes": self.shapes,
            "xaxis": {"showgrid": False, "fixedrange": True, "automargin": True, **self.xaxis},
            "yaxis": {
                "fixedrange": True,
                "automargin": True,
                "rangemode": "tozero",
                "nticks": 4,
                "gridcolor": grid,
                "zeroline": False,
            }
            | self.yaxis,
            **self.layout,
        }
        return go.Figure({"data": self.traces, "layout": layout})


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 11}}


def trend(
    months: pl.DataFrame, unit: str, centre: str, tail: str | None, baseline: Baseline | None, window: Window
) -> go.Figure:
    """A metric's months: the centre with its 95 % interval, and the ribbon up to the tail.

    Args:
        months: rows of one metric with statistic, window_start, value, n, ci_low, ci_high, is_provisional.
        unit: the metric's unit.
        centre: the statistic drawn as a line (`p50`, `rate`, `per_week`).
        tail: the statistic up to which the ribbon reaches, or None.
        baseline: shaded, with its values dotted.
        window: shaded.
    """
    middle = months.filter(pl.col("statistic") == centre)
    upper = months.filter(pl.col("statistic") == tail) if tail else middle.clear()
    factor, axis = _scale([*middle["value"], *upper["value"], *middle["ci_high"]], unit)
    drawing = _Drawing(TREND_HEIGHT, yaxis={"title": _title(axis)})
    if len(upper):
        joined = middle.join(upper, on="window_start", suffix="_tail").sort("window_start")
        low, high = _times(joined["value"], factor), _times(joined["value_tail"], factor)
        drawing.ribbon(joined["window_start"].to_list(), low, high, _faint(TAIL_COLOUR, 0.13))
        drawing.traces.append(_line(upper, factor, unit, TAIL_COLOUR, str(tail), 1.3))
    bounded = middle.filter(pl.col("ci_low").is_not_null() & pl.col("ci_high").is_not_null())
    if len(bounded):
        low, high = _times(bounded["ci_low"], factor), _times(bounded["ci_high"], factor)
        drawing.ribbon(bounded["window_start"].to_list(), low, high, _faint(WINDOW_COLOUR, 0.2))
    drawing.traces.append(_line(middle, factor, unit, WINDOW_COLOUR, LINE_NAMES.get(centre, centre), 2.2))
    drawing.yaxis |= _range([*middle["value"], *upper["value"]], [*middle["ci_high"]], factor)
    if baseline:
        drawing.span(baseline.start, baseline.end, _faint(BASELINE_COLOUR, 0.10))
        for value, colour in ((baseline.centre, WINDOW_COLOUR), (baseline.tail, TAIL_COLOUR)):
            if value is not None:
                drawing.level(value * factor, colour)
    drawing.span(window.start, window.end, _faint(WINDOW_COLOUR, 0.07))
    return drawing.figure()


def _range(values: Sequence[float | None], highs: Sequence[float | None], factor: float) -> dict[str, Any]:
    """Where one wide interval would flatten everything else, the axis ends at some times the largest value."""
    known = [value for value in values if value is not None]
    limit = max(known, default=0.0) * WIDEST_INTERVAL
    runs_off = any(high is not None and high > limit for high in highs)
    return {"range": [0, limit * factor]} if limit > 0 and min(known) >= 0 and runs_off else {}


def _times(column: pl.Series, factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in column]


def _line(rows: pl.DataFrame, factor: float, unit: str, colour: str, name: str, width: float) -> dict[str, Any]:
    """A line with a dot per month, hollow while the month is provisional."""
    told = [
        [figure(value, unit), n, " (provisional)" if is_open else ""]
        for value, n, is_open in zip(rows["value"], rows["n"], rows["is_provisional"], strict=True)
    ]
    return {
        "type": "scatter",
        "x": rows["window_start"].to_list(),
        "y": _times(rows["value"], factor),
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


def distribution(
    window: pl.DataFrame, baseline: pl.DataFrame, unit: str, tails: tuple[float | None, float | None]
) -> go.Figure:
    """The window's distribution over the baseline's, as shares of their units per bin, on a logarithmic scale.

    Args:
        window: bin_low, bin_high, count of the window.
        baseline: the same of the baseline.
        unit: the metric's unit.
        tails: the 95th percentile of the window and of the baseline, marked.
    """
    axis: dict[str, Any] = {"type": "log", "tickfont": {"size": 11}}
    if unit == "hours":
        axis |= {"tickvals": list(TIME_TICKS), "ticktext": list(TIME_TICKS.values()), "tickangle": 0}
    drawing = _Drawing(DISTRIBUTION_HEIGHT, unified=False, xaxis=axis, yaxis={"title": _title("% of units")})
    fewest = min((int(rows["count"].sum()) for rows in (window, baseline) if len(rows)), default=0)
    window, baseline = binned(window, fewest), binned(baseline, fewest)
    if len(baseline):
        ground = {"fill": "tozeroy", "fillcolor": _faint(BASELINE_COLOUR, 0.28)}
        drawing.traces.append(_shares(baseline, unit, "baseline", BASELINE_COLOUR, 1.0) | ground)
    if len(window):
        drawing.traces.append(_shares(window, unit, "window", WINDOW_COLOUR, 2.0))
    for value, colour in zip(tails, (WINDOW_COLOUR, BASELINE_COLOUR), strict=True):
        if value:
            drawing.mark(value, colour)
    return drawing.figure()


def binned(rows: pl.DataFrame, units: int) -> pl.DataFrame:
    """All bins from the lowest to the highest, the empty ones too; joined where few units would make a comb of them.

    Bins are joined by their place on the scale that all windows share, so that two distributions stay comparable.

    Args:
        rows: bin_low, bin_high, count of one distribution, empty bins left out.
        units: the fewest units among the distributions that are drawn together.
    """
    if not len(rows):
        return rows
    width = next(width for fewest, width in BINS_JOINED if units >= fewest)
    places = rows.select((pl.col("bin_high").log(BIN_FACTOR).round(0) / width).ceil().cast(pl.Int64).alias("place"))[
        "place"
    ]
    offset = rows["bin_high"][0] / BIN_FACTOR ** round(math.log(rows["bin_high"][0], BIN_FACTOR))
    counted = rows.select(places, "count").group_by("place").agg(pl.col("count").sum())
    low, high = int(counted["place"].min()), int(counted["place"].max())  # type: ignore[arg-type]
    whole = pl.DataFrame({"place": range(low, high + 1)}, schema={"place": pl.Int64}).join(
        counted, on="place", how="left"
    )
    upper = [offset * BIN_FACTOR ** (place * width) for place in whole["place"]]
    return pl.DataFrame(
        {
            "bin_low": [0.0 if rows["bin_low"].min() == 0 else upper[0] / BIN_FACTOR**width, *upper[:-1]],
            "bin_high": upper,
            "count": whole["count"].fill_null(0),
        }
    )


def _shares(rows: pl.DataFrame, unit: str, name: str, colour: str, width: float) -> dict[str, Any]:
    """A histogram as a line through the middles of its bins."""
    total = rows["count"].sum()
    bins = list(zip(rows["bin_low"], rows["bin_high"], strict=True))
    # The lowest bin begins at zero, which has no place on a logarithmic scale: it is drawn half its width lower.
    middles = [((low or high / 2) * high) ** 0.5 for low, high in bins]
    return {
        "type": "scatter",
        "x": middles,
        "y": [count / total * 100 for count in rows["count"]],
        "mode": "lines",
        "line": {"color": colour, "width": width, "shape": "hvh"},
        "customdata": [f"{figure(low, unit)} to {figure(high, unit)}" for low, high in bins],
        "hovertemplate": f"{name}: %{{y:.1f}} % take %{{customdata}}<extra></extra>",
    }


def panels(months: pl.DataFrame, tiers: Sequence[str], unit: str, window: Window | None) -> go.Figure:
    """One figure by month, a panel per tier, all on one scale.

    Args:
        months: tier, window_start, value, n, ci_low, ci_high, is_provisional.
        tiers: from left to right.
        unit: the figure's unit.
        window: shaded.
    """
    factor, axis = _scale([*months["value"]], unit)
    drawing = _Drawing(PANEL_HEIGHT, yaxis={"title": _title(axis)})
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
            "nticks": 4,
        }
        bounded = rows.filter(pl.col("ci_low").is_not_null() & pl.col("ci_high").is_not_null())
        before = len(drawing.traces)
        if len(bounded):
            low, high = _times(bounded["ci_low"], factor), _times(bounded["ci_high"], factor)
            drawing.ribbon(bounded["window_start"].to_list(), low, high, _faint(WINDOW_COLOUR, 0.2))
        drawing.traces.append(_line(rows, factor, unit, WINDOW_COLOUR, tier_name(tier), 2.0))
        for trace in drawing.traces[before:]:
            trace["xaxis"] = f"x{suffix}"
        if window:
            drawing.span(window.start, window.end, _faint(WINDOW_COLOUR, 0.07))
            drawing.shapes[-1]["xref"] = f"x{suffix}"
    drawing.yaxis |= _range([*months["value"]], [*months["ci_high"]], factor)
    return drawing.figure()


def shares_of_work(months: pl.DataFrame, cohorts: Sequence[str]) -> go.Figure:
    """Changes merged a month, stacked by cohort. `months` has segment, window_start and n."""
    drawing = _Drawing(PANEL_HEIGHT + 40, yaxis={"title": _title("changes merged")}, layout=STAGES_LAYOUT)
    for cohort in cohorts:
        rows = months.filter(pl.col("segment") == cohort)
        drawing.traces.append(
            {
                "type": "bar",
                "x": rows["window_start"].to_list(),
                "y": rows["n"].to_list(),
                "name": cohort,
                "marker": {"color": COHORT_COLOURS.get(cohort, BASELINE_COLOUR)},
                "hovertemplate": f"{cohort}: %{{y:,}}<extra></extra>",
            }
        )
    return drawing.figure()


def stages(spans: Mapping[str, Mapping[str, float]], names: Mapping[str, str]) -> go.Figure:
    """Hours of the lead time by stage, a bar per span (`Baseline`, `Q3 2026`); the stages add up to the mean."""
    labels = list(spans)[::-1]
    factor, axis = _scale([sum(hours.values()) for hours in spans.values()], "hours")
    title = _title(f"{axis} per deployed change, mean")
    drawing = _Drawing(100 + 42 * len(spans), unified=False, xaxis={"title": title}, layout=STAGES_LAYOUT)
    for stage, colour in STAGE_COLOURS.items():
        hours = [spans[label].get(stage, 0.0) for label in labels]
        share = [value / sum(spans[label].values()) for value, label in zip(hours, labels, strict=True)]
        drawing.traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": labels,
                "x": [value * factor for value in hours],
                "name": names.get(stage, stage),
                "marker": {"color": colour},
                "text": [f"{part:.0%}" if part >= SMALLEST_SHARE_LABELLED else "" for part in share],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textfont": {"color": "white", "size": 12},
                "customdata": [[figure(value, "hours"), part] for value, part in zip(hours, share, strict=True)],
                "hovertemplate": "%{fullData.name}: %{customdata[0]} a change, %{customdata[1]:.0%}<extra></extra>",
            }
        )
    return drawing.figure()
