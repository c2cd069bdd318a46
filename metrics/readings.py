"""Contrasts read as evidence: per figure, tier and window, how certain a gain or a loss beyond the margin is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import nan

import numpy as np
import polars as pl

from metrics.estimators.ratio import PER_WEEK, REST_PER_WEEK
from metrics.margins import FEWEST_UNITS, Contrasted, Margins, certainty_beside
from metrics.model import Figure

CHANCE_ALLOWED = 0.20
"""Chance of exceeding the margin up to which a guardrail holds (METRICS §5: one in five)."""


@dataclass(frozen=True, order=True)
class Place:
    """A tier's window."""

    tier: str
    grain: str
    window_start: date
    window_end: date


@dataclass(frozen=True)
class Reading:
    """One figure of one tier's window against its baseline."""

    figure: Figure
    place: Place
    baseline_start: date
    baseline_end: date
    value: float
    baseline_value: float
    n: int
    baseline_n: int
    unit: str
    clusters: int
    design_effect: float
    is_provisional: bool
    certainty_better: float
    certainty_worse: float
    exceeds: bool
    units_rose: bool
    per_week: "Reading | None" = None
    certainty_in_all_views: float = nan
    """How certain the improvement is in the view that shows least of it (`metrics.views`); a claim rests on it."""
    is_silent: bool = False
    """Whether the records of this kind stopped coming in, here or in a part of this window (`metrics.views`)."""
    no_claim: str = ""
    """In words: why a gain read here may not be claimed, where it is not for want of capacity."""
    as_it_is: "Reading | None" = None
    """The reading of the data as they are, where another view decided."""
    view: str = ""
    """In words: the view of the data that decided this reading; empty for the data as they are."""
    bears_claim: bool = True
    """Whether a gain read here may be claimed; more changes by more people are no gain."""

    @property
    def change(self) -> float:
        """Relative change from the baseline."""
        return self.value / self.baseline_value - 1 if self.baseline_value else float("nan")

    @property
    def shortfall(self) -> str | None:
        """Why this cannot be judged, and what it would take; None when it can."""
        if self.is_silent:
            return "the records stopped coming in; see to it that they are kept, or that it is true"
        sides = [(self.n, "the window"), (self.baseline_n, "the baseline")]
        for n, side in sides[:1] if self.figure.above_zero else sides:
            if n < FEWEST_UNITS:
                return f"{n} units in {side}; {FEWEST_UNITS - n} more are needed to judge it"
        if np.isnan(self.certainty_worse):
            return f"the tail of {min(self.n, self.baseline_n)} units has no bound; some 75 are needed"
        return None


def read(contrasts: pl.DataFrame, figure: Figure, margins: Margins) -> dict[Place, Reading]:
    """All readings of a figure, by tier and window; rates also carry their bad events per week."""
    if figure.beside is not None:
        return _read_beside(contrasts, figure, figure.beside, margins)
    readings = _read_rows(_rows_of(contrasts, figure.metric, figure.statistic), figure, margins)
    if figure.otherwise is not None:
        # More changes without the number of people behind them: a trigger, but no gain to claim.
        instead = _read_rows(_rows_of(contrasts, figure.metric, figure.otherwise), figure, margins)
        missing = {place: replace(each, bears_claim=False) for place, each in instead.items() if place not in readings}
        readings |= missing
    if figure.margin != "rate":
        return readings
    statistic = PER_WEEK if figure.worse == "higher" else REST_PER_WEEK
    weekly = Figure(metric=figure.metric, statistic=statistic, margin="count")
    by_week = _read_rows(_rows_of(contrasts, figure.metric, statistic), weekly, margins)
    return {place: replace(reading, per_week=by_week.get(place)) for place, reading in readings.items()}


def _rows_of(contrasts: pl.DataFrame, metric: str, statistic: str) -> pl.DataFrame:
    """The contrasts of one statistic, by tier."""
    return contrasts.filter(
        (pl.col("metric") == metric) & (pl.col("statistic") == statistic) & (pl.col("segment_kind") == "all")
    )


def _read_beside(contrasts: pl.DataFrame, figure: Figure, beside: str, margins: Margins) -> dict[Place, Reading]:
    """A share read against the same statistic of another metric in the same windows, not against its baseline.

    Only where both have units enough.
    """
    contrasts = contrasts.filter(pl.col("n") >= FEWEST_UNITS)
    other = _rows_of(contrasts, beside, figure.statistic)
    place = ["tier", "grain", "window_start", "window_end"]
    window = _rows_of(contrasts, figure.metric, figure.statistic).join(other, on=place, how="semi").sort(place)
    other = other.join(window, on=place, how="semi").sort(place)
    if window.is_empty():
        return {}
    worse, exceeds = certainty_beside(window, other)
    readings = _read_rows(window, figure, margins)
    compared = {}
    for index, row in enumerate(other.iter_rows(named=True)):
        key = Place(row["tier"], row["grain"], row["window_start"], row["window_end"])
        compared[key] = replace(
            readings[key],
            baseline_value=row["value"] * row["scale"],
            baseline_n=row["n"],
            certainty_better=nan,
            certainty_worse=float(worse[index]),
            exceeds=bool(exceeds[index]),
            units_rose=False,
        )
    return compared


def _read_rows(rows: pl.DataFrame, figure: Figure, margins: Margins) -> dict[Place, Reading]:
    if rows.is_empty():
        return {}
    contrasted = Contrasted.of(rows, figure)
    better, worse, exceeds = contrasted.certainty(margins)
    readings = {}
    for index, row in enumerate(rows.iter_rows(named=True)):
        place = Place(row["tier"], row["grain"], row["window_start"], row["window_end"])
        readings[place] = Reading(
            figure=figure,
            place=place,
            baseline_start=row["baseline_start"],
            baseline_end=row["baseline_end"],
            value=row["value"] * row["scale"],
            baseline_value=known(row, "baseline_value") * row["scale"],
            n=row["n"],
            baseline_n=row["baseline_n"],
            unit=row["unit"],
            clusters=row["clusters"],
            design_effect=row["design_effect"],
            is_provisional=row["is_provisional"],
            certainty_better=float(better[index]),
            certainty_worse=float(worse[index]),
            exceeds=bool(exceeds[index]),
            units_rose=row["units_per_week"] > (1 + margins.units_rise) * known(row, "baseline_units_per_week"),
        )
    return readings


def known(row: Mapping[str, float | None], name: str) -> float:
    """A number of a contrast; NaN where there is none (a level needs no baseline)."""
    value = row[name]
    return nan if value is None else value
