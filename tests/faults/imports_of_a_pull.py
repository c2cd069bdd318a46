"""Imports what a pull imports while it runs: processes forked from where this is imported need not do it again."""

from importlib import import_module

from pipelines.connectors.base import discover
from schemas.events import all_tables

WHEN_IT_RUNS = ("pipelines.commands.ingest", "pipelines.hooks.take_in", "pipelines.ingest_progress")
BY_DUCKDB = ("pandas", "pyarrow")
"""What DuckDB imports for the first statement with parameters."""

for name in (*WHEN_IT_RUNS, *BY_DUCKDB):
    import_module(name)
discover()
all_tables()
