"""What is declared about tables agrees with itself, and both engines read every rule alike."""

from __future__ import annotations

import duckdb
import pandera.errors
import polars as pl
import pytest

from schemas import events, published
from schemas.sql import DUCKDB_TYPES, quoted
from schemas.tables import About, EventTable, Rule, column
from schemas.units import Unit
from tests.support.workspaces import frame, sample_rows

EVENT_TABLES = events.all_tables()


def test_event_tables_are_those_of_the_contract() -> None:
    assert len(EVENT_TABLES) == 25
    assert {name for name, table in EVENT_TABLES.items() if table.table_about().is_register} == {
        "tier_assignments", "gate_policies", "exceptions", "control_changes", "onboardings", "intents", "team_capacity",
        "coverage", "decisions", "phase_decisions", "attestations", "spend",
    }  # fmt: skip


def test_published_tables_are_those_of_the_contract() -> None:
    assert set(published.all_tables()) == {
        "change_facts", "deployment_facts", "incident_facts", "metric_values", "baselines", "comparisons", "verdicts",
        "failure_modes", "stage_gates", "recommendations", "control_effects", "findings", "definition_log",
        "quarantine", "source_status",
    }  # fmt: skip


@pytest.mark.parametrize("name", EVENT_TABLES)
def test_event_table_is_consistent(name: str) -> None:
    table = EVENT_TABLES[name]
    columns = {each.name: each for each in table.table_columns()}
    assert table.table_name() == name
    assert table.table_key()
    assert list(columns)[-2:] == ["observed_at", "deleted"]
    for each in columns.values():
        if each.parent:
            parent = EVENT_TABLES[each.parent_table]
            assert each.parent_column in parent.table_key()
        assert each.unit == "" or each.unit in list(Unit)
    for rule in table.table_about().rules:
        assert rule.column in columns


@pytest.mark.parametrize("name", EVENT_TABLES)
def test_good_rows_pass_the_model(name: str) -> None:
    table = EVENT_TABLES[name]
    table.validate(frame(table, sample_rows(table)))


@pytest.mark.parametrize("name", EVENT_TABLES)
def test_rules_and_birth_are_sql_of_both_engines(name: str) -> None:
    table = EVENT_TABLES[name]
    rows = frame(table, sample_rows(table))
    about = table.table_about()
    expressions = [rule.holds for rule in about.rules] + ([about.born] if about.born else [])
    types = ", ".join(f"NULL::{DUCKDB_TYPES[each.type]} AS {quoted(each.name)}" for each in table.table_columns())
    for expression in expressions:
        assert rows.select(pl.sql_expr(expression)).height == 2
        assert (
            duckdb.execute(f"SELECT {expression} FROM (SELECT {types})").fetchall() == [(None,)] or "NULL" in expression
        )


@pytest.mark.parametrize("name", published.all_tables())
def test_published_table_is_consistent(name: str) -> None:
    table = published.all_tables()[name]
    assert table.table_about().source
    assert table.table_grain().startswith("One ")
    assert not [each.name for each in table.table_columns() if each.name.startswith("_")]
    table.validate(table.empty())


class _Example(EventTable):
    """One example."""

    _about = About(rules=(Rule("b > a", "b", "is not more than a"),))

    example_id: str = column("its id", key=True)
    a: float = column("one", minimum=0)
    b: float = column("other", nullable=True)


@pytest.mark.parametrize(
    ("row", "passes"),
    [
        ({"example_id": "x", "a": 1.0, "b": 2.0}, True),
        ({"example_id": "x", "a": 1.0, "b": None}, True),
        ({"example_id": "x", "a": 1.0, "b": 1.0}, False),
        ({"example_id": "", "a": 1.0, "b": 2.0}, False),
        ({"example_id": "x", "a": -1.0, "b": 2.0}, False),
        ({"example_id": "x", "a": 1.0, "b": float("inf")}, False),
        ({"example_id": None, "a": 1.0, "b": 2.0}, False),
    ],
)
def test_model_holds_what_columns_and_rules_declare(row: dict[str, object], passes: bool) -> None:
    rows = frame(_Example, [{**row, "deleted": False}])
    if passes:
        _Example.validate(rows)
    else:
        with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
            _Example.validate(rows)
