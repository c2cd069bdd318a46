"""The closed list of units: a column or a metric that measures something names one of these.

A column's name ends in its unit where there is room for doubt (``cycle_seconds``); the unit itself stands
here, by the word that sentences use.
"""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """A unit of measurement, by the word that published tables carry."""

    SECONDS = "seconds"
    HOURS = "hours"
    DAYS = "days"
    MINUTES = "minutes"
    FRACTION = "fraction"
    PERCENTAGE_POINTS = "percentage points"
    LINES = "lines"
    COUNT = "count"
    CHANGES = "changes"
    FILES = "files"
    COMMENTS = "comments"
    REVIEWS = "reviews"
    ENGINEERS = "engineers"
    MONEY = "money"
    PER_WEEK = "per week"
    PER_HUNDRED = "per 100"


SECONDS_PER_HOUR = 3600.0
SECONDS_PER_DAY = 86400.0
