"""Imports what a pull imports while it runs: processes forked from where this is imported need not do it again."""

from importlib import import_module

import pipelines.commands.ingest
import pipelines.hooks.take_in
import pipelines.ingest_progress  # noqa: F401
from pipelines.connectors.base import discover
from schemas.events import all_tables

discover()
all_tables()
for name in ("pandas", "pyarrow"):  # which DuckDB imports for the first statement with parameters
    import_module(name)
