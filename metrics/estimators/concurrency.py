"""Runs a `Concurrency`: how many units a holder has open at once, as a distribution over holder-days."""

from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.estimators import distribution
from metrics.estimators.base import Source, Target
from metrics.estimators.prepared import run_prepared, units_of
from metrics.model import Concurrency, Distribution
from metrics.stats.grouping import are_many, codes_of
from metrics.units import Units, concatenate, constant

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

LOWEST_BIN = 0.1
"""A tenth of a unit: one that was open for some two hours of the day."""
PER_DAY = Distribution(fact="", time="", value="", first_bin=LOWEST_BIN)


def run(target: Target, estimator: Concurrency) -> None:
    """Adds the distribution over holder-days."""
    run_prepared(
        target,
        open_spans(target.source, estimator),
        lambda units, _: open_by_day(units, day_spans(target.source)),
        lambda prepared, _: distribution.run(prepared, PER_DAY),
    )


def open_spans(source: Source, estimator: Concurrency) -> Units:
    """The units by their end (the cut, while open); numbers: start and end in microseconds since 1970, holder."""
    cut = f"timestamp '{source.cut}'"
    stop = f"least(coalesce({estimator.end}, {cut}), {cut})"
    numbers = [f"epoch_us({estimator.start})", f"epoch_us({stop})", estimator.holder]
    return source.units(estimator.fact, estimator.where, stop, numbers, begins=0)


def day_spans(source: Source) -> Integers:
    """Where the local days begin, and where the last ends: at the cut. In microseconds since 1970."""
    days = source.days
    edges = days.calendar.edges([*days.all, days.last + timedelta(days=1)])
    return np.minimum(edges, np.datetime64(source.cut, "us").astype(np.int64))


def open_by_day(units: Units, edges: Integers) -> Units:
    """One unit per tier, holder and day on which something was open; numbers: how many, on average over the day.

    A start adds one from then on and an end takes it away again, so that running sums over the days give every
    holder's day from two passes over the units, however long these were open.

    Args:
        units: as `open_spans` gives them.
        edges: as `day_spans` gives them; other stretches of time do as well, each of which is a "day" then.
    """
    held = _held(units)
    parts = [_of_tier(tier, units, holders, edges) for tier, holders in held.items()]
    return concatenate(parts) if parts else units_of(*(np.zeros(0, dtype=np.int64),) * 3, (np.zeros(0),))


def _held(units: Units) -> dict[int, Integers]:
    """Per tier that has units, the codes of those who hold them."""
    tiers, holder = int(units.tier.max(initial=-1)) + 1, units.numbers[2].astype(np.int32)
    is_held = np.zeros((tiers, int(holder.max(initial=0)) + 1), dtype=bool)
    is_held[units.tier, holder] = True
    return {tier: np.flatnonzero(is_held[tier]) for tier in range(tiers) if is_held[tier].any()}


def _of_tier(tier: int, units: Units, holders: Integers, edges: Integers) -> Units:
    start, stop, holder = units.numbers
    row_of_holder = np.full(int(holders[-1]) + 1, -1, dtype=np.int32)
    row_of_holder[holders] = np.arange(len(holders))
    length = np.diff(edges)
    if are_many(len(units)):
        from metrics.stats import kernels

        columns = codes_of(units.tier), tier, holder, row_of_holder
        area, level = kernels.open_levels(*columns, start, stop, edges, len(holders))
        held, day, value = kernels.open_days(area, level, edges, holders)
        return units_of(constant(tier, len(held)), held, day, (value,))
    mine = units.tier == tier
    row = row_of_holder[holder[mine].astype(np.int64)]
    area, level = _levels(row, start[mine], stop[mine], edges, len(holders))
    # Whole days: all that began before, less what had ended.
    area = area + (np.cumsum(level, axis=1) - level) * length
    held, day = np.nonzero(area > 0)
    value = area[held, day] / length[day]
    return units_of(constant(tier, len(held)), holders[held].astype(np.int32), day.astype(np.int32), (value,))


def _levels(row: Integers, start: Floats, stop: Floats, edges: Integers, rows: int) -> tuple[Floats, Floats]:
    """Per holder and day, microseconds that a unit adds on the day it begins or ends, and how many more are open."""
    days = len(edges) - 1
    shape = (rows, days)
    area, level = np.zeros(shape), np.zeros(shape)
    # What was open before the first day is open from its beginning on.
    for sign, instant in ((1, np.clip(start, edges[0], edges[-1])), (-1, np.clip(stop, edges[0], edges[-1]))):
        day = np.minimum(np.searchsorted(edges, instant, side="right") - 1, days - 1)
        cell = row * days + day
        rest = edges[day + 1] - instant
        area += sign * np.bincount(cell, weights=rest, minlength=area.size).reshape(shape)
        level += sign * np.bincount(cell, minlength=area.size).reshape(shape)
    return area, level
