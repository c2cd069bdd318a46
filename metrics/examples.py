"""Runs a definition's worked examples through the one engine: a few rows of facts in, statistics out.

An example's rows stand in the tables that `metrics.facts` makes, with its columns and types. Columns left out are
null, but for those of an ordinary unit: tier 3, one repository, a human's change without AI, a successful production
release, a production defect, all outcomes watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from functools import cache

import duckdb
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar, add_months
from metrics.facts import FactSettings, build_control_facts, build_facts, prepare_inputs
from metrics.model import Example, Metric

MONTHS_TO_SETTLE = 12
"""After so long every follow-up has passed: an example without a cut of its own is final."""

ORDINARY: Mapping[str, object] = {
    "tier": 3,
    "repo_id": "repository",
    "service": "service",
    "team": "team",
    "_repo": 0,
    "_team": 0,
    "_service": 0,
    "ai_use": "none",
    "author_kind": "human",
    "_change_author_kind": "human",
    "_change_id": "change",
    "found_in": "production",
    "is_production": True,
    "is_security": False,
    "is_flaky": False,
    "_in_change_metrics": True,
    "_is_required": True,
}
"""What an example's unit is unless it says otherwise; `_…_watched` flags are true as well."""

ORDINARY_OF: Mapping[str, Mapping[str, object]] = {
    "change_facts": {"kind": "feature", "state": "merged", "is_rework": False},
    "deployment_facts": {"kind": "release", "status": "success"},
}


def run_example(metric: Metric, example: Example) -> dict[str, float]:
    """Every statistic that the metric makes of the example in its tier, segment and window.

    Args:
        metric: the definition.
        example: one of its worked examples (or any other).

    Returns:
        Values by statistic, without the histogram.

    Raises:
        ValueError: The example names a fact or a column that does not exist.
    """
    calendar = Calendar()
    cut = datetime.combine(example.cut or add_months(example.start, MONTHS_TO_SETTLE), time())
    connection = _empty_facts()
    connection.begin()
    try:
        for fact, rows in example.facts.items():
            _insert(connection, fact, rows)
        # The event tables are empty here, as the rows stand in the facts at once.
        engine = replace(Engine.over(connection, calendar, cut), empty_inputs=frozenset())
        values = engine.run(metric).values
    finally:
        connection.rollback()
    chosen = values.filter(
        (pl.col("tier") == example.tier)
        & (pl.col("segment_kind") == example.segment_kind)
        & (pl.col("segment") == example.segment)
        & (pl.col("grain") == example.grain)
        & (pl.col("window_start") == calendar.floor(example.start, example.grain))
        & (pl.col("statistic") != "hist")
    )
    return dict(zip(chosen["statistic"].to_list(), chosen["value"].to_list(), strict=True))


@cache
def _empty_facts() -> duckdb.DuckDBPyConnection:
    """Facts without a row, and names for the codes that examples use; made once, each example leaves it as it was."""
    connection = duckdb.connect()
    prepare_inputs(connection, {})
    build_facts(connection, FactSettings(), datetime.combine(date.min, time()))
    build_control_facts(connection)
    connection.execute(
        "insert into repo_dimension by name select range::integer as _repo, "
        "'repository' || coalesce(nullif(range, 0)::varchar, '') as repo_id from range(20)"
    )
    connection.execute("insert into team_dimension by name select 0 as _team, 'team' as team")
    return connection


def _insert(connection: duckdb.DuckDBPyConnection, fact: str, rows: object) -> None:
    """Puts an example's rows into a fact."""
    assert isinstance(rows, list | tuple)
    columns = [row[0] for row in connection.execute(f"describe {fact}").fetchall()]
    watched = {column: True for column in columns if column.endswith("_watched") or "_watched_" in column}
    ordinary = {**ORDINARY, **ORDINARY_OF.get(fact, {}), **watched}
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise ValueError(f"{fact} has no column {', '.join(sorted(unknown))}; it has {', '.join(columns)}")
        full = {column: value for column, value in ordinary.items() if column in columns} | dict(row)
        marks = ", ".join("?" * len(full))
        connection.execute(f"insert into {fact} ({', '.join(full)}) values ({marks})", list(full.values()))
