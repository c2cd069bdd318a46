"""The event tables as assets that others fill: `plumbline load`, `plumbline ingest`, and for registers every build."""

import dagster as dg

from schemas.events import all_tables

event_tables = [
    dg.AssetSpec(
        name,
        group_name="events",
        description=table.table_grain(),
        kinds={"duckdb"},
        tags={"register": ""} if table.table_about().is_register else {},
    )
    for name, table in all_tables().items()
]
