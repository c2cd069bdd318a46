"""Distributions on a logarithmic scale, the window's over the baseline's."""

import math
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.drawing import Drawing, faint, title
from dashboard.look import BASELINE_COLOUR, WINDOW_COLOUR
from dashboard.naming import figure
from metrics.stats.histogram import BIN_FACTOR

DISTRIBUTION_HEIGHT = 170
TIME_TICKS = {1 / 60: "1 min", 1.0: "1 h", 24.0: "1 day", 168.0: "1 week", 1680.0: "10 weeks"}
BINS_JOINED = ((300, 1), (60, 2), (0, 4))
"""From so many units on, so many bins of the snapshot make one bin of a chart."""


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
    drawing = Drawing(DISTRIBUTION_HEIGHT, unified=False, xaxis=axis, yaxis={"title": title("% of units")})
    fewest = min((int(rows["count"].sum()) for rows in (window, baseline) if len(rows)), default=0)
    window, baseline = binned(window, fewest), binned(baseline, fewest)
    if len(baseline):
        ground = {"fill": "tozeroy", "fillcolor": faint(BASELINE_COLOUR, 0.28)}
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
    found: list[int] = counted["place"].to_list()
    low, high = min(found), max(found)
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
