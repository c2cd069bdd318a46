"""The controlled comparison: onboarded against not yet onboarded repositories of a tier, over the same windows.

Difference in differences: the change of the onboarded repositories less the change that the others, who lived
through the same quarters, had without it. What befalls a whole tier (a freeze, a season) cancels. That both would
have moved alike otherwise cannot be shown, only that they did before: the same figure of the baseline's second half
against its first (the pre-trend) stands in the note. Source: Angrist and Pischke (2009), "Mostly Harmless
Econometrics", chapter 5.2; intervals by MOVER (Zou and Donner 2008) from the two arms' intervals, each clustered by
repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.changes import Changes, changes_of
from metrics.estimators.arms import ARM, ARM_BEFORE, FEWEST_REPOSITORIES, NOT_ONBOARDED, ONBOARDED
from metrics.margins import FEWEST_UNITS
from metrics.model import Metric

METHOD = (
    "difference in differences, onboarded less not yet onboarded repositories, shares of the work as in the baseline;"
    " intervals clustered by repository, combined by MOVER"
)
PLACE = ["metric", "statistic", "tier", "grain", "window_start"]


@dataclass(frozen=True)
class Controlled:
    """Controlled comparisons of one kind: the onboarded arm's contrasts, and the changes of both arms."""

    rows: pl.DataFrame
    onboarded: Changes
    others: Changes
    pre_trend: Changes
    """NaN where the baseline's halves have too little to see a trend in."""

    @property
    def effect(self) -> Changes:
        """The difference in differences."""
        return self.onboarded.less(self.others).published()

    @property
    def moved_apart(self) -> NDArray[np.bool_]:
        """Whether the arms already moved differently before the onboarding."""
        trend = self.pre_trend
        return np.asarray((trend.low > 0) | (trend.high < 0))

    def notes(self, metrics: Mapping[str, Metric]) -> list[str]:
        """What a reader of each has to know: the two changes, and the trend before."""
        onboarded, others = self.onboarded.published(), self.others.published()
        notes = []
        for index, row in enumerate(self.rows.iter_rows(named=True)):
            unit = metrics[row["metric"]].unit
            parts = [
                f"Controlled: {row['clusters']} onboarded repositories {onboarded.words(index, unit)},"
                f" {row['other_clusters']} not yet onboarded {others.words(index, unit)};"
                " their mix held as in the baseline."
            ]
            if np.isnan(self.pre_trend.value[index]):
                parts.append("Too little in the baseline to see a trend before.")
            else:
                trend = f"Pre-trend within the baseline, onboarded less others: {self.pre_trend.words(index, unit)}"
                apart = "they already moved apart, so the change is not theirs alone"
                parts.append(f"{trend}; {apart if self.moved_apart[index] else 'no sign that they moved apart'}.")
            if row["is_provisional"]:
                parts.append("Provisional: the follow-up has not passed.")
            notes.append(" ".join(parts))
        return notes


def controlled(contrasts: pl.DataFrame, kind: str) -> Controlled | None:
    """Sets the arms' contrasts of one kind against each other; None where no tier and window has both.

    Args:
        contrasts: rows of segmentations `arm` and `arm_before`, all of one kind.
        kind: 'log', 'count', 'share', 'events' or 'level'.
    """
    rows, others = _arm(contrasts, ARM, ONBOARDED), _arm(contrasts, ARM, NOT_ONBOARDED)
    both = rows.join(others.select(*PLACE, other_clusters="clusters"), on=PLACE, how="inner").sort(PLACE)
    if both.is_empty():
        return None
    places = both.select(PLACE)
    mine, theirs = (places.join(arm, on=PLACE, how="left", maintain_order="left") for arm in (both, others))
    before = [
        places.join(_arm(contrasts, ARM_BEFORE, arm), on=PLACE, how="left", maintain_order="left").with_columns(
            pl.col("degrees").fill_null(1.0), scale=mine["scale"]
        )
        for arm in (ONBOARDED, NOT_ONBOARDED)
    ]
    trend = changes_of(before[0], kind).less(changes_of(before[1], kind)).published()
    return Controlled(mine, changes_of(mine, kind), changes_of(theirs, kind), trend)


def _arm(contrasts: pl.DataFrame, segment_kind: str, arm: str) -> pl.DataFrame:
    """The contrasts of one arm that has enough repositories, and units on both sides."""
    return contrasts.filter(
        (pl.col("segment_kind") == segment_kind)
        & (pl.col("segment") == arm)
        & (pl.col("clusters") >= FEWEST_REPOSITORIES)
        & (pl.col("n") >= FEWEST_UNITS)
        & (pl.col("baseline_n") >= FEWEST_UNITS)
    )
