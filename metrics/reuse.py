"""A metric measured again from its first changed window on, where an earlier build has given the windows before.

A window rests on its own units, on windows before it (the average over a year, what it is compared with) and on
baselines, never on windows after it. So when the first unit that is new, gone or different falls on some day, all that
was given of windows that end by then still holds, and only the later ones are measured, on the units that they need.
What changed is found by the metric's own queries, run on the rows of the facts that differ between the builds: a query
that has not been asked there gives nothing, and what cannot be told apart like this is measured whole:

- counts, for their dispersion is one figure over all windows, and stocks and downtime, which reach over many;
- queries that depend on more than a row and its columns: those that look into another relation, and those that hold
  the cut, once that has moved;
- organisations whose services moved between tiers, for they are measured twice.

Belongs here: what is measured again. Does not: what is kept between builds, and where (`pipelines.reuse`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from metrics.aggregate import Engine, Result
from metrics.calendar import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Calendar, Period, add_months
from metrics.facts.sql import timestamp
from metrics.ledger import Ledger
from metrics.model import Concurrency, Distribution, Load, Metric, PerTeamWeek, Ratio
from metrics.reads import Reads
from metrics.units import MIXED, TIERS, Days

DAY = timedelta(days=1)
WEEKS_BEFORE = timedelta(weeks=13)
"""A week is differenced with the one so long before (`metrics.stats.successive`)."""
WORTH_IT = 0.75
"""Share of the days beyond which a metric is measured whole: the rest would save less than it costs to find."""


class MeasuredWhole(Exception):  # noqa: N818 -- no error: it ends an attempt
    """What was given before cannot be used."""


class ChangedEarlier(Exception):  # noqa: N818 -- no error: it ends an attempt
    """A query's units changed before the day from which on they were to be measured again."""

    def __init__(self, day: date) -> None:
        """Name the first day on which they changed."""
        super().__init__(day)
        self.day = day


@dataclass(frozen=True)
class Known:
    """What an earlier build knew of a metric: its cut, the first end of a provisional window, summands, choices."""

    cut: datetime
    provisional: date | None
    ledger: pl.DataFrame
    choices: list[list[str]]


@dataclass(frozen=True)
class Differences:
    """The rows of the facts that differ between two builds, each side on a connection of its own, under their names."""

    before: duckdb.DuckDBPyConnection
    after: duckdb.DuckDBPyConnection
    seen: dict[str, datetime | None] = field(default_factory=dict)

    def first(self, query: str, instant: str = "instant") -> datetime | None:
        """The first instant (UTC, zone-less) of a unit that only one side has; None where both have the same units.

        Args:
            query: gives units, one row each.
            instant: the column that holds their instant, in microseconds since 1970.

        Raises:
            MeasuredWhole: the query needs columns that the rows have not been compared by.
        """
        if query not in self.seen:
            self.seen[query] = self._first(query, instant)
        return self.seen[query]

    def _first(self, query: str, instant: str) -> datetime | None:
        try:
            sides = [connection.sql(query).pl() for connection in (self.before, self.after)]
        except duckdb.BinderException as error:
            raise MeasuredWhole from error
        both = pl.concat([side.with_columns(side=pl.lit(sign)) for side, sign in zip(sides, (-1, 1), strict=True)])
        units = [name for name in both.columns if name != "side"]
        differing = both.group_by(units).agg(pl.col("side").sum()).filter(pl.col("side") != 0)
        first: Any = differing[instant].min()
        return None if first is None else datetime(1970, 1, 1) + timedelta(microseconds=int(first))  # noqa: DTZ001 -- UTC


@dataclass
class _Question:
    """An excerpt that reads nothing: it finds the first day on which any units that are asked for changed."""

    calendar: Calendar
    cut: datetime
    has_moved: bool
    differences: Differences
    by_week: bool
    """Whether a unit is made of a week, and so counts in the window in which its week began."""
    since: date = date.max

    def of(self, query: str, time: str, begins: int | None) -> str:  # noqa: ARG002 -- the signature of an excerpt
        """The query, without rows."""
        self.since = min(self.since, self.changed(query, begins))
        return f"{query} and false"

    def changed(self, query: str, begins: int | None) -> date:
        """The local day of the first unit that changed."""
        reaches_elsewhere = query.lower().count("select") > 1
        if reaches_elsewhere or (self.has_moved and f"timestamp '{self.cut}'" in query):
            raise MeasuredWhole
        first = self.differences.first(query, "instant" if begins is None else f"number_{begins}")
        return date.max if first is None else self.begin(self.calendar.local_day(first))

    def begin(self, day: date) -> date:
        """The first day that may count otherwise when something has changed on a day."""
        return self.calendar.floor(day, "week") if self.by_week and day != date.max else day


@dataclass(frozen=True)
class _Days:
    """An excerpt of all days from the first on, as long as what is asked for has not changed before `since`."""

    question: _Question
    since: date
    first: date

    def of(self, query: str, time: str, begins: int | None) -> str:
        """The query on these days only."""
        day = self.question.changed(query, begins)
        if day < self.since:
            raise ChangedEarlier(day)
        return f"{query} and ({time}) >= {timestamp(self.question.calendar.instant(self.first))}"


@dataclass(frozen=True)
class Again:
    """What a metric came to in the windows that end after `since`; None where no window does."""

    since: date
    result: Result | None
    ledger: pl.DataFrame


def can_be_reused(metric: Metric) -> bool:
    """Whether windows of a metric rest on nothing but windows before."""
    return all(
        isinstance(each, Distribution | Load | Concurrency | PerTeamWeek)
        or (isinstance(each, Ratio) and not each.weekly)
        for each in metric.estimators
    )


def run_since_change(engine: Engine, metric: Metric, known: Known, differences: Differences) -> Again | None:
    """Measure a metric from the first window on that has changed; None where it has to be measured whole.

    Args:
        engine: on the facts of this build.
        metric: the definition.
        known: what the earlier build gave; all that `known` does not hold must be as it was then.
        differences: of the facts.
    """
    if not can_be_reused(metric) or engine.moved or known.cut > engine.cut:
        return None
    by_week = any(isinstance(each, Load | PerTeamWeek) for each in metric.estimators)
    question = _Question(engine.calendar, engine.cut, known.cut != engine.cut, differences, by_week)
    try:
        replace(engine, excerpt=question, ledger=None).run(metric)
        since = min(question.since, question.begin(_still_open(engine, known)))
        while True:
            try:
                return _run_since(engine, metric, known, question, since)
            except ChangedEarlier as changed:
                since = changed.day
    except MeasuredWhole:
        return None


def _still_open(engine: Engine, known: Known) -> date:
    """The day from which on windows have to be given again because the cut has moved."""
    if known.cut == engine.cut:
        return date.max
    ended = engine.calendar.local_day(known.cut) - DAY
    return ended if known.provisional is None else min(ended, known.provisional - DAY)


def _run_since(engine: Engine, metric: Metric, known: Known, question: _Question, since: date) -> Again:
    """Measure the windows that end after `since`.

    Raises:
        ChangedEarlier: some units changed before.
        MeasuredWhole: it would take most of the days, or the choices are others.
    """
    if since == date.max:
        return Again(since, None, known.ledger)
    days = engine.days
    first = first_day_needed(days, engine.baselines, since)
    if (days.last - first).days > WORTH_IT * (days.last - days.first).days:
        raise MeasuredWhole
    ledger = Ledger(days, since, known.ledger)
    excerpt = _Days(question, since, first)
    part = replace(engine, days=Days(days.calendar, first, days.last), excerpt=excerpt, ledger=ledger, read=Reads())
    result = part.run(metric)
    if ledger.choices != known.choices:
        raise MeasuredWhole
    return Again(since, result, ledger.frame())


def first_day_needed(days: Days, baselines: Mapping[str, Period], since: date) -> date:
    """The first day whose units the windows that end after `since` rest on: the beginning of the week of a quarter's.

    Each is differenced with the window a quarter before and compared with one before it or with its baseline; a
    trailing year, with the year before. A unit that is made of a week needs all of it.
    """
    calendar = days.calendar
    needed = [
        calendar.floor(since, "week") - WEEKS_BEFORE,
        *(add_months(calendar.floor(since, grain), -MONTHS_PER_QUARTER) for grain in ("month", "quarter")),
        *(period.start for period in baselines.values()),
    ]
    before = 0 if all(tier in baselines for tier in (*TIERS, MIXED)) else MONTHS_PER_YEAR
    years = calendar.windows(days.first, days.last, "trailing_year")
    needed += [add_months(year.start, -before) for year in years if year.end > since]
    return max(calendar.floor(calendar.floor(min(needed), "quarter"), "week"), days.first)
