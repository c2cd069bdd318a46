"""Months begin at local midnight, whatever the clock in UTC says."""

from datetime import date, datetime

import duckdb

from metrics.calendar import Calendar
from pipelines.local_months import local_month

BERLIN = Calendar("Europe/Berlin")


def month_of(instant: str, first: date, last: date) -> date:
    (found,) = duckdb.execute(
        f"select {local_month(BERLIN, 'happened_at', first, last)} from (select timestamp '{instant}' as happened_at)"
    ).fetchone() or (None,)
    assert isinstance(found, date)
    assert not isinstance(found, datetime)
    return found


def test_the_month_is_the_local_one_in_summer_and_in_winter() -> None:
    year = date(2026, 1, 15), date(2026, 12, 15)
    assert month_of("2026-06-30 21:59:59", *year) == date(2026, 6, 1)
    assert month_of("2026-06-30 22:00:00", *year) == date(2026, 7, 1)
    assert month_of("2026-11-30 22:59:59", *year) == date(2026, 11, 1)
    assert month_of("2026-11-30 23:00:00", *year) == date(2026, 12, 1)


def test_one_month_needs_no_asking() -> None:
    assert month_of("2026-03-09 12:00:00", date(2026, 3, 2), date(2026, 3, 30)) == date(2026, 3, 1)
