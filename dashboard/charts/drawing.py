"""What every figure shares: plotly's JSON in one piece, axes in people's units, faint colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl

from dashboard.look import BASELINE_COLOUR
from metrics.words import DAYS_FROM_HOURS, HOURS_PER_DAY

GROUND = "rgba(0,0,0,0)"


def faint(colour: str, opacity: float) -> str:
    """A colour that lets through what lies behind it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def scale(values: Sequence[float | None], unit: str) -> tuple[float, str]:
    """By what to multiply values for an axis, and the axis's unit: days for long durations, per cent for shares."""
    largest = max((abs(value) for value in values if value is not None and not math.isnan(value)), default=0.0)
    if unit == "hours":
        return (1 / HOURS_PER_DAY, "days") if largest >= DAYS_FROM_HOURS else (1.0, "hours")
    return (100.0, "%") if unit == "fraction" else (1.0, unit)


def times(column: pl.Series, factor: float) -> list[float | None]:
    """A column in the unit of an axis."""
    return [None if value is None else value * factor for value in column]


def title(text: str) -> dict[str, Any]:
    """The title of an axis."""
    return {"text": text, "font": {"size": 11}}


@dataclass
class Drawing:
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

    def upright(self, day: date, colour: str, axis: str = "x") -> None:
        """A thin dotted line upright on a day."""
        line = {"color": colour, "width": 1, "dash": "dot"}
        self.shapes.append(
            {
                "type": "line",
                "xref": axis,
                "yref": "paper",
                "x0": day,
                "x1": day,
                "y0": 0,
                "y1": 1,
                "line": line,
                "opacity": 0.55,
                "layer": "below",
            }
        )

    def figure(self) -> go.Figure:
        """The figure."""
        grid = faint(BASELINE_COLOUR, 0.18)
        layout = {
            "height": self.height,
            "margin": {"l": 4, "r": 8, "t": 18, "b": 4},
            "paper_bgcolor": GROUND,
            "plot_bgcolor": GROUND,
            "showlegend": False,
            "hovermode": "x unified" if self.unified else "closest",
            "font": {"size": 12},
            "shapes": self.shapes,
            "xaxis": {"showgrid": False, "fixedrange": True, "automargin": True, "tickangle": 0, **self.xaxis},
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
