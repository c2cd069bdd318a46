"""Units of a fact and what is counted by day, against each other: of facts that are kept, and of those asked for."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from metrics.calendar import Calendar
from metrics.unit_reader import Among
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
    # What has been counted is given again, and nothing else for it.
    of_all = source.daily(fact, "true", "merged_at", ["bad::integer", "_repo", "2"])
    assert of_all[0].sum() > daily[0].sum()
    assert (source.daily(fact, "hours > 2", "merged_at", ["bad::integer", "_repo", "2"]) == daily).all()


@pytest.mark.parametrize("fact", ["measured_changes", "activity_facts"], ids=["kept", "asked for"])
def test_units_are_the_rows_that_have_all_their_numbers(fact: str) -> None:
    hours = [1.0, None, 3.0, 4.0, None, 6.0]
    frame = FRAME.head(6).with_columns(hours=pl.Series(hours), bad=pl.Series([True, True, False, None, False, True]))
    units = engine({fact: frame}).units(fact, "true", "merged_at", ["hours", "1", "bad::integer"])
    assert [column.tolist() for column in units.numbers] == [[1.0, 3.0, 6.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    # Of what compiled loops read, no column is a number that is said to stand everywhere.
    assert all(column.flags.c_contiguous for column in units.numbers)


def test_rows_that_are_some_of_others_are_the_same_read_by_themselves_or_among_them() -> None:
    random = np.random.default_rng(3)
    kinds = pl.Series(random.choice(["human", "bot", "agent", ""], len(FRAME))).replace("", None)
    not_all = pl.when(pl.Series(random.random(len(FRAME)) < 0.1)).then(None).otherwise(pl.col("merged_at"))
    everything = FRAME.with_columns(author_kind=kinds, merged_at=not_all)
    counted = "author_kind is distinct from 'bot'"
    alone = engine({"change_facts": everything, "measured_changes": everything.filter(pl.sql_expr(counted))})
    among = replace(alone, among={"measured_changes": Among("change_facts", counted)})
    numbers = ["hours", "2", "_team", "epoch_us(merged_at)"]
    found, expected = (
        each.units("measured_changes", "lines > 20", "merged_at", numbers, "category", ["logic", "style"])
        for each in (among, alone)
    )
    assert 0 < len(found) < everything.filter(pl.sql_expr(counted)).height
    for name in ("tier", "repository", "team", "ai_use", "category", "day"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name
    assert [column.tolist() for column in found.numbers] == [column.tolist() for column in expected.numbers]


@pytest.mark.parametrize("fact", ["measured_changes", "activity_facts"], ids=["kept", "asked for"])
def test_who_has_no_team_is_no_unit_where_the_team_is_a_number(fact: str) -> None:
    frame = FRAME.head(6).with_columns(_team=pl.Series([0, None, 2, None, 1, 0]))
    source = engine({fact: frame.with_columns(_team=pl.col("_team").cast(pl.Int32))})
    numbers = ["_team", "epoch_us(merged_at)"]
    units = source.units(fact, "true", "merged_at", numbers)
    merged = frame.filter(pl.col("_team").is_not_null())["merged_at"].dt.epoch("us")
    assert [column.tolist() for column in units.numbers] == [[0.0, 2.0, 1.0, 0.0], merged.cast(pl.Float64).to_list()]
    assert units.team.tolist() == [0, 2, 1, 0]
