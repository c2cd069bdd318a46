"""Units of a fact and what is counted by day, against each other: of facts that are kept, and of those asked for."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from metrics.calendar import Calendar
from tests.support.engine import changes, engine

FRAME = changes(4000)


@pytest.mark.parametrize("fact", ["measured_changes", "activity_facts"], ids=["kept", "asked for"])
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Africa/Monrovia"])
def test_what_is_counted_by_day_is_what_units_come_to(timezone: str, fact: str) -> None:
    """Clocks that change, days that begin at a quarter to, and some that began at a second between two minutes."""
    first = datetime(1969, 12, 28, 9)  # noqa: DTZ001 -- UTC, zone-less
    instants = [first + timedelta(hours=7 * number, microseconds=number) for number in range(4_000)]
    frame = FRAME.with_columns(merged_at=pl.Series(instants))
    source = engine({fact: frame}, Calendar(timezone), instants[-90], first=date(1970, 1, 1))
    daily = source.daily(fact, "hours > 2", "merged_at", ["bad::integer", "_repo", "2"])
    units = source.units(fact, "hours > 2", "merged_at", ["bad::integer", "_repo", "2"])
    counted = np.zeros_like(daily)
    for number, column in enumerate((np.ones(len(units)), *units.numbers)):
        np.add.at(counted[number], (units.tier, units.day), column)
    assert len(units) > 100
    assert (daily == counted).all()


@pytest.mark.parametrize("fact", ["measured_changes", "activity_facts"], ids=["kept", "asked for"])
def test_units_are_the_rows_that_have_all_their_numbers(fact: str) -> None:
    hours = [1.0, None, 3.0, 4.0, None, 6.0]
    frame = FRAME.head(6).with_columns(hours=pl.Series(hours), bad=pl.Series([True, True, False, None, False, True]))
    units = engine({fact: frame}).units(fact, "true", "merged_at", ["hours", "1", "bad::integer"])
    assert [column.tolist() for column in units.numbers] == [[1.0, 3.0, 6.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    # Of what compiled loops read, no column is a number that is said to stand everywhere.
    assert all(column.flags.c_contiguous for column in units.numbers)
