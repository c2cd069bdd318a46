"""Contrasts read as evidence: per figure, tier and window, how certain a gain or a loss beyond the margin is."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from metrics.estimators.ratio import PER_WEEK
from metrics.margins import FEWEST_UNITS, Margins, certainty_better, certainty_worse
from metrics.model import Figure

GROWTH = (1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
"""By how much a window is imagined to grow when asking how many units would decide it."""
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

    @property
    def change(self) -> float:
        """Relative change from the baseline."""
        return self.value / self.baseline_value - 1 if self.baseline_value else float("nan")

    @property
    def shortfall(self) -> str | None:
        """Why this cannot be judged, and what it would take; None when it can."""
        for n, side in ((self.n, "the window"), (self.baseline_n, "the baseline")):
            if n < FEWEST_UNITS:
                return f"{n} units in {side}; {FEWEST_UNITS - n} more are needed to judge it"
        if np.isnan(self.certainty_worse):
            return f"the tail of {min(self.n, self.baseline_n)} units has no bound; some 75 are needed"
        return None


def read(contrasts: pl.DataFrame, figure: Figure, margins: Margins) -> dict[Place, Reading]:
    """All readings of a figure, by tier and window; rates also carry their numerator per week."""
    rows = contrasts.filter(
        (pl.col("metric") == figure.metric)
        & (pl.col("statistic") == figure.statistic)
        & (pl.col("segment_kind") == "all")
    )
    readings = _read_rows(rows, figure, margins)
    if figure.margin != "rate":
        return readings
    weekly = Figure(metric=figure.metric, statistic=PER_WEEK, margin="count", worse=figure.worse)
    by_week = read(contrasts, weekly, margins)
    return {
        place: Reading(**{**reading.__dict__, "per_week": by_week.get(place)}) for place, reading in readings.items()
    }


def _read_rows(rows: pl.DataFrame, figure: Figure, margins: Margins) -> dict[Place, Reading]:
    if rows.is_empty():
        return {}
    worse, exceeds = certainty_worse(rows, figure, margins)
    better = certainty_better(rows, figure)
    readings = {}
    for index, row in enumerate(rows.iter_rows(named=True)):
        place = Place(row["tier"], row["grain"], row["window_start"], row["window_end"])
        readings[place] = Reading(
            figure=figure,
            place=place,
            baseline_start=row["baseline_start"],
            baseline_end=row["baseline_end"],
            value=row["value"] * row["scale"],
            baseline_value=row["baseline_value"] * row["scale"],
            n=row["n"],
            baseline_n=row["baseline_n"],
            unit=row["unit"],
            clusters=row["clusters"],
            design_effect=row["design_effect"],
            is_provisional=row["is_provisional"],
            certainty_better=float(better[index]),
            certainty_worse=float(worse[index]),
            exceeds=bool(exceeds[index]),
            units_rose=row["units_per_week"] > (1 + margins.units_rise) * row["baseline_units_per_week"],
        )
    return readings


def units_to_decide(contrasts: pl.DataFrame, reading: Reading, margins: Margins) -> int | None:
    """How many more units in the window would bring the chance of exceeding the margin under `CHANCE_ALLOWED`.

    Supposes that the estimate stays where it is; None where no growth within reason would do, because the baseline is
    too small.
    """
    place = reading.place
    row = contrasts.filter(
        (pl.col("metric") == reading.figure.metric)
        & (pl.col("statistic") == reading.figure.statistic)
        & (pl.col("segment_kind") == "all")
        & (pl.col("tier") == place.tier)
        & (pl.col("grain") == place.grain)
        & (pl.col("window_start") == place.window_start)
    ).head(1)
    grown = row.join(pl.DataFrame({"growth": GROWTH}), how="cross").with_columns(
        pl.col("size") * pl.col("growth"),
        pl.col("sd_low") / pl.col("growth").sqrt(),
        pl.col("sd_high") / pl.col("growth").sqrt(),
    )
    if grown.is_empty() or reading.exceeds:
        return None
    certainty, _ = certainty_worse(grown, reading.figure, margins)
    enough = np.flatnonzero(certainty <= CHANCE_ALLOWED)
    return round(reading.n * (GROWTH[enough[0]] - 1)) if len(enough) else None
