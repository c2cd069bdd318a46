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
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import GRAINS, Calendar, Period
from metrics.contrasts import ContrastRows
from metrics.estimators import concurrency, count, distribution, downtime, load, ratio, stock, team_weeks, variation
from metrics.estimators.base import Segmentation, Target, UnitsOf
from metrics.facts.sql import timestamp
from metrics.gaps import Gap, gaps_of
from metrics.ground import (
    days_of,
    empty_tables,
    engineers_of,
    measured_among,
    moved_services,
    names_of,
    onboardings_of,
    prepare,
)
from metrics.lasted import Lasted
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
from metrics.reads import Reads
from metrics.row_notes import with_row_notes
from metrics.rows import ValueRows
from metrics.unit_reader import Among, Excerpt, UnitReader
from metrics.units import AI_USES, MIXED, TIERS, Days, Units
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
    among: Mapping[str, Among] = field(default_factory=dict)
    """What the rows of a fact are some of, where that is known (`metrics.unit_reader`)."""
    ledger: Ledger | None = None
    """Where what windows add to the averages of later ones is kept for the next build."""
    lasted: Lasted | None = None
    """Where it is noted how long units lasted, for the next build."""
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
            among=measured_among(include_bots),
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

    @cached_property
    def reader(self) -> UnitReader:
        """Where the units of definitions come from."""
        of_facts = self.connection, self.days, len(self.repositories), self.read, self.among
        return UnitReader(*of_facts, self.excerpt, self.lasted, self.by_origin)

    def columns_of(self, fact: str) -> frozenset[str]:
        """The columns of a fact."""
        return self.reader.columns_of(fact)

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

    @property
    def units(self) -> UnitsOf:
        """The rows of a fact as coded columns."""
        return self.reader.units

    def daily(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> NDArray[np.float64]:
        """How many units there are by tier and day, and what their numbers come to (`UnitReader.daily`)."""
        return self.reader.daily(fact, where, time, numbers)

    def unions(self, fact: str, where: str, start: str, end: str, holder: str) -> Units:
        """Unions of [start, end) per holder (`UnitReader.unions`)."""
        return self.reader.unions(fact, where, start, end, holder)

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
