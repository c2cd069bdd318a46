"""A metric measured again from its first changed window on, where an earlier build has given the windows before.

A window rests on its own units, on windows before it (the average over a year, what it is compared with) and on
baselines, never on windows after it. So when the first unit that is new, gone or different falls on some day, all that
was given of windows that end by then still holds, and only the later ones are measured, on the units that they need.
What changed is found by the metric's own queries, run on the rows of the facts that differ between the builds: a query
that has not been asked there gives nothing, and what cannot be told apart like this is measured whole:

- counts, for their dispersion is one figure over all windows, and stocks and downtime, which reach over many;
- queries that depend on more than a row and its columns: those that look into another relation, and those that hold
  the cut, once that has moved, unless it says how long something has lasted or been open so far;
- organisations whose services moved between tiers, for they are measured twice.

Belongs here: what is measured again. Does not: what is kept between builds, and where (`pipelines.reuse`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import polars as pl

from metrics.aggregate import Engine, Result
from metrics.calendar import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, Period, add_months
from metrics.differences import Differences, MeasuredWhole, more_of
from metrics.estimators.distribution import OF_COHORTS
from metrics.facts.sql import timestamp
from metrics.lasted import Lasted, Lasting, without_cut
from metrics.ledger import Ledger
from metrics.model import Concurrency, Distribution, Load, Metric, PerTeamWeek, Ratio
from metrics.reads import Reads
from metrics.row_notes import with_asides_again
from metrics.units import MIXED, TIERS, Days

DAY = timedelta(days=1)
WEEKS_BEFORE = timedelta(weeks=13)
"""A week is differenced with the one so long before (`metrics.stats.successive`)."""
FLATTERED_STATISTIC = "p50"
"""Of which cohorts say where unfinished work flatters it (`metrics.estimators.distribution`)."""
WORTH_IT = 0.75
"""Share of the days beyond which a metric is measured whole: the rest would save less than it costs to find."""


class ChangedEarlier(Exception):  # noqa: N818 -- no error: it ends an attempt
    """A query's units changed before the day from which on they were to be measured again."""

    def __init__(self, expected: date, day: date) -> None:
        """Name that day, and the first on which they changed."""
        super().__init__(day)
        self.expected = expected
        self.day = day


@dataclass(frozen=True)
class Known:
    """What an earlier build knew of a metric: its cut, the first end of a provisional window, summands, choices."""

    cut: datetime
    provisional: date | None
    ledger: pl.DataFrame
    choices: list[list[str]]
    lasted: Mapping[str, Lasting] = field(default_factory=dict)
    """Of what has lasted, by query."""


@dataclass(frozen=True)
class _Changes:
    """Tells of each query on which day the first of its units changed."""

    engine: Engine
    known: Known
    differences: Differences
    by_week: bool
    """Whether a unit is made of a week, and so counts in the window in which its week began."""
    longest: dict[str, float] = field(default_factory=dict)
    """By query of what has lasted, how long anything took at most until it ended."""
    found: dict[tuple[str, int | None], date] = field(default_factory=dict)

    def first_day(self, query: str, begins: int | None, *, lasting: bool) -> date:
        """The local day from which on what a query gives may count otherwise; `date.max` where nothing has changed.

        Args:
            query: gives units as `Engine.units` does.
            begins: as there.
            lasting: as there.

        Raises:
            MeasuredWhole: that cannot be told.
        """
        if (query, begins) not in self.found:
            self.found[query, begins] = self._first_day(query, begins, lasting)
        return self.found[query, begins]

    def _first_day(self, query: str, begins: int | None, lasting: bool) -> date:
        if query.lower().count("select") > 1:  # it reaches beyond the row
            raise MeasuredWhole
        before = query.replace(f"timestamp '{self.engine.cut}'", f"timestamp '{self.known.cut}'")
        if begins is not None:
            first = self._day_of(self._first_end_or_beginning(before, query, begins))
        elif lasting:
            first = self._first_that_lasted(before, query)
        elif before == query:
            first = self._day_of(self.differences.first(query, query))
        else:
            raise MeasuredWhole
        return self.begin(first)

    def begin(self, day: date) -> date:
        """The first day that may count otherwise when something has changed on a day."""
        return self.engine.calendar.floor(day, "week") if self.by_week and day != date.max else day

    def _first_end_or_beginning(self, before: str, after: str, begins: int) -> object:
        """The first instant at which a unit begins or ends that did not before.

        What lasts to the cut has not ended: how a day went does not depend on how long after it anything was open.
        """
        differing = self.differences.of(before, after)
        start, stop = (pl.col(f"number_{number}").cast(pl.Int64) for number in (begins, begins + 1))
        cut = pl.when(pl.col("more") < 0).then(pl.lit(self.known.cut)).otherwise(pl.lit(self.engine.cut))
        whose = pl.exclude("instant", "more", f"number_{begins}", f"number_{begins + 1}")
        begun = differing.select(whose, "more", at=start)
        ended = differing.filter(stop != cut.dt.epoch("us")).select(whose, -pl.col("more"), at=stop)
        return more_of(pl.concat([begun, ended]))["at"].min()

    def _first_that_lasted(self, before: str, after: str) -> date:
        """The first day of units that a product-limit estimate may take otherwise.

        What is open counts for as long as it has been seen, which the cut moves. But once that is longer than anything
        took that has ended, it is at risk of every end there is, and however much longer changes nothing.
        """
        name = without_cut(after, self.engine.cut)
        found = self._still_known(self.known.lasted.get(name), before, after) or self._looked_up(before, after)
        self.longest[name] = found.longest
        capped = f"select * replace (least(number_0, {found.longest!r}) as number_0)"
        differing = self.differences.first(f"{capped} from ({before})", f"{capped} from ({after})")
        opened = found.opened if self.known.cut != self.engine.cut else None
        return min(self._day_of(differing), opened or date.max)

    def _still_known(self, known: Lasting | None, before: str, after: str) -> Lasting | None:
        """What an earlier build knew, if the longest is still there, and nothing has taken longer since."""
        if known is None:
            return None
        longest = "select coalesce(max(number_0), 0)::double as longest from ({}) where number_1 > 0"
        gone, new = (
            side["longest"].item() for side in self.differences.sides(longest.format(before), longest.format(after))
        )
        return known if new <= known.longest and (gone < known.longest or new == known.longest) else None

    def _looked_up(self, before: str, after: str) -> Lasting:
        """The same, read off all facts."""
        scan = self.engine.connection.execute
        (longest,) = scan(f"select coalesce(max(number_0), 0) from ({after}) where number_1 > 0").fetchone() or (0,)
        opened = f"select min(instant) from ({before}) where number_1 = 0 and number_0 < {longest!r}"
        day = self._day_of((scan(opened).fetchone() or (None,))[0])
        return Lasting(float(longest), None if day == date.max else day)

    def _day_of(self, instant: object) -> date:
        """The local day of an instant in microseconds since 1970; `date.max` where there is none."""
        return self._local_day(int(instant)) if isinstance(instant, int | float) else date.max

    def _local_day(self, microseconds: int) -> date:
        return self.engine.calendar.local_day(datetime(1970, 1, 1) + timedelta(microseconds=microseconds))  # noqa: DTZ001 -- UTC


@dataclass
class _Question:
    """An excerpt that reads nothing: it finds the first day on which any units that are asked for changed."""

    changes: _Changes
    since: date = date.max

    @property
    def days(self) -> Days:
        """All of them."""
        return self.changes.engine.days

    def of(self, query: str, time: str, begins: int | None, *, lasting: bool) -> str:  # noqa: ARG002 -- the signature of an excerpt
        """The query, without rows."""
        self.since = min(self.since, self.changes.first_day(query, begins, lasting=lasting))
        return f"{query} and false"

    def shared(self, fact: str, time: str) -> str | None:  # noqa: ARG002 -- the signature of an excerpt
        """None: nothing is read."""
        return None


@dataclass(frozen=True)
class _Days:
    """An excerpt of some days, as long as what is asked for has not changed before `since`."""

    changes: _Changes
    since: date
    days: Days

    def of(self, query: str, time: str, begins: int | None, *, lasting: bool) -> str:
        """The query on these days only."""
        day = self.changes.first_day(query, begins, lasting=lasting)
        if day < self.since:
            raise ChangedEarlier(self.since, day)
        return f"{query} and ({time}) >= {timestamp(self.days.calendar.instant(self.days.first))}"

    def shared(self, fact: str, time: str) -> str | None:
        """The relation of recent rows, if it has all of these days."""
        recent = self.changes.differences.recent
        return recent.relation if recent is not None and recent.has(fact, time, self.days.first) else None


@dataclass(frozen=True)
class Again:
    """What a metric came to in the windows that end after `since`; None where no window does.

    Its cohorts of unfinished work are given from `cohorts_since` on, which is no later.
    """

    since: date
    cohorts_since: date
    result: Result | None
    ledger: pl.DataFrame
    lasted: Mapping[str, Lasting]

    def values(self, before: pl.DataFrame) -> pl.DataFrame:
        """The rows of an earlier build that still hold, and those measured again."""
        if self.result is None:
            return before
        ends, of_cohorts = pl.col("window_end"), pl.col("statistic").is_in(OF_COHORTS)
        held = before.filter((ends <= self.cohorts_since) | (~of_cohorts & (ends <= self.since)))
        return pl.concat([self.with_asides(held), self.result.values])

    def contrasts(self, before: pl.DataFrame) -> pl.DataFrame:
        """The same of contrasts."""
        if self.result is None:
            return before
        return pl.concat([before.filter(pl.col("window_end") <= self.since), self.result.contrasts])

    def with_asides(self, held: pl.DataFrame) -> pl.DataFrame:
        """Rows that still hold, with what unfinished work has to say of them now."""
        if self.result is None or self.cohorts_since >= self.since:
            return held
        return pl.concat([held.filter(~self.is_told), with_asides_again(held.filter(self.is_told), self.result.asides)])

    @property
    def is_told(self) -> pl.Expr:
        """Of which rows unfinished work has something to say."""
        is_there = pl.col("statistic").is_in([FLATTERED_STATISTIC]) & (pl.col("segment_kind") != "repo")
        return is_there & (pl.col("window_end") > self.cohorts_since)


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
    changes = _Changes(engine, known, differences, by_week)
    question, of_cohorts = _Question(changes), _Question(changes)
    try:
        replace(engine, excerpt=question, excerpt_of_cohorts=of_cohorts, ledger=None, lasted=None).run(metric)
        still_open = changes.begin(_still_open(engine, known))
        since, cohorts_since = min(question.since, still_open), min(of_cohorts.since, still_open)
        while True:
            try:
                return _run_since(metric, known, changes, since, min(since, cohorts_since))
            except ChangedEarlier as changed:
                since, cohorts_since = (
                    changed.day if each == changed.expected else each for each in (since, cohorts_since)
                )
    except MeasuredWhole:
        return None


def _still_open(engine: Engine, known: Known) -> date:
    """The day from which on windows have to be given again because the cut has moved."""
    if known.cut == engine.cut:
        return date.max
    ended = engine.calendar.local_day(known.cut) - DAY
    return ended if known.provisional is None else min(ended, known.provisional - DAY)


def _run_since(metric: Metric, known: Known, changes: _Changes, since: date, cohorts_since: date) -> Again:
    """Measure the windows that end after `since`, of cohorts those after `cohorts_since`.

    Raises:
        ChangedEarlier: some units changed before.
        MeasuredWhole: it would take most of the days, or the choices are others.
    """
    if cohorts_since == date.max:
        return Again(since, cohorts_since, None, known.ledger, known.lasted)
    engine, days = changes.engine, changes.engine.days
    first = first_day_needed(days, engine.baselines, min(since, days.last))
    if (days.last - first).days > WORTH_IT * (days.last - days.first).days:
        raise MeasuredWhole
    first_of_years = first_day_of_years(days, engine.baselines, since)
    years_apart = first_of_years < first
    if years_apart and any(isinstance(each, Concurrency | PerTeamWeek) for each in metric.estimators):
        raise MeasuredWhole  # what is open day by day is most of the work
    ledger = Ledger(days, since, known.ledger)
    excerpt = _Days(changes, since, Days(days.calendar, first, days.last))
    opened = days.calendar.floor(days.calendar.floor(min(cohorts_since, days.last), "quarter"), "week")
    cohorts = _Days(changes, cohorts_since, Days(days.calendar, max(opened, days.first), days.last))
    lasted = Lasted(engine.cut, changes.longest)
    engine = replace(engine, ledger=ledger, lasted=lasted, read=changes.differences.read)
    part = replace(engine, days=excerpt.days, excerpt=excerpt, excerpt_of_cohorts=cohorts)
    result = replace(part, compares_years=not years_apart).run(metric)
    if ledger.choices != known.choices:
        raise MeasuredWhole
    if years_apart:
        contrasts = _of_years(part, metric, replace(excerpt, days=Days(days.calendar, first_of_years, days.last)))
        result = replace(result, contrasts=pl.concat([result.contrasts, contrasts]))
    return Again(since, cohorts_since, result, ledger.frame(), lasted.noted)


def _of_years(part: Engine, metric: Metric, excerpt: _Days) -> pl.DataFrame:
    """Contrasts of the trailing years that end after `since`: of more days, but only these."""
    ended = [replace(each, unfinished=None) if isinstance(each, Distribution) else each for each in metric.estimators]
    engine = replace(part, days=excerpt.days, excerpt=excerpt, excerpt_of_cohorts=None, only_years=True, ledger=None)
    return replace(engine, read=Reads()).run(replace(metric, estimators=tuple(ended))).contrasts


def first_day_needed(days: Days, baselines: Mapping[str, Period], since: date) -> date:
    """The first day whose units the windows that end after `since` rest on: the beginning of the week of a quarter's.

    Each is differenced with the window a quarter before and compared with one before it or with its baseline. A unit
    that is made of a week needs all of it.
    """
    calendar = days.calendar
    needed = [
        calendar.floor(since, "week") - WEEKS_BEFORE,
        *(add_months(calendar.floor(since, grain), -MONTHS_PER_QUARTER) for grain in ("month", "quarter")),
        *(period.start for period in baselines.values()),
    ]
    return max(calendar.floor(calendar.floor(min(needed), "quarter"), "week"), days.first)


def first_day_of_years(days: Days, baselines: Mapping[str, Period], since: date) -> date:
    """The same of the trailing years that end after `since`; `date.max` where none does.

    Each is compared with its baseline, or with the year before.
    """
    years = [year for year in days.years if year.end > since]
    if not years:
        return date.max
    before = 0 if all(tier in baselines for tier in (*TIERS, MIXED)) else MONTHS_PER_YEAR
    needed = [*(add_months(year.start, -before) for year in years), *(period.start for period in baselines.values())]
    return max(days.calendar.floor(days.calendar.floor(min(needed), "quarter"), "week"), days.first)
