"""What the footers of parts tell of columns, whoever wrote them."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.part_footers import footers, footers_by_part
from pipelines.parts import write_frame, write_part

ROWS = {
    "good": [1.0, None, 3.0],
    "not_a_number": [1.0, float("nan"), 3.0],
    "infinite": [1.0, float("inf"), 3.0],
    "nothing": pl.Series([None, None, None], dtype=pl.Float64),
    "same": ["a", "a", "a"],
    "long": ["a" * 100] * 3,
    "two": ["a", "b", "a"],
    "some": ["a", None, "a"],
}


@pytest.fixture(params=["polars", "DuckDB"])
def part(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    frame = pl.DataFrame(ROWS)
    if request.param == "polars":
        return tmp_path / write_frame(frame, tmp_path).name
    connection = duckdb.connect()
    connection.register("frame", frame.to_arrow())
    return tmp_path / write_part(connection, "select * from frame", tmp_path).name


def test_finite_numbers_are_told_from_what_is_none(part: Path) -> None:
    told = footers(duckdb.connect(), [part])
    assert told["good"].is_finite
    assert told["good"].is_within(low=1, high=3)
    assert not told["good"].is_within(low=2)
    assert told["nothing"].is_within(low=1)
    for name in ("not_a_number", "infinite"):
        assert not (told[name].is_finite and told[name].is_within())


def test_nulls_are_counted(part: Path) -> None:
    told = footers(duckdb.connect(), [part])
    assert [told[name].nulls for name in ("good", "nothing", "same", "some")] == [1, 3, 0, 1]
    assert told["same"].knows_nulls


def test_a_constant_has_one_value_no_nulls_and_is_short(part: Path) -> None:
    told = footers_by_part(duckdb.connect(), [part])[part]
    assert told["same"].constant == "a"
    assert [told[name].constant for name in ("long", "two", "some", "nothing")] == [None] * 4


def test_no_parts_tell_nothing() -> None:
    assert footers(duckdb.connect(), []) == {}
