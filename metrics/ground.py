"""What an engine stands on, read off a connection: relations that count, days, names, baselines' moves, capacity.

Belongs here: what is asked once, before any definition is run. Does not: units, which definitions ask for
(`metrics.unit_reader`).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Calendar, Period
from metrics.capacity import engineers_by_day
from metrics.facts.controls import CONTROL_FACTS, build_control_facts
from metrics.facts.origins import STATEMENTS, create_moved_tiers
from metrics.facts.sql import create_view
from metrics.unit_reader import Among
from metrics.units import Days
from schemas.events import all_tables
from schemas.quoting import literal

RECENT_FACTS = "recent_change_facts"
"""The rows of `change_facts` of the last days, where a refresh has written them out (`metrics.differences.Recent`)."""
RECENT_MEASURED = "recent_changes"
"""Those of them that count."""


def prepare(connection: duckdb.DuckDBPyConnection, include_bots: bool) -> None:
    """Makes `measured_changes` and `measured_defects`: changes that count, and the defects attributed to them.

    The relations of `metrics.facts.controls` become views where nobody has made them yet. Where the changes of the last
    days are at hand apart, so are those of them that count.
    """
    seen = _relations(connection)
    if not seen.issuperset(CONTROL_FACTS):
        build_control_facts(connection, materialise=False)
    counted = _counted(include_bots)
    for facts, measured in (("change_facts", "measured_changes"), (RECENT_FACTS, RECENT_MEASURED)):
        if facts != RECENT_FACTS or facts in seen:
            create_view(connection, measured, f"select * from {facts} where {counted.format('author_kind')}")
    create_view(
        connection,
        "measured_defects",
        f"select * from defect_facts where _change_id is not null and {counted.format('_change_author_kind')}",
    )


def _counted(include_bots: bool) -> str:
    """SQL of whether a change counts, of the column that says whose it is."""
    return "true" if include_bots else "{} is distinct from 'bot'"


def measured_among(include_bots: bool) -> dict[str, Among]:
    """What the rows of `measured_changes` are among."""
    return {"measured_changes": Among("change_facts", _counted(include_bots).format("author_kind"))}


def onboardings_of(connection: duckdb.DuckDBPyConnection, calendar: Calendar) -> dict[str, date]:
    """The first onboarding of each repository, as of the cut where the connection has it so."""
    seen = _relations(connection)
    relation = next((name for name in ("onboardings_at_cut", "onboardings") if name in seen), None)
    if relation is None:
        return {}
    rows = connection.execute(f"select repo_id, min(onboarded_at) from {relation} group by repo_id").fetchall()
    return {repository: calendar.local_day(instant) for repository, instant in rows if instant is not None}


def names_of(connection: duckdb.DuckDBPyConnection, dimension: str, code: str, name: str) -> list[str]:
    """The names that a dimension's codes stand for, by code."""
    return [row[0] for row in connection.execute(f"select {name} from {dimension} order by {code}").fetchall()]


def _relations(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of all tables and views."""
    names = "select view_name from duckdb_views() union select table_name from duckdb_tables()"
    return {name for (name,) in connection.execute(names).fetchall()}


def moved_services(connection: duckdb.DuckDBPyConnection, calendar: Calendar, baselines: Mapping[str, Period]) -> int:
    """How many services changed their tier since the first baseline ended; none where the register is not at hand."""
    seen = connection.execute(
        f"select 1 from duckdb_views() where view_name = '{STATEMENTS}'"
        f" union all select 1 from duckdb_tables() where table_name = '{STATEMENTS}'"
    ).fetchone()
    ends = [period.end for period in baselines.values()]
    # The baseline's end is the first instant after it.
    last = calendar.instant(min(ends)) - timedelta(microseconds=1) if ends else None
    return create_moved_tiers(connection, last) if seen else 0


def engineers_of(connection: duckdb.DuckDBPyConnection, teams: Sequence[str], days: Days) -> NDArray[np.float64] | None:
    """Engineers per team and day by the register `team_capacity`; None where it is not at hand, or empty."""
    if "team_capacity" not in _relations(connection):
        return None
    # Written out: to look at a parameter, DuckDB imports pandas.
    last = f"date {literal(days.last)}"
    given = connection.execute(f'select team, "month", engineers from team_capacity where "month" <= {last}').pl()
    return engineers_by_day(given, teams, days) if given.height else None


def empty_tables(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Which of the event tables that the connection sees, as of the cut where it has them so, hold nothing."""
    seen, empty = _relations(connection), set()
    for table in all_tables():
        relation = next((name for name in (f"{table}_at_cut", table) if name in seen), None)
        if relation and not connection.execute(f"select 1 from {relation} limit 1").fetchone():
            empty.add(table)
    return frozenset(empty)


def days_of(connection: duckdb.DuckDBPyConnection, calendar: Calendar, cut: datetime) -> Days:
    """The local days from the first record of any fact (a change by its merge, else its opening) to the cut."""
    instants = {
        "change_facts": "coalesce(merged_at, opened_at, deployed_at)",
        "deployment_facts": "coalesce(_ended_at, finished_at, started_at)",
        "incident_facts": "opened_at",
        "defect_facts": "coalesce(opened_at, _merged_at)",
        "gate_facts": "ran_at",
        "change_gate_facts": "merged_at",
        "test_run_facts": "ran_at",
        "signal_facts": "occurred_at",
        "commit_rework_facts": "committed_at",
        "onboarding_facts": "onboarded_at",
        "intent_facts": "approved_at",
        "exception_facts": "granted_at",
        "activity_facts": "active_from",
    }
    present = _relations(connection)
    firsts = " union all ".join(
        f"select min({instant}) as first from {fact}" for fact, instant in instants.items() if fact in present
    )
    first = connection.execute(f"select min(first) from ({firsts})").fetchone()
    last = calendar.local_day(cut)
    start: date = calendar.local_day(first[0]) if first and first[0] else last
    return Days(calendar, min(start, last), last)
