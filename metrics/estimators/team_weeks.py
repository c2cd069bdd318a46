"""Runs a `PerTeamWeek`: outcomes divided by the weeks in which teams were at work."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.estimators import ratio
from metrics.estimators.base import Target
from metrics.estimators.concurrency import day_spans, open_by_day, open_spans
from metrics.estimators.prepared import run_prepared, units_of
from metrics.model import Part, PerTeamWeek, Ratio
from metrics.stats.grouping import are_many, codes_of
from metrics.units import MICROSECONDS_PER_DAY, Units, concatenate

Integers = NDArray[np.integer[Any]]

DAYS_PER_WEEK = 7
PARTS_OF_A_DAY = 1 << 20
"""The day that the cut shortens counts in such parts, of 0.08 seconds: whole numbers of them add up alike in any order,
so that sums are the same whichever days and loops they are made by."""
TEAM = "_team"
CELLS_PER_OUTCOME = 4
"""Team-days per outcome up to which outcomes are counted in a table; beyond, most of it would be empty."""
READY_MADE = Ratio(kind="events", divisor=DAYS_PER_WEEK, parts=(Part(fact="", time=""),))
"""The ratio of units already made, whose denominators are days."""


def run(target: Target, estimator: PerTeamWeek) -> None:
    """Adds the rate, and says what the outcomes are."""
    source = target.source
    first = estimator.outcomes
    chosen = first if source.has_any(first.fact, first.recorded) else estimator.otherwise
    target.values.remark = chosen.says
    edges = day_spans(source)
    week_of_day = source.days.windows("week")[1]
    outcomes = outcomes_by_day(source.units(chosen.fact, chosen.where, chosen.time, [TEAM]), len(edges) - 1)
    # Whole weeks count, so that nothing has to be laid out day by day.
    weeks = open_by_day(open_spans(source, estimator.activity), week_spans(edges, week_of_day))

    def make(active: Units, mixed: bool) -> Units:
        return concatenate([outcomes.pooled() if mixed else outcomes, team_days(active, edges, week_of_day)])

    run_prepared(target, weeks, make, lambda prepared, _: ratio.run(prepared, READY_MADE))


def week_spans(edges: Integers, week_of_day: Integers) -> Integers:
    """Where the weeks begin, and where the last ends, as `day_spans` gives days."""
    begins = np.flatnonzero(np.diff(week_of_day, prepend=-1))
    spans: Integers = edges[np.append(begins, len(week_of_day))]
    return spans


def outcomes_by_day(counted: Units, days: int) -> Units:
    """One unit per tier, team and day with an outcome; numbers: how many, 0.

    Args:
        counted: outcomes; their number is the team's code.
        days: how many days there are.
    """
    team = counted.numbers[0].astype(np.int32)
    teams = int(team.max(initial=0)) + 1
    size = (int(counted.tier.max(initial=0)) + 1) * teams * days
    if size > CELLS_PER_OUTCOME * len(counted):
        return units_of(counted.tier, team, counted.day, (np.ones(len(counted)), np.zeros(len(counted))))
    count = np.bincount((counted.tier * np.int64(teams) + team) * days + counted.day, minlength=size)
    held = np.flatnonzero(count)
    row, day = np.divmod(held, days)
    tier, team = np.divmod(row.astype(np.int32), np.int32(teams))
    return units_of(tier, team, day.astype(np.int32), (count[held].astype(np.float64), np.zeros(len(held))))


def team_days(active: Units, edges: Integers, week_of_day: Integers) -> Units:
    """One unit per tier, team and day of the weeks in which the team was active; numbers: 0, 1.

    The second is the part of the day that has elapsed.

    Args:
        active: one unit per tier, team and week, by its number, in which it had something open; in the mixture there
            may be several.
        edges: as `day_spans` gives them; a day that the cut shortens is a part of one.
        week_of_day: per day, the number of its week.
    """
    weeks, teams = int(week_of_day[-1]) + 1, int(active.repository.max(initial=0)) + 1
    is_held = np.zeros((int(active.tier.max(initial=0)) + 1) * teams * weeks, dtype=bool)
    is_held[(active.tier * np.int64(teams) + active.repository) * weeks + active.day] = True
    # A day on which the clock changes is a whole one; only the cut shortens the last.
    elapsed = np.ones(len(edges) - 1)
    elapsed[-1] = min((edges[-1] - edges[-2]) * PARTS_OF_A_DAY // MICROSECONDS_PER_DAY / PARTS_OF_A_DAY, 1.0)
    held = np.flatnonzero(is_held)
    if are_many(len(held)):
        from metrics.stats import kernels

        tier, team, day = kernels.days_of_weeks(held, weeks, teams, codes_of(week_of_day), elapsed)
        return units_of(tier, team, day, (np.zeros(len(day)), elapsed[day]))
    first = np.searchsorted(week_of_day, np.arange(weeks))
    lengths = np.diff(first, append=len(week_of_day))[held % weeks]
    row = np.repeat(np.arange(len(held)), lengths)
    day = first[held % weeks][row] + np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    tier, team = np.divmod((held // weeks).astype(np.int32), np.int32(teams))
    there = elapsed[day] > 0
    units = units_of(tier[row], team[row], day.astype(np.int32), (np.zeros(len(row)), elapsed[day]))
    return units.chosen(there, None)
