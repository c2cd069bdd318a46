"""Units of definitions, fetched from the facts: queries on a connection, run once where they are asked for twice.

Belongs here: how rows of a fact become coded columns, and what is counted where it lies. Does not: what is made of
units (`metrics.aggregate`, `metrics.estimators`), nor what is kept of what has been read (`metrics.reads`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from metrics.facts.origins import MOVED
from metrics.lasted import Lasted
from metrics.reads import Columns, Reads, nulls_of
from metrics.units import AI_USES, TIERS, Days, Integers, Order, Units, constant, constant_number


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
            query: gives units as `UnitReader.units` does.
            time: SQL of their instant.
            begins: which of their numbers is an earlier instant, from which on they count up to the one that is the
                next number; None where none is.
            lasting: whether their numbers are how long each has lasted, to the cut if it is open, and whether it ended.
        """

    def shared(self, fact: str, time: str) -> str | None:
        """The relation with those rows of a fact that many definitions read, if it has all of these days.

        Args:
            fact: the fact.
            time: SQL of the instant by which units fall on days.
        """


SHARED = ("measured_changes",)
"""Facts that most definitions read: what all need of them is kept."""
BEFORE_ALL_DAYS = np.int64(np.iinfo(np.int64).min // 2)
"""An instant in microseconds since 1970 that is outside whatever days there are."""
TEAM = "_team"
"""The number of a row's team, where a unit is asked for it as a number of its own."""


@dataclass(frozen=True)
class Among:
    """Where the rows of a relation come from: a wider one, and SQL of which of its rows they are."""

    relation: str
    condition: str


@dataclass(frozen=True)
class UnitReader:
    """Gives the units of facts that a connection sees by name, on the days at hand.

    Each fact has `tier`, `_repo`, `_team` (dense codes) and, where it applies, `ai_use`.
    """

    connection: duckdb.DuckDBPyConnection
    days: Days
    nowhere: int
    """The repository of units that have none: the one after the last."""
    read: Reads
    """What has been read of the facts."""
    among: Mapping[str, Among] = field(default_factory=dict)
    """What the rows of a fact are some of, where that is known."""
    excerpt: Excerpt | None = None
    """The only days that are read, where an earlier build has given the windows before."""
    lasted: Lasted | None = None
    """Where it is noted how long units lasted, for the next build."""
    by_origin: bool = False
    """Whether services that moved stand in the tier that they had when the baseline ended (`metrics.facts.origins`)."""

    def columns_of(self, fact: str) -> frozenset[str]:
        """The columns of a fact."""
        return self.read.columns(self.connection, fact)

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
        # How long something has lasted is known wherever it is known when it began.
        query = self._query(fact, where, time, numbers, code, are_known=lasting)
        some = self.excerpt.of(query, time, begins, lasting=lasting) if self.excerpt is not None else query
        if (shared := self._shared(fact, time)) is not None:
            units = self._of_shared(shared, where, time, numbers, code, order)
        else:
            given = {f"number_{i}": float(number) for i, number in enumerate(numbers) if number.isdigit()}
            given |= {} if category else {"category": -1}
            given |= {} if self._has_ai_use(fact) else {"ai_use": -1}
            units = self._fetch(some, len(numbers), order, given)
        if lasting and self.lasted is not None:
            self.lasted.note(query, units, self.days)
        return units

    def _shared(self, fact: str, time: str) -> str | None:
        """The relation of which is kept what many definitions read; None where there is none."""
        if self.by_origin or fact not in SHARED:
            return None
        return fact if self.excerpt is None else self.excerpt.shared(fact, time)

    def daily(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> NDArray[np.float64]:
        """How many units there are, and what their numbers come to: (1 + numbers) × tiers × days.

        The units are those of `units`, but they are added up where they lie. Numbers must be whole, so that sums are
        the same in whatever order.
        """
        query = self._query(fact, where, time, numbers)
        if self.excerpt is not None:
            query = self.excerpt.of(query, time, None, lasting=False)
        if (shared := self._shared(fact, time)) is not None:
            # Few sums of many rows: kept, for several definitions wait for the same outcomes.
            asked_for = ("daily", shared, where, time, *numbers, self.days.first, self.days.last, self.days.calendar)
            return self.read.made(asked_for, lambda: self._daily_of_shared(shared, where, time, numbers))
        step, sums = self.days.step, "".join(f", sum(number_{i}) as number_{i}" for i in range(len(numbers)))
        rows = self.read.rows(
            self.connection,
            f"select tier, instant - (instant % {step} + {step}) % {step} as instant, count(*)::double as units{sums}"
            f" from ({query}) group by all",
        )
        day = self.days.number(rows["instant"])
        columns = [rows[name] for name in ("units", *(f"number_{i}" for i in range(len(numbers))))]
        return self._by_tier_and_day(rows["tier"], day, columns, day >= 0)

    def _daily_of_shared(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> NDArray[np.float64]:
        """What `daily` gives of a fact that many definitions read."""
        units, inside = self._rows_of_shared(fact, where, time, numbers)
        return self._by_tier_and_day(units.tier, units.day, [constant_number(1, len(units)), *units.numbers], inside)

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
        is asked for that is known: a number that is the same everywhere, the team or the instant once more, or a
        condition that always holds.
        """
        whose = self._read_all(self.read.always, self._whose(fact), fact)
        asked = {f"number_{i}": number for i, number in enumerate(numbers) if not number.isdigit() and number != TEAM}
        columns = [f"({number})::double as {name}" for name, number in asked.items()]
        columns += [] if where == "true" else [f"({where}) is true as inside"]
        columns += [f"({code})::integer as category"] if code else []
        rows = dict(self._read_all(self.read.rows, ", ".join(columns), fact)) if columns else {}
        same = [name for name, number in asked.items() if number == f"epoch_us({time})"]
        day = self._days_of(fact, time, rows[same[0]] if same and nulls_of(same[0]) not in rows else None)
        inside = day >= 0
        for name in ("inside", *map(nulls_of, asked)):
            if name in rows:
                inside &= rows[name] if name == "inside" else ~rows[name]
        if TEAM in numbers:
            inside &= whose["team"] >= 0
            rows |= {f"number_{i}": whose["team"].astype(np.float64) for i, name in enumerate(numbers) if name == TEAM}
        given = tuple(
            rows[name] if (name := f"number_{i}") in rows else constant_number(float(number), len(day))
            for i, number in enumerate(numbers)
        )
        category = rows["category"] if code else constant(-1, len(day))
        return Units(whose["tier"], whose["repository"], whose["team"], whose["ai_use"], category, day, given), inside

    def _read_all(self, read: Callable[..., Columns], columns: str, fact: str) -> Columns:
        """Columns of all rows of such a fact: of those that it is among, leaving out the others.

        That takes NumPy less time than DuckDB, which looks at each row's columns anew once it passes over some rows.
        """
        wider = self.among.get(fact)
        if wider is None:
            return read(self.connection, f"select {columns} from {fact}")

        def make() -> NDArray[np.bool_]:
            query = f"select ({wider.condition}) is true as wanted from {wider.relation}"
            return np.asarray(self.connection.execute(query).fetchnumpy()["wanted"])

        wanted = self.read.made((fact, wider), make)
        return read(self.connection, f"select {columns} from {wider.relation}", wanted)

    def _days_of(self, fact: str, time: str, instants: NDArray[np.float64] | None = None) -> Integers:
        """Per row of a fact the number of its day; -1 outside the days, or without an instant.

        `instants` are those of all rows, in microseconds since 1970, where they are at hand.
        """

        def make() -> Integers:
            if instants is not None:
                return self.days.number(instants.astype(np.int64))
            # As they lie in the files: whoever asks for whole numbers has each row cast.
            rows = self._read_all(self.read.once, f"({time})::timestamp as instant", fact)
            found = rows["instant"].astype("datetime64[us]", copy=False).view(np.int64)
            unknown = rows.get(nulls_of("instant"))
            return self.days.number(found if unknown is None else np.where(unknown, BEFORE_ALL_DAYS, found))

        return self.read.made((fact, time, self.days.first, self.days.last, self.days.calendar), make)

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
        nowhere = np.int32(self.nowhere)
        return replace(filled, repository=np.where(units.repository < 0, nowhere, units.repository))

    def _has_ai_use(self, fact: str) -> bool:
        """Whether the fact tells how AI was used."""
        return "ai_use" in self.columns_of(fact)
