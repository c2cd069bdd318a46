"""Plotly figures: one palette, units on the axes, nothing that the numbers do not bear.

What belongs here: frames in, figures out. What does not: queries, words, what a page shows.
"""

from dashboard.charts.distributions import binned, distribution
from dashboard.charts.stacked import shares_of_work, stages
from dashboard.charts.trends import Baseline, Marker, panels, trend

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}

__all__ = ["CONFIG", "Baseline", "Marker", "binned", "distribution", "panels", "shares_of_work", "stages", "trend"]
