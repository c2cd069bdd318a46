"""The one engine that runs every definition: facts in, `metric_values` and contrasts out.

A definition is data (`metrics.model`); its worked examples run through this same engine. Units come out of DuckDB as
integer-coded columns
(`metrics.units`), are sorted once by value, and every window, tier and segment is read off that order
(`metrics.stats`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import GRAINS, Calendar, Period
from metrics.contrasts import ContrastRows
from metrics.estimators import concurrency, count, distribution, downtime, load, ratio, stock, team_weeks, variation
from metrics.estimators.base import Segmentation, Target
from metrics.facts.origins import MOVED
from metrics.facts.sql import timestamp
from metrics.gaps import Gap, gaps_of
from metrics.ground import (
    days_of,
    empty_tables,
    engineers_of,
    moved_services,
    names_of,
    onboardings_of,
    prepare,
)
from metrics.ledger import Ledger
from metrics.model import (
    Concurrency,
    Count,
    Distribution,
    Downtime,
    Estimator,
    Load,
    Metric,
    PerTeamWeek,
    Ratio,
    Stock,
    Variation,
)
from metrics.pending import PendingUnits
from metrics.reads import Reads, nulls_of
from metrics.row_notes import with_row_notes
from metrics.rows import ValueRows
from metrics.units import AI_USES, MIXED, TIERS, Days, Integers, Order, Units, constant, constant_number
from metrics.views import ORIGIN
from metrics.watch_notes import with_watch_notes

RUNNERS: dict[type[Estimator], Callable[[Target, Any], None]] = {
    Distribution: distribution.run,
    Ratio: ratio.run,
    Count: count.run,
    Downtime: downtime.run,
    Stock: stock.run,
    Variation: variation.run,
    Load: load.run,
    Concurrency: concurrency.run,
    PerTeamWeek: team_weeks.run,
}
"""The walk that each kind of estimator needs."""


class Excerpt(Protocol):
    """Some of the days, to which units are restricted (`metrics.reuse`)."""

    @property
    def since(self) -> date:
        """Only windows that end later are given."""

    @property
    def days(self) -> Days:
        """The days."""

    def of(self, query: str, time: str, begins: int | None, *, lasting: bool) -> str:
        """The query of units, restricted to these days.

        Args:
            query: gives units as `Engine.units` does.
            time: SQL of their instant.
            begins: which of their numbers is an earlier instant, from which on they count up to the one that is the
                next number; None where none is.
            lasting: whether their numbers are how long each has lasted, to the cut if it is open, and whether it ended.
        """


SHARED = ("measured_changes",)
"""Facts that most definitions read: what all need of them is kept."""


@dataclass(frozen=True)
class Engine:
    """Facts on a DuckDB connection, and the calendar, cut and baselines under which definitions are run.

    The connection sees the facts by name, each with `tier`, `_repo`, `_team` (dense codes) and, where it applies,
    `ai_use`;
    `repositories` and `teams` name the codes.
    """

    connection: duckdb.DuckDBPyConnection
    calendar: Calendar
    cut: datetime
    days: Days
    repositories: Sequence[str]
    teams: Sequence[str]
    baselines: Mapping[str, Period] = field(default_factory=dict)
    """The period named per tier ('1' to '4', 'untiered', 'all').

    A tier without one is compared with the window before.
    """
    empty_inputs: frozenset[str] = frozenset()
    """Event tables in which nothing has been loaded: what is measured from them has no value then, rather than zero."""
    moved: int = 0
    """How many services changed their tier after the baseline (`metrics.facts.origins`)."""
    onboardings: Mapping[str, date] = field(default_factory=dict)
    """The local day on which each onboarded repository was."""
    by_origin: bool = False
    """Whether those stand in the tier that they had when the baseline ended, rather than in the register's."""
    engineers: NDArray[np.float64] | None = None
    """Engineers per team and day (`metrics.capacity`); None where no capacity is given."""
    excerpt: Excerpt | None = None
    """The only days that are read, where an earlier build has given the windows before."""
    excerpt_of_cohorts: Excerpt | None = None
    """The same for cohorts of unfinished work, which change where work is open that began long ago."""
    compares_years: bool = True
    """Whether trailing years are compared with what went before."""
    only_years: bool = False
    """Whether that is all that is wanted."""
    ledger: Ledger | None = None
    """Where what windows add to the averages of later ones is kept for the next build."""
    read: Reads = field(default_factory=Reads, compare=False)
    """What has been read of the facts: the same rows are asked for by several metrics, views and spans."""

    @classmethod
    def over(
        cls,
        connection: duckdb.DuckDBPyConnection,
        calendar: Calendar,
        cut: datetime,
        baselines: Mapping[str, Period] | None = None,
        *,
        include_bots: bool = False,
        days: Days | None = None,
    ) -> "Engine":
        """An engine on a connection that has the facts and dimensions of `metrics.facts`.

        Args:
            connection: sees the facts, `repo_dimension` and `team_dimension`, and event tables where they are at hand.
            calendar: the workspace's.
            cut: the instant up to which events count (UTC, zone-less).
            baselines: the period named per tier.
            include_bots: whether changes by bots count in the metrics of changes.
            days: the local days of the facts, where they are known.
        """
        prepare(connection, include_bots)
        # Columns that are read one query after another stand side by side.
        connection.execute("set preserve_insertion_order = true")
        days = days or days_of(connection, calendar, cut)
        teams = names_of(connection, "team_dimension", "_team", "team")
        return cls(
            connection,
            calendar,
            cut,
            days,
            names_of(connection, "repo_dimension", "_repo", "repo_id"),
            teams,
            baselines or {},
            empty_tables(connection),
            moved_services(connection, calendar, baselines or {}),
            onboardings_of(connection, calendar),
            engineers=engineers_of(connection, teams, days),
        )

    def run(self, metric: Metric) -> "Result":
        """Values and contrasts of one definition; empty frames where nothing was measured."""
        measured, asides, contrasts = self._measured(metric)
        if self.empty_inputs.intersection(metric.inputs):
            return Result(measured[0][1], contrasts)
        values = pl.concat(
            [with_row_notes(with_watch_notes(source, metric, rows), asides) for source, rows in measured]
        )
        pending = PendingUnits.of(self, metric)
        contrasts = pl.concat([contrasts, *self._by_origin(metric)])
        if self.excerpt is not None:
            contrasts = contrasts.filter(pl.col("window_end") > self.excerpt.since)
        return Result(pending.keep_provisional(values), pending.keep_provisional(contrasts), asides)

    def _measured(self, metric: Metric) -> tuple[list[tuple["Engine", pl.DataFrame]], pl.DataFrame, pl.DataFrame]:
        """Rows and on which days, what is to be said of some, and contrasts; empty frames where nothing was measured.

        What estimators collect is gone when this ends: millions of rows are held once, as frames.
        """
        sources, contrasts = [self], ContrastRows()
        if self.excerpt_of_cohorts is not None:
            # What is chosen by all days is written down once.
            cohorts = replace(self, days=self.excerpt_of_cohorts.days, excerpt=self.excerpt_of_cohorts, ledger=None)
            sources.append(cohorts)
        found = [
            ValueRows(metric.id, metric.version, since=each.excerpt.since if each.excerpt else None) for each in sources
        ]
        target, *others = (
            Target(source, metric, values, contrasts, self.ledger)
            for source, values in zip(sources, found, strict=True)
        )
        target = replace(target, unfinished=others[0] if others else None)
        if not self.empty_inputs.intersection(metric.inputs):
            for estimator in metric.estimators:
                RUNNERS[type(estimator)](target, estimator)
        rows = [(source, values.frame()) for source, values in zip(sources, found, strict=True)]
        # Only unfinished work tells something of the rows of others.
        return rows, found[-1].asides(), contrasts.frame()

    def gaps(self, metric: Metric, values: pl.DataFrame) -> list[Gap]:
        """Why a metric has no rows, in all tiers or in one; `values` are its rows."""
        return gaps_of(metric, self.empty_inputs, set(values["tier"].unique()), self.watched_kinds)

    @cached_property
    def watched_kinds(self) -> Mapping[str, frozenset[str]]:
        """Per tier that has changes or deployments, the kinds of outcome that are watched for some of them."""
        found: dict[str, set[str]] = {}
        for fact in ("change_facts", "deployment_facts"):
            kinds = sorted(column for column in self.columns_of(fact) if column.endswith("_watched"))
            any_of = ", ".join(f"bool_or({kind}) as {kind}" for kind in kinds)
            by_tier = f"select tier, {any_of} from {fact} group by tier"
            query = f"select coalesce(tier::varchar, 'untiered'), * exclude (tier) from ({by_tier})"
            for tier, *seen in self.connection.execute(query).fetchall():
                names = (kind.removeprefix("_").removesuffix("_watched") for kind in kinds)
                found.setdefault(tier, set()).update(name for name, is_seen in zip(names, seen, strict=True) if is_seen)
        return {tier: frozenset(kinds) for tier, kinds in found.items()}

    def _by_origin(self, metric: Metric) -> list[pl.DataFrame]:
        """The contrasts as they would be had nothing moved between tiers, as a segmentation of their own."""
        if self.by_origin or not self.moved:
            return []
        contrasts = replace(self, by_origin=True).run(metric).contrasts
        return [contrasts.with_columns(segment_kind=pl.lit(ORIGIN), segment=pl.lit(ORIGIN))]

    @property
    def years(self) -> Sequence[Period]:
        """The trailing years that are compared with what went before."""
        return self.days.years if self.compares_years else []

    @cached_property
    def onboarded(self) -> NDArray[np.datetime64]:
        """Per repository, the local day on which it was onboarded; not a time where it is not, or not asked for."""
        days = {} if self.by_origin or self.only_years else self.onboardings
        return np.array([days.get(name) for name in self.repositories], dtype="datetime64[D]")

    def baseline(self, tier: str) -> Period | None:
        """The baseline named for a tier."""
        return self.baselines.get(tier)

    def elapsed(self, periods: Sequence[Period]) -> NDArray[np.float64]:
        """Weeks of each period that have elapsed at the cut."""
        return self.calendar.weeks_elapsed(periods, self.cut)

    def provisional(self, periods: Sequence[Period], follow_up: timedelta) -> NDArray[np.bool_]:
        """Per period, whether its follow-up has not passed at the cut."""
        ends = self.calendar.instants([period.end for period in periods])
        return np.asarray(ends + np.timedelta64(follow_up) > np.datetime64(self.cut, "us"))

    def columns_of(self, fact: str) -> frozenset[str]:
        """The columns of a fact."""
        return self.read.columns(self.connection, fact)

    def categories(self, selects: Sequence[tuple[str, str, str]]) -> list[str]:
        """All categories that (fact, filter, category) selections bear, sorted."""
        found: set[str] = set()
        for fact, where, category in selects:
            query = f"select distinct ({category})::varchar from {fact} where ({where}) and ({category}) is not null"
            found |= {row[0] for row in self.connection.execute(query).fetchall()}
        if self.ledger is not None:
            self.ledger.choices.append(sorted(found))
        return sorted(found)

    def has_any(self, fact: str, time: str, where: str = "true") -> bool:
        """Whether a fact has such rows with that instant, in whatever days an excerpt has."""
        days = self.ledger.days if self.ledger else self.days
        first, after = (self.calendar.instant(day) for day in (days.first, days.last + timedelta(days=1)))
        inside = f"({time}) >= {timestamp(first)} and ({time}) < {timestamp(after)}"
        query = f"select 1 from {fact} where ({where}) and {inside} limit 1"
        found = self.connection.execute(query).fetchone() is not None
        if self.ledger is not None:
            self.ledger.choices.append([fact] if found else [])
        return found

    def units(
        self,
        fact: str,
        where: str,
        time: str,
        numbers: Sequence[str],
        category: str | None = None,
        categories: Sequence[str] = (),
        begins: int | None = None,
        *,
        lasting: bool = False,
        order: Order | None = None,
    ) -> Units:
        """The rows of a fact as coded columns, in the order that is wanted.

        Those whose instant or any number is null, or outside the days, are left out. Where a unit counts in windows
        before its instant, `begins` says which number is the first instant (in microseconds since 1970), and the next
        is the last; where its numbers are how long it has lasted, up to the cut if it is open, and whether it has
        ended, it is `lasting`.
        """
        code = f"coalesce(list_position({list(categories)!r}, ({category})::varchar), 0) - 1" if category else None
        if fact in SHARED and not self.by_origin and self.excerpt is None:
            return self._of_shared(fact, where, time, numbers, code, order)
        # How long something has lasted is known wherever it is known when it began.
        query = self._query(fact, where, time, numbers, code, are_known=lasting)
        if self.excerpt is not None:
            query = self.excerpt.of(query, time, begins, lasting=lasting)
        given = {f"number_{i}": float(number) for i, number in enumerate(numbers) if number.isdigit()}
        given |= {} if category else {"category": -1}
        given |= {} if self._has_ai_use(fact) else {"ai_use": -1}
        return self._fetch(query, len(numbers), order, given)

    def daily(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> NDArray[np.float64]:
        """How many units there are, and what their numbers come to: (1 + numbers) × tiers × days.

        The units are those of `units`, but they are added up where they lie. Numbers must be whole, so that sums are
        the same in whatever order.
        """
        if fact in SHARED and not self.by_origin and self.excerpt is None:
            units, inside = self._rows_of_shared(fact, where, time, numbers)
            return self._by_tier_and_day(
                units.tier, units.day, [constant_number(1, len(units)), *units.numbers], inside
            )
        query = self._query(fact, where, time, numbers)
        if self.excerpt is not None:
            query = self.excerpt.of(query, time, None, lasting=False)
        step, sums = self.days.step, "".join(f", sum(number_{i}) as number_{i}" for i in range(len(numbers)))
        rows = self.read.rows(
            self.connection,
            f"select tier, instant - (instant % {step} + {step}) % {step} as instant, count(*)::double as units{sums}"
            f" from ({query}) group by all",
        )
        day = self.days.number(rows["instant"])
        columns = [rows[name] for name in ("units", *(f"number_{i}" for i in range(len(numbers))))]
        return self._by_tier_and_day(rows["tier"], day, columns, day >= 0)

    def _by_tier_and_day(
        self, tier: Integers, day: Integers, columns: Sequence[NDArray[np.float64]], inside: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Sums of columns over the rows inside: columns × tiers × days."""
        span, rows = len(self.days.all), np.flatnonzero(inside)
        place = tier[rows].astype(np.int64) * span + day[rows]
        daily = [np.bincount(place, weights=column[rows], minlength=len(TIERS) * span) for column in columns]
        return np.stack(daily).astype(np.float64).reshape(-1, len(TIERS), span)

    def _query(
        self,
        fact: str,
        where: str,
        time: str,
        numbers: Sequence[str],
        category: str | None = None,
        *,
        are_known: bool = False,
    ) -> str:
        """SQL of units, whatever their days; none of their numbers is looked at for nulls where all are known."""
        columns = "".join(f", ({number})::double as number_{i}" for i, number in enumerate(numbers))
        complete = "" if are_known else "".join(f" and ({number}) is not null" for number in numbers)
        return (
            f"select {self._whose(fact)}, ({category or -1})::integer as category,"
            f" epoch_us({time})::bigint as instant{columns}"
            f" from {self._placed(fact)} where ({where}) and ({time}) is not null{complete}"
        )

    def _whose(self, fact: str) -> str:
        """SQL of the columns that say where a row of a fact belongs."""
        ai_use = f"coalesce(list_position({list(AI_USES)!r}, ai_use), 0) - 1" if self._has_ai_use(fact) else "-1"
        return (
            "coalesce(tier, 0)::integer as tier, _repo::integer as repository,"
            f" coalesce(_team, -1)::integer as team, ({ai_use})::integer as ai_use"
        )

    def _of_shared(
        self, fact: str, where: str, time: str, numbers: Sequence[str], code: str | None, order: Order | None
    ) -> Units:
        """Units of a fact that many definitions read: where its rows belong, and their days, are fetched but once."""
        rows, inside = self._rows_of_shared(fact, where, time, numbers, code)
        return self._completed(rows.chosen(inside, order))

    def _rows_of_shared(
        self, fact: str, where: str, time: str, numbers: Sequence[str], code: str | None = None
    ) -> tuple[Units, NDArray[np.bool_]]:
        """All rows of such a fact, and which of them are units.

        Every query gives all rows, in the order of the file, so that the columns of several stand side by side. Nothing
        is asked for that is known: a number that is the same everywhere, or a condition that always holds.
        """
        whose = self.read.always(self.connection, f"select {self._whose(fact)} from {fact}")
        inside = (day := self._days_of(fact, time)) >= 0
        asked = {f"number_{i}": number for i, number in enumerate(numbers) if not number.isdigit()}
        columns = [f"({number})::double as {name}" for name, number in asked.items()]
        columns += [] if where == "true" else [f"({where}) is true as inside"]
        columns += [f"({code})::integer as category"] if code else []
        rows = self.read.rows(self.connection, f"select {', '.join(columns)} from {fact}") if columns else {}
        for name in ("inside", *map(nulls_of, asked)):
            if name in rows:
                inside &= rows[name] if name == "inside" else ~rows[name]
        given = tuple(
            rows[name] if (name := f"number_{i}") in asked else constant_number(float(number), len(day))
            for i, number in enumerate(numbers)
        )
        category = rows["category"] if code else constant(-1, len(day))
        return Units(whose["tier"], whose["repository"], whose["team"], whose["ai_use"], category, day, given), inside

    def _days_of(self, fact: str, time: str) -> Integers:
        """Per row of a fact the number of its day; -1 outside the days, or without an instant."""
        unknown = np.iinfo(np.int64).min // 2

        def make() -> Integers:
            query = f"select coalesce(epoch_us({time}), {unknown})::bigint as instant from {fact}"
            instants = self.connection.execute(query).fetchnumpy()["instant"]
            return self.days.number(np.asarray(instants))

        return self.read.made((fact, time, self.days.first, self.days.last, self.calendar), make)

    def _placed(self, fact: str) -> str:
        """The fact, with what has moved between tiers in its first one if so wished."""
        if not self.by_origin or "_service" not in self.columns_of(fact):
            return fact
        return (
            f"(select f.* replace (coalesce(o.tier, f.tier) as tier) from {fact} f"
            f" left join {MOVED} o on o._repo = f._repo and o._service = f._service)"
        )

    def unions(self, fact: str, where: str, start: str, end: str, holder: str) -> Units:
        """Unions of [start, end) per holder: units at their first instant, in hours, in their most critical tier."""
        return self._fetch(
            f"""with spans as (select {holder} as holder, tier, _repo, _team, {start} as start, {end} as stop
                    from {fact} where ({where}) and ({start}) is not null),
                marked as (select *, coalesce(start > max(stop) over earlier, true) as begins from spans window
                earlier as
                    (partition by holder order by start, stop rows between unbounded preceding and 1 preceding)),
                numbered as (select *, sum(begins::int) over (partition by holder order by start, stop) as island from
                marked)
                select coalesce(max(tier), 0)::integer as tier, arg_min(_repo, start)::integer as repository,
                    coalesce(arg_min(_team, start), -1)::integer as team, -1::integer as ai_use,
                    -1::integer as category,
                    epoch_us(min(start))::bigint as instant,
                    ((epoch_us(max(stop)) - epoch_us(min(start))) / 3.6e9)::double as number_0
                from numbered group by holder, island order by instant, repository""",
            1,
        )

    def _fetch(
        self, query: str, count: int, order: Order | None = None, given: Mapping[str, float] | None = None
    ) -> Units:
        """Runs a query for units, and keeps those that fall into the days.

        Units without a repository (incidents of a service that none is known for) share one of their own, the last.

        Args:
            query: gives units, with so many numbers.
            count: how many these are.
            order: the one that is wanted.
            given: columns that are the same in all rows, which are not fetched.
        """
        known = given or {}
        fetched = f"select * exclude ({', '.join(known)}) from ({query})" if known else query
        rows = self.read.rows(self.connection, fetched)
        day = self.days.number(rows["instant"])
        codes = {name: constant(int(known[name]), len(day)) for name in ("ai_use", "category") if name in known}
        units = Units(
            rows["tier"],
            rows["repository"],
            rows["team"],
            codes["ai_use"] if "ai_use" in codes else rows["ai_use"],
            codes["category"] if "category" in codes else rows["category"],
            day,
            tuple(
                constant_number(known[name], len(day)) if (name := f"number_{i}") in known else rows[name]
                for i in range(count)
            ),
        )
        return self._completed(units.chosen(day >= 0, order))

    def _completed(self, units: Units) -> Units:
        """Units of which those without a repository have the last, and what loops read lies there row by row."""
        filled = replace(units, numbers=tuple(np.ascontiguousarray(column) for column in units.numbers))
        if (units.repository >= 0).all():
            return filled
        nowhere = np.int32(len(self.repositories))
        return replace(filled, repository=np.where(units.repository < 0, nowhere, units.repository))

    def _has_ai_use(self, fact: str) -> bool:
        """Whether the fact tells how AI was used."""
        return "ai_use" in self.columns_of(fact)

    def segmentations(self, metric: Metric, categories: Sequence[str], units: Units) -> list[Segmentation]:
        """How finely a metric is given, as the contract says; untiered units are shown, never folded into a tier."""
        plans = [
            Segmentation("all", ["all"], GRAINS, TIERS, True),
            Segmentation("all", ["all"], GRAINS, [MIXED], True),
        ]
        if self.only_years:
            return [replace(plan, grains=(), has_rows=False) for plan in plans]
        if self.by_origin:
            return plans
        if (units.ai_use >= 0).any():
            plans.append(Segmentation("ai_use", AI_USES, GRAINS, TIERS, True))
        if categories:
            plans.append(Segmentation("category", categories, GRAINS, TIERS, True))
        if metric.core and self.repositories:
            if self.teams:
                plans.append(Segmentation("team", self.teams, ("month", "quarter"), TIERS, False))
            plans.append(Segmentation("repo", self.repositories, ("quarter",), TIERS, False))
        return plans


@dataclass(frozen=True)
class Result:
    """What one definition came to: rows of `metric_values`, and contrasts of windows with baselines."""

    values: pl.DataFrame
    contrasts: pl.DataFrame
    asides: pl.DataFrame = field(default_factory=pl.DataFrame)
    """What unfinished work has to say of rows of `values`, by place (`ValueRows.asides`)."""
