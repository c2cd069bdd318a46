"""What the workspace says about its briefs, kept with the snapshot: the same snapshot then gives the same brief."""

import json

import duckdb
import polars as pl

from pipelines.build_store import BuildStore
from schemas.quoting import literal
from schemas.value_settings import Value

TABLE = "brief_settings"
LOCALE, VALUE = "locale", "value"


def write_brief_settings(build: BuildStore) -> None:
    """Write the locale and the assumptions of value, a row each, as JSON."""
    workspace = build.workspace
    kept = {LOCALE: workspace.locale, VALUE: workspace.value.stored()}
    rows = [(name, json.dumps(setting, sort_keys=True)) for name, setting in sorted(kept.items())]
    frame = pl.DataFrame(rows, schema={"name": pl.String(), "setting": pl.String()}, orient="row")
    build.write(TABLE, frame, order_by=["name"], internal=True)


def locale_of(connection: duckdb.DuckDBPyConnection) -> str:
    """How the snapshot's briefs write numbers and dates; as English does in a snapshot of an older version."""
    return str(_setting(connection, LOCALE) or "en")


def value_of(connection: duckdb.DuckDBPyConnection) -> Value:
    """The assumptions of the snapshot; none in one of an older version."""
    return Value.model_validate(_setting(connection, VALUE) or {})


def _setting(connection: duckdb.DuckDBPyConnection, name: str) -> object:
    # Written out: to look at a parameter, DuckDB imports pandas.
    exists = connection.execute(f"select 1 from duckdb_views() where view_name = {literal(TABLE)} limit 1").fetchone()
    setting = f"select setting from {TABLE} where name = {literal(name)}"
    found = connection.execute(setting).fetchone() if exists else None
    return json.loads(found[0]) if found else None
