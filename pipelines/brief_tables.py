"""What a brief is made from, read from a snapshot or from the build that is about to become one.

Only the rows that one month's brief can hold leave the database: whole tiers, monthly values, counts instead of facts.
"""

from datetime import date, datetime

import duckdb
import polars as pl

from metrics.briefs.document import MonthlyBrief
from metrics.briefs.figures import TREND_MONTHS
from metrics.briefs.monthly import monthly_brief, months_with_data
from metrics.briefs.tables import BriefTables, Origin
from metrics.calendar import Calendar, add_months
from metrics.facts.sql import timestamp
from metrics.words import ENGLISH
from schemas.quoting import literal
from schemas.snapshot import Manifest

REGISTERS = ("control_changes", "decisions", "exceptions", "phase_decisions")
REGISTER_PREFIX = "register_"
"""What a register is called in a snapshot: its own name is that of the event table, which looks different."""
ORPHANS = "orphan_counts"

MONTHS = "select distinct grain, window_start from metric_values where grain = 'month' and segment_kind = 'all'"
QUERIES = {
    "verdicts": "select * from verdicts where window_end <= {end}",
    "comparisons": (
        "select * from comparisons where grain = 'month' and window_start = {start} and segment_kind = 'all'"
        " and comparator = 'baseline'"
    ),
    "metric_values": (
        "select * from metric_values where grain = 'month' and segment_kind = 'all' and statistic <> 'hist'"
        " and window_start between {first} and {start}"
    ),
    "recommendations": "select * from recommendations where grain = 'month' and window_start = {start}",
    "control_effects": "select * from control_effects",
    "baselines": "select * from baselines",
    "definition_log": "select * from definition_log",
    "quarantine": "select * from quarantine",
    "source_status": "select * from source_status",
    **{name: f"select * from {REGISTER_PREFIX}{name}" for name in REGISTERS},
    "orphans": f"select * from {ORPHANS}",
}
LINK_COUNTS = """
    select 'deploy_link' as kind, deploy_link as way, count(*) as rows from change_facts
    where merged_at >= {begins} and merged_at < {ends} group by all
    union all
    select 'attribution', attribution, count(*) from incident_facts
    where opened_at >= {begins} and opened_at < {ends} group by all
    order by all
"""


def read_months(connection: duckdb.DuckDBPyConnection, origin: Origin) -> list[date]:
    """The months that a brief can be made of, oldest first."""
    return months_with_data(frame_of(connection, "metric_values", MONTHS), origin)


def read_brief(connection: duckdb.DuckDBPyConnection, origin: Origin, month: date) -> MonthlyBrief:
    """The brief of one month, from relations that bear the names of the snapshot's tables."""
    end = add_months(month, 1)
    bounds = {
        "start": f"date '{month}'",
        "end": f"date '{end}'",
        "first": f"date '{add_months(month, 1 - TREND_MONTHS)}'",
    }
    frames = {name: frame_of(connection, _table_of(name), query.format(**bounds)) for name, query in QUERIES.items()}
    instants = {
        "begins": timestamp(origin.calendar.instant(month)),
        "ends": timestamp(origin.calendar.instant(end)),
    }
    frames["link_counts"] = frame_of(connection, "change_facts", LINK_COUNTS.format(**instants))
    return monthly_brief(BriefTables.of(frames), origin, month)


def _table_of(name: str) -> str:
    return f"{REGISTER_PREFIX}{name}" if name in REGISTERS else ORPHANS if name == "orphans" else name


def frame_of(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> pl.DataFrame:
    """What a query gives; an empty frame where its table was not built (a later issue's, or one without rows)."""
    exists = connection.execute(f"select 1 from duckdb_views() where view_name = {literal(table)} limit 1").fetchone()
    return connection.sql(query).pl() if exists else pl.DataFrame()


def origin_of(manifest: Manifest, locale: str = ENGLISH) -> Origin:
    """What a brief of that snapshot says that it was made from; `locale` writes its numbers and days."""
    return Origin(
        organisation=manifest.workspace,
        snapshot_id=manifest.snapshot_id,
        as_of=_instant(manifest.as_of),
        known_at=_instant(manifest.known_at) if manifest.known_at else None,
        calendar=Calendar(manifest.timezone),
        locale=locale,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
