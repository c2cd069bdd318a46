"""The same data read in more than one way, so that tampering does not pay (METRICS §5).

What a manipulation can move without any change in reality is read a second time in a way that it cannot move:
services that changed their tier, in the tier that they had when the baseline ended; changes that became more and
smaller, at the size that they had. The least favourable reading counts. Where nothing moved and nothing was split
there is one view, and nothing is read twice. Records that stopped coming in are no good news either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from metrics.estimators.ratio import PER_WEEK
from metrics.margins import Margins
from metrics.model import Figure
from metrics.readings import Place, Reading, read
from metrics.splitting import SPLIT_METRICS, at_equal_size, pieces
from metrics.units import MIXED

ORIGIN = "origin_tier"
"""Segmentation of contrasts in which each service stays in the tier that it had when the baseline ended."""
JUDGED = ("all", ORIGIN)
"""Segmentations that verdicts are read from: tiers as a whole, never a team or repository."""
BY_ORIGIN = "Services changed their tier after the baseline; each is read in the tier that it had then."
AT_EQUAL_SIZE = "Changes became more and smaller; they are read at the size of the baseline's changes."
SILENT = 10.0
"""Where so many events were to be expected and none came (chance: 1 in 20,000), the records stopped, not the events."""
RECORDED_IN = {
    "incidents": ("incident_rate", ("per_week",)),
    "rollbacks": ("rollback_rate", ("rate", PER_WEEK)),
    "defects": ("escaped_defects", ("rate", PER_WEEK)),
}
"""Per kind of outcome, the figures that count its records."""


@dataclass(frozen=True)
class View:
    """Contrasts as one view of the data has them, and in words what view that is; empty for the data as they are."""

    contrasts: pl.DataFrame
    words: str = ""
    of_split: bool = False
    """Whether it only has the figures that splitting moves."""


def views(contrasts: pl.DataFrame, margins: Margins) -> list[View]:
    """The data as they are, and every other view that differs from it."""
    found = []
    for segmentation, words in (("all", ""), (ORIGIN, BY_ORIGIN)):
        rows = contrasts.filter(pl.col("segment_kind") == segmentation).with_columns(segment_kind=pl.lit("all"))
        if not rows.is_empty():
            found.append(View(rows, words))
            smaller = at_equal_size(rows, pieces(rows, margins), margins)
            if not smaller.is_empty():
                found.append(View(smaller, f"{words} {AT_EQUAL_SIZE}".strip(), of_split=True))
    return found


def readings(
    seen: Sequence[View], figure: Figure, margins: Margins, silent: Iterable[Place] = ()
) -> dict[Place, Reading]:
    """All readings of a figure, each the least favourable of its views.

    Args:
        seen: the views of the data.
        figure: what is read.
        margins: the workspace's.
        silent: where the records that the figure is made from stopped coming in.
    """
    found: dict[Place, Reading] = {}
    for view in seen:
        if view.of_split and figure.metric not in SPLIT_METRICS:
            continue
        for place, reading in read(view.contrasts, figure, margins).items():
            viewed = replace(reading, view=view.words, certainty_in_all_views=_certainty(reading))
            found[place] = worse_of(found[place], viewed) if place in found else viewed
    stopped = list(silent)
    return {
        place: replace(reading, is_silent=True) if any(_touch(place, part) for part in stopped) else reading
        for place, reading in found.items()
    }


def _certainty(reading: Reading) -> float:
    """How certain an improvement is; a rate over more units than before has to fall per week as well."""
    per_week = reading.per_week if reading.units_rose else None
    return min(reading.certainty_better, per_week.certainty_better) if per_week else reading.certainty_better


def worse_of(one: Reading, other: Reading) -> Reading:
    """Two views of one figure as one reading.

    It got worse if it did in either view; it improved if it did in either, but for certain only if in both. The
    numbers are those of the view that is worse. A view with too little data gives way to one with enough.
    """
    if other.shortfall:
        return one
    if one.shortfall:
        return other
    shown, hidden = (other, one) if other.certainty_worse > one.certainty_worse else (one, other)
    per_week = worse_of(shown.per_week, hidden.per_week) if shown.per_week and hidden.per_week else shown.per_week
    return replace(
        shown,
        as_it_is=one.as_it_is or one,
        exceeds=one.exceeds or other.exceeds,
        certainty_better=max(one.certainty_better, other.certainty_better),
        certainty_in_all_views=min(one.certainty_in_all_views, other.certainty_in_all_views),
        units_rose=one.units_rose or other.units_rose,
        per_week=per_week or hidden.per_week,
    )


def silent_places(seen: Sequence[View]) -> dict[str, frozenset[Place]]:
    """Per kind of outcome, where its records stopped: none came, of which at the baseline's rate many would have."""
    expected = pl.col("baseline_value") * pl.col("size") * pl.col("design_effect")
    columns = ["tier", "grain", "window_start", "window_end"]
    found = {}
    for kind, (metric, statistics) in RECORDED_IN.items():
        is_of_kind = (pl.col("metric") == metric) & pl.col("statistic").is_in(statistics)
        is_silent = is_of_kind & (pl.col("value") == 0) & (expected >= SILENT)
        places = (view.contrasts.filter(is_silent).select(columns).unique().iter_rows() for view in seen)
        found[kind] = frozenset(Place(*row) for rows in places for row in rows)
    return found


def _touch(place: Place, part: Place) -> bool:
    """Whether a silence in one place is one in the other: a shorter or longer window of the tier, or of the whole."""
    is_within = place.window_start <= part.window_start and part.window_end <= place.window_end
    is_around = part.window_start <= place.window_start and place.window_end <= part.window_end
    return part.tier in (place.tier, MIXED) and (is_within or is_around)
