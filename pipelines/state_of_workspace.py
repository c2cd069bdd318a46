"""What a workspace holds and how fresh it is: read from the books alone, so that it is told at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import schemas.events
from pipelines.hooks.spool import Spool
from pipelines.link_report import link_reports
from pipelines.metric_gaps import published_gaps
from pipelines.warehouse import Warehouse
from schemas.discovery import table_names
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace

SHOWN_OFFENCES = 20
"""Kinds of offences that are listed; the whole quarantine is a published table."""


def workspace_state(workspace: Workspace) -> dict[str, Any]:
    """Sources, freshness, counts, orphans, quarantine, links, the last build and its gaps, as JSON-ready values.

    Raises:
        WarehouseError: The warehouse cannot be read.
    """
    state: dict[str, Any] = {
        "workspace": workspace.name,
        "folder": str(workspace.root),
        "sources": [],
        "tables": {},
        "orphans": [],
        "quarantine": {"rows": 0, "offences": []},
        "last_build": _last_build(workspace),
        "links": [report.as_facts() for report in link_reports(workspace)],
        "deliveries": Spool(workspace.state).counts(),
        "metrics_without_rows": [asdict(gap) for gap in published_gaps(SnapshotFolder(workspace.state))],
    }
    if workspace.warehouse_path.exists():
        with Warehouse.open(workspace, write=False) as warehouse:
            state |= _from_warehouse(warehouse)
    read = {each["source"] for each in state["sources"]}
    state["never_read"] = [source.name for source in workspace.sources if source.name not in read]
    return state


def _from_warehouse(warehouse: Warehouse) -> dict[str, Any]:
    stored = {
        name
        for (name,) in warehouse.connection.execute(
            "SELECT DISTINCT table_name FROM information_schema.tables WHERE table_catalog = 'warehouse'"
        ).fetchall()
    }
    counts = {}
    for name in table_names(schemas.events):
        if name in stored:
            row = warehouse.connection.execute(f"SELECT count(*) FROM warehouse.{name} WHERE NOT deleted").fetchone()
            counts[name] = row[0] if row else 0
    rows = warehouse.rows("SELECT count(DISTINCT (load_id, record)) AS rows FROM warehouse.quarantine")
    offences = warehouse.rows(
        'SELECT "table", "column", reason, count(*) AS rows, min(key) AS example_key, min(value) AS example_value'
        f" FROM warehouse.quarantine GROUP BY ALL ORDER BY rows DESC, 1, 2, 3 LIMIT {SHOWN_OFFENCES}"
    )
    sources = warehouse.rows("SELECT * FROM warehouse.source_status ORDER BY source, stream")
    return {
        "sources": [{key: _json_value(value) for key, value in each.items()} for each in sources],
        "tables": counts,
        "orphans": warehouse.rows("SELECT * FROM warehouse.orphans WHERE rows > 0 ORDER BY ALL"),
        "quarantine": {"rows": rows[0]["rows"], "offences": offences},
    }


def _last_build(workspace: Workspace) -> dict[str, Any] | None:
    manifest = SnapshotFolder(workspace.state).current()
    if manifest is None:
        return None
    return {
        "snapshot_id": manifest.snapshot_id,
        "created_at": manifest.created_at,
        "as_of": manifest.as_of,
        "known_at": manifest.known_at,
        "rows": {name: table.rows for name, table in sorted(manifest.tables.items()) if not table.internal},
    }


def _json_value(value: object) -> object:
    isoformat = getattr(value, "isoformat", None)
    return f"{isoformat()}Z" if isoformat else value
