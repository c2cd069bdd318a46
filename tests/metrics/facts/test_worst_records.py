"""The records named behind a figure are those that putting everything in order would name."""

from datetime import datetime, timedelta
from random import Random

import duckdb
import polars as pl
import pytest

from metrics.facts.worst_records import Span, worst_records

FIRST = datetime.fromisoformat("2026-01-01T00:00:00")
LIMIT = 3


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


SPANS: list[Span] = [
    (0, "1", day(0), day(30)),
    (1, "1", day(0), day(90)),
    (2, "all", day(30), day(60)),
    (3, "4", day(60), day(90)),
    (4, "untiered", day(0), day(90)),
]


@pytest.mark.parametrize("values", [1, 4, 1000])
def test_the_same_as_putting_all_records_of_a_window_in_order(values: int) -> None:
    """Also where all values are equal, so that the newest count, and where instants are equal, so that ids do."""
    drawn = Random(values)
    rows = [
        (f"c{number}", drawn.choice([None, 1, 2, 3, 4]), day(drawn.randrange(100)), float(drawn.randrange(values) + 1))
        for number in range(600)
    ]
    frame = pl.DataFrame(rows, schema=["id", "tier", "happened_at", "value"], orient="row")
    connection = duckdb.connect()
    connection.register("frame", frame.to_arrow())
    found = worst_records(connection, "select 'change' as kind, 'r' as repo_id, * from frame", SPANS, LIMIT)
    expected = []
    for place, tier, start, stop in SPANS:
        mine = [row for row in rows if start <= row[2] < stop and (tier == "all" or (row[1] and str(row[1]) == tier))]
        for id_, _, at, value in sorted(mine, key=lambda row: (-row[3], FIRST - row[2], row[0]))[:LIMIT]:
            expected.append((place, "change", id_, "r", f"{at.isoformat()}Z", value))
    assert found == expected
    assert {place for place, *_ in found} == {0, 1, 2, 3}


def test_windows_of_untiered_records_alone_name_none() -> None:
    assert worst_records(duckdb.connect(), "select 1", SPANS[4:], LIMIT) == []
