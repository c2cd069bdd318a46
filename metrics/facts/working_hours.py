"""Waits in working hours: the same waits on a clock that stands still outside them (an option of the workspace).

`working_days(day_us, open_us, close_us, before_us)` has a row per local day: when it begins, when work does, and the
working time before it. The working time before an instant is then one lookup and one sum, and that between two a
difference; a day on which the clock changes has the hours that it has. `working_waits(change_key, pickup_seconds,
review_seconds)` has a row per reviewed change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from metrics.facts.sql import create_table

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORKING_DAYS = (0, 1, 2, 3, 4)
"""Monday to Friday."""


@dataclass(frozen=True)
class WorkingHours:
    """When work is done: weekdays (Monday is 0), from `start` to `end` local time, but not on holidays.

    Raises:
        ValueError: The day ends before it starts, or no day is one of work.
    """

    timezone: str = "UTC"
    weekdays: tuple[int, ...] = WORKING_DAYS
    start: time = time(9)
    end: time = time(17)
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse hours in which nothing could be done."""
        if self.end <= self.start:
            raise ValueError(f"working hours: the day ends at {self.end}, before it starts at {self.start}")
        if not set(self.weekdays) & set(range(7)):
            raise ValueError("working hours: no weekday is one of work; name some")

    def days(self, first: date, last: date) -> pl.DataFrame:
        """A row per local day: instants in microseconds since 1970 (UTC), and the working time before the day."""
        rows, before = [], 0
        for day, opens, closes in self._hours(first, last):
            rows.append((self._microseconds(day, time()), opens, closes, before))
            before += closes - opens
        return pl.DataFrame(rows, schema=["day_us", "open_us", "close_us", "before_us"], orient="row")

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, int, int]]:
        """Each day with the instants at which its work begins and ends; the same one on days without work."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            opens = self._microseconds(day, self.start)
            works = day.weekday() in self.weekdays and day not in self.holidays
            yield day, opens, self._microseconds(day, self.end) if works else opens

    def _microseconds(self, day: date, at: time) -> int:
        """An instant by the local clock, in microseconds since 1970."""
        return (datetime.combine(day, at, tzinfo=ZoneInfo(self.timezone)) - EPOCH) // MICROSECOND


def create_working_waits(connection: duckdb.DuckDBPyConnection, hours: WorkingHours | None) -> None:
    """Make `working_waits` from `milestones`, where the workspace keeps such a clock."""
    if hours is None:
        return
    first, last = _span(connection)
    if first is None or last is None:
        create_table(connection, "working_waits", NO_WAITS)
        return
    days = hours.days(first - timedelta(days=2), last + timedelta(days=2))
    connection.register("given_days", days.to_arrow())
    create_table(connection, "working_days", "select * from given_days")
    connection.unregister("given_days")
    create_table(connection, "working_waits", WAITS)
    connection.execute("drop table working_days")


def _span(connection: duckdb.DuckDBPyConnection) -> tuple[date | None, date | None]:
    """The first day on which a change was opened, and the last on which one was reviewed or merged."""
    query = "select min(opened_at)::date, max(coalesce(merged_at, first_review_at))::date from milestones"
    return connection.execute(query).fetchone() or (None, None)


NO_WAITS = """
    select 0::ubigint as change_key, 0.0::double as pickup_seconds, 0.0::double as review_seconds where false"""


def _worked(instant: str, day: str) -> str:
    """SQL of the working time before an instant, in microseconds, where the row of its day is joined."""
    return (
        f"({day}.before_us + least(greatest(epoch_us({instant}) - {day}.open_us, 0), {day}.close_us - {day}.open_us))"
    )


WAITS = f"""
    with waits as (
        select change_key, ready_at, first_review_at, coalesce(approved_at, merged_at) as done_at
        from milestones where first_review_at is not null)
    select change_key,
        ({_worked("first_review_at", "r")} - {_worked("ready_at", "a")}) / 1e6 as pickup_seconds,
        case when done_at is not null
            then ({_worked("done_at", "d")} - {_worked("first_review_at", "r")}) / 1e6 end as review_seconds
    from waits
    asof join working_days a on epoch_us(ready_at) >= a.day_us
    asof join working_days r on epoch_us(first_review_at) >= r.day_us
    asof left join working_days d on epoch_us(done_at) >= d.day_us"""
