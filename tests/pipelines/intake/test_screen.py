"""The SQL screen and the pandera model hold the same rows good, for random rows of every table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb
import pandera.errors
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.conform import screen
from pipelines.intake.forms import Reading
from schemas.events import all_tables
from schemas.sql import DUCKDB_TYPES
from schemas.tables import Column, EventTable
from tests.support.workspaces import frame, sample_value

NUMBERS = st.sampled_from(
    [-101.0, -1.0, 0.0, 0.5, 1.0, 4.0, 5.0, 6.0, 100.0, 101.0, float("nan"), float("inf"), -float("inf")]
)


def _values(column: Column) -> st.SearchStrategy[Any]:
    """Values of a column's type, good ones and bad ones."""
    if column.type == "instant":
        good: st.SearchStrategy[Any] = st.sampled_from([datetime(2026, 1, day) for day in (1, 2, 3)])  # noqa: DTZ001
    elif column.type == "date":
        good = st.sampled_from([date(2026, 1, 1), date(2026, 1, 2)])
    elif column.type == "text":
        good = st.sampled_from(["", "a", "b", "EUR", *column.allowed])
    elif column.type == "integer":
        good = st.sampled_from([-1, 0, 1, 4, 5, 6])
    elif column.type == "float":
        good = NUMBERS
    elif column.type == "boolean":
        good = st.booleans()
    else:
        good = st.lists(st.sampled_from(["a", "b"]), max_size=2)
    # Mostly what a good row has, so that most rows differ from a good one in a column or two.
    return st.one_of(st.just(sample_value(column, 1)), st.just(sample_value(column, 0)), good, st.none())


def _rows(table: type[EventTable]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({column.name: _values(column) for column in table.table_columns()}),
        min_size=1,
        max_size=4,
    )


def _passes_model(table: type[EventTable], row: pl.DataFrame) -> bool:
    try:
        table.validate(row)
    except (pandera.errors.SchemaError, pandera.errors.SchemaErrors):
        return False
    return True


@pytest.mark.parametrize("name", all_tables())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_sql_screen_agrees_with_the_model(name: str, data: st.DataObject) -> None:
    table = all_tables()[name]
    rows = frame(table, data.draw(_rows(table)))
    types = {column.name: DUCKDB_TYPES[column.type] for column in table.table_columns()}
    connection = duckdb.connect()
    connection.register("incoming", rows.with_row_index("_row").to_arrow())
    plan = screen(
        table, Reading("incoming", types, "_row", rows.height), observed_at="TIMESTAMP '2026-01-01'", zone="UTC"
    )
    good = {
        number for (number,) in connection.execute(f"SELECT record FROM ({plan.typed}) WHERE {plan.good}").fetchall()
    }
    bad = {
        number
        for (number,) in connection.execute(f"SELECT record FROM ({plan.typed}) WHERE NOT ({plan.good})").fetchall()
    }
    connection.close()
    assert good == {number for number in range(rows.height) if _passes_model(table, rows[number])}
    assert bad == set(range(rows.height)) - good
