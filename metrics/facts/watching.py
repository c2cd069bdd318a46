"""Since when each kind of outcome is watched, by service: silence elsewhere is not safety (METRICS.md §2).

`service_watching(_service, service, incidents_since, rollbacks_since, …)`; null where nothing watches. The register
`coverage` rules where it has any row: a kind or a service that it does not name is unwatched. Without the register a
kind is watched from the start of the quarter of its first record in the workspace: from its first *bad* record on would
bias every rate.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb

from metrics.facts.sql import create_table, timestamp

FIRST_RECORD: dict[str, str] = {
    "incidents": "select min(opened_at) from incidents_at_cut",
    "rollbacks": "select min(instant) from (select occurred_at as instant from rollbacks_at_cut union all "
    "select coalesce(finished_at, started_at) from deployments_at_cut where kind = 'rollback')",
    "defects": "select min(opened_at) from defects_at_cut",
    "gates": "select min(ran_at) from gate_results_at_cut",
    "tests": "select min(ran_at) from test_runs_at_cut",
    "deployments": "select min(coalesce(finished_at, started_at)) from deployments_at_cut",
}
"""When the first record of each kind was made."""


def create_watching(connection: duckdb.DuckDBPyConnection, timezone: str) -> None:
    """Make `service_watching`.

    Args:
        connection: Has the event tables at the cut and the dimensions.
        timezone: IANA name of the workspace's zone, in which quarters begin.
    """
    if connection.execute("select count(*) from coverage_at_cut").fetchone() != (0,):
        columns = ", ".join(f"min(since) filter (where kind = '{kind}') as {kind}_since" for kind in FIRST_RECORD)
        query = f"""
            select _service, any_value(d.service)::service_name as service, {columns} from service_dimension d
            left join coverage_at_cut c on c.service is null or c.service = d.service group by _service"""
    else:
        first = connection.execute(f"select {', '.join(f'({query})' for query in FIRST_RECORD.values())}").fetchone()
        columns = ", ".join(
            f"{_quarter_start(instant, timezone) if instant else 'null::timestamp'} as {kind}_since"
            for kind, instant in zip(FIRST_RECORD, first or (), strict=True)
        )
        query = f"select _service, service::service_name as service, {columns} from service_dimension"
    create_table(connection, "service_watching", query)


def watched(kind: str, instant: str) -> str:
    """SQL of whether `kind` was watched at an instant, where `service_watching` is joined as `watching`; never null."""
    return f"coalesce({instant} >= watching.{kind}_since, false)"


def _quarter_start(instant: datetime, timezone: str) -> str:
    """The start of the quarter of a UTC instant in the zone, as a SQL literal in UTC."""
    local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    start = datetime(local.year, 3 * ((local.month - 1) // 3) + 1, 1, tzinfo=ZoneInfo(timezone))
    return timestamp(start)
