"""Small hand-written organisations: rows by table, turned into frames and facts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from metrics.facts import FactSettings, build_facts, prepare_inputs
from schemas.events import all_tables
from schemas.tables import ColumnType

Row = dict[str, Any]
Rows = dict[str, list[Row]]

START = datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None)
"""A Monday, from which the hours of the tests are counted; zone-less as in the warehouse."""

LATER = datetime(2027, 1, 1, tzinfo=UTC)
"""A cut after everything."""

POLARS_TYPES: dict[ColumnType, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "float": pl.Float64,
    "boolean": pl.Boolean,
    "instant": pl.Datetime("us"),
    "date": pl.Date,
    "list": pl.List(pl.String),
}


def at(hours: float) -> datetime:
    """The instant so many hours after the start."""
    return START + timedelta(hours=hours)


class Events:
    """Rows of event tables, added one by one. Columns that no row of a table gives are absent from its frame."""

    def __init__(self) -> None:
        """An organisation with nothing in it."""
        self.rows: Rows = defaultdict(list)

    def add(self, table: str, **row: Any) -> str:  # noqa: ANN401 -- a row's values are of any type
        """Add a row; returns its id, which is made up where it is not given."""
        key = all_tables()[table].table_key()[0]
        if key.endswith("_id") and table not in ("deployment_changes", "tier_assignments"):
            row.setdefault(key, f"{table[0]}{len(self.rows[table])}")
        self.rows[table].append(row)
        return str(row.get(key))

    def change(self, opened: float = 0, merged: float | None = None, closed: float | None = None, **more: Any) -> str:  # noqa: ANN401
        """Add a change of repository `r` by `ann`, with its instants in hours."""
        state = "merged" if merged is not None else "closed" if closed is not None else "open"
        row = {"repo_id": "r", "author": "ann", "state": state, "opened_at": at(opened)}
        row |= {
            "merged_at": None if merged is None else at(merged),
            "closed_at": None if closed is None else at(closed),
        }
        return self.add("changes", **(row | more))

    def review(self, change: str, submitted: float, state: str = "commented", **more: Any) -> str:  # noqa: ANN401
        """Add a review by `bob`."""
        row = {"change_id": change, "reviewer": "bob", "state": state, "submitted_at": at(submitted)}
        return self.add("reviews", **(row | more))

    def event(self, change: str, kind: str, occurred: float) -> str:
        """Add an event of a change."""
        return self.add("change_events", change_id=change, kind=kind, occurred_at=at(occurred))

    def deployment(self, started: float, finished: float | None = None, **more: Any) -> str:  # noqa: ANN401
        """Add a successful release of repository `r`, half an hour long unless told."""
        end = at(started + 0.5 if finished is None else finished)
        row = {"repo_id": "r", "status": "success", "started_at": at(started), "finished_at": end}
        return self.add("deployments", **(row | more))

    def incident(self, opened: float, resolved: float | None = None, **more: Any) -> str:  # noqa: ANN401
        """Add an incident of repository `r`."""
        row = {"repo_id": "r", "opened_at": at(opened), "resolved_at": None if resolved is None else at(resolved)}
        return self.add("incidents", **(row | more))

    def frames(self) -> dict[str, pl.DataFrame]:
        """One frame per table that has rows."""
        return {table: frame_of(table, rows) for table, rows in self.rows.items() if rows}

    def build(self, cut: datetime = LATER, settings: FactSettings | None = None) -> Facts:
        """The facts of these events."""
        return facts_of(self.rows, cut, settings)


class Facts:
    """Facts in memory, row by row."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep the connection on which they were built."""
        self.connection = connection

    def table(self, name: str) -> dict[str, Row]:
        """The rows of a fact by the id in its first column."""
        cursor = self.connection.execute(f"select * from {name}")
        names = [column[0] for column in cursor.description or ()]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}

    def change(self, change: str) -> Row:
        """One change."""
        return self.table("change_facts")[change]

    def deployment(self, deployment: str) -> Row:
        """One deployment."""
        return self.table("deployment_facts")[deployment]

    def incident(self, incident: str) -> Row:
        """One incident."""
        return self.table("incident_facts")[incident]


def frame_of(table: str, rows: list[Row]) -> pl.DataFrame:
    """Rows of an event table as a frame with the contract's types."""
    given = {name for row in rows for name in row}
    schema = {each.name: POLARS_TYPES[each.type] for each in all_tables()[table].table_columns() if each.name in given}
    assert given == set(schema), f"{table} has no columns {given - set(schema)}"
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def facts_of(rows: Rows, cut: datetime = LATER, settings: FactSettings | None = None) -> Facts:
    """Build the facts of rows in a database of their own."""
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, {table: frame_of(table, each) for table, each in rows.items() if each})
    build_facts(connection, settings or FactSettings(), cut)
    return Facts(connection)
