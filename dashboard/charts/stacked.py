"""Parts of a whole: stages of the lead time, and how AI took part in the work."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import polars as pl

from dashboard.charts.drawing import Drawing, scale, title
from dashboard.look import BASELINE_COLOUR, COHORT_COLOURS, STAGE_COLOURS
from dashboard.naming import figure

SMALLEST_SHARE_LABELLED = 0.04
WORK_HEIGHT = 230
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


def shares_of_work(months: pl.DataFrame, cohorts: Sequence[str]) -> go.Figure:
    """Changes merged a month, stacked by cohort. `months` has segment, window_start and n."""
    drawing = Drawing(WORK_HEIGHT, yaxis={"title": title("changes merged")}, layout=STAGES_LAYOUT)
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
    factor, axis = scale([sum(hours.values()) for hours in spans.values()], "hours")
    named = title(f"{axis} per deployed change, mean")
    drawing = Drawing(100 + 42 * len(spans), unified=False, xaxis={"title": named}, layout=STAGES_LAYOUT)
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
