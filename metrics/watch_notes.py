"""What a figure cannot see: which kinds of outcome nobody watches, by tier and window, as notes of its rows."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import GRAINS
from metrics.estimators.base import Source
from metrics.model import Count, Distribution, Metric, PerTeamWeek, Ratio, Variation
from metrics.rows import TEXT
from metrics.units import MIXED, TIERS
from metrics.words import joined

NOBODY, SOMEBODY, EVERYBODY = 0, 1, 2
"""Of a tier's units in a window, whether the kind is watched for none, for some or for all."""


class Described(Source, Protocol):
    """A source that knows the columns of its facts."""

    def columns_of(self, fact: str) -> frozenset[str]:
        """The columns of a fact."""


def with_watch_notes(source: Described, metric: Metric, values: pl.DataFrame) -> pl.DataFrame:
    """The rows, those of a tier and window in which not every kind is watched for all with a note that says so.

    Args:
        source: has the facts.
        metric: the definition; one that rests on a single kind counts only what that kind watches.
        values: its rows of `metric_values`.
    """
    if len(metric.watched) < 2 or values.is_empty():
        return values
    notes = _watch_notes(source, metric)
    if notes.is_empty():
        return values
    # Only what tells places apart is joined: a join copies all that it is given.
    place = ["tier", "grain", "window_start"]
    noted = values.with_columns(
        values.select(place).join(notes, on=place, how="left", maintain_order="left")["watch_note"]
    )
    told = pl.when(pl.col("statistic") != "hist").then(pl.col("watch_note"))
    both = pl.concat_str("note", told, separator=" ", ignore_nulls=True)
    return noted.with_columns(note=pl.when(told.is_null()).then(pl.col("note")).otherwise(both)).drop("watch_note")


def _watch_notes(source: Described, metric: Metric) -> pl.DataFrame:
    """tier, grain, window_start, watch_note; no row where every kind is watched for all units."""
    numbers = [f"_{kind}_watched::integer" for kind in metric.watched]
    wanted = {f"_{kind}_watched" for kind in metric.watched}
    selects = [each for each in _units_of(metric) if wanted <= source.columns_of(each[0])]
    # Where all is watched there is nothing to tell, and no unit to be counted. Asked column by column, that is said by
    # what the files note of their extremes.
    asked = (
        (fact, time, f"({where}) and _{kind}_watched = false")
        for fact, where, time in selects
        for kind in metric.watched
    )
    if not any(source.has_any(*each) for each in asked):
        return pl.DataFrame()
    # Of every tier and day, how many units there are and how many are watched, kind by kind.
    daily = np.sum([source.daily(fact, where, time, numbers) for fact, where, time in selects], axis=0)
    frames = []
    for grain in GRAINS:
        periods, window_of_day = source.days.windows(grain)
        windows = np.add.reduceat(daily, np.searchsorted(window_of_day, np.arange(len(periods))), axis=2)
        for tiers, of_tiers in ((TIERS, windows), ((MIXED,), windows.sum(axis=1, keepdims=True))):
            count, *watched = of_tiers.reshape(len(daily), -1)
            states = [_state(column, count) for column in watched]
            told = [_sentence(metric.watched, of_group) for of_group in zip(*states, strict=True)]
            frames.append(
                pl.DataFrame(
                    {
                        "tier": pl.Series([tier for tier in tiers for _ in periods], dtype=TEXT),
                        "grain": pl.Series([grain] * (len(tiers) * len(periods)), dtype=TEXT),
                        "window_start": [period.start for _ in tiers for period in periods],
                        "watch_note": pl.Series(told, dtype=pl.String),
                    }
                ).filter(pl.Series(count > 0) & pl.col("watch_note").is_not_null())
            )
    return pl.concat(frames)


def _units_of(metric: Metric) -> Iterator[tuple[str, str, str]]:
    """(fact, filter, instant) of the units that a metric counts, above the line left out where there is one."""
    for each in metric.estimators:
        if isinstance(each, Ratio):
            yield from ((part.fact, part.where, part.time) for part in each.parts if part.denominator != "0")
        elif isinstance(each, Count | Variation | Distribution):
            yield each.fact, each.where, each.time
        elif isinstance(each, PerTeamWeek):
            yield each.activity.fact, each.activity.where, each.activity.end


def _state(watched: NDArray[np.float64], count: NDArray[np.float64]) -> list[int]:
    """Per group, whether its units are watched."""
    return [
        NOBODY if some == 0 else SOMEBODY if some < of else EVERYBODY for some, of in zip(watched, count, strict=True)
    ]


def _sentence(kinds: Sequence[str], states: Sequence[int]) -> str | None:
    """Which kinds are watched; nothing where all are."""
    of = {state: [kind for kind, its in zip(kinds, states, strict=True) if its == state] for state in (0, 1, 2)}
    if not of[NOBODY] and not of[SOMEBODY]:
        return None
    told = [*of[EVERYBODY], *(f"{kind} for some services" for kind in of[SOMEBODY])]
    unseen = f"; nobody watches {joined(of[NOBODY])}, so that none is known" if of[NOBODY] else ""
    return f"Watched here: {joined(told) if told else 'nothing'}{unseen}."
