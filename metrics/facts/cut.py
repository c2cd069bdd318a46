"""The cut (`--as-of`): every event table as it stood at one instant.

Each event table gets a view `<table>_at_cut`. A row born after the cut (`born` in its schema) is absent, an instant
after the cut is null, and a state is that of the moment: a change merged later is open, a deployment that ended later
is in progress. Instants that were planned ahead (an expiry, a due date, the end of a validity) stay. What a row does
not date, such as the dismissal of a review or the attribution of an incident, is taken as it is now. The views cost a
comparison per row, no pass of their own.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from metrics.facts.sql import create_view, timestamp
from schemas.events import all_tables
from schemas.tables import EventTable

PLANNED_INSTANTS = frozenset({"valid_to", "review_due", "expires_at", "due_at", "observed_at"})
"""Instants that lie ahead when they are written down: the cut leaves them."""

STATES: dict[str, dict[str, str]] = {
    "changes": {
        "state": "case when merged_at <= {cut} then 'merged' "
        "when state = 'closed' and closed_at <= {cut} then 'closed' else 'open' end",
        "merge_commit_sha": "case when merged_at <= {cut} then merge_commit_sha end",
    },
    "deployments": {"status": "case when finished_at > {cut} then 'in_progress' else status end"},
    "onboardings": {
        "context_package_complete": "context_package_complete and coalesce(context_package_updated_at <= {cut}, true)"
    },
}
"""Columns that say whether something has happened, by table: what they were at the cut."""


def create_cut_views(connection: duckdb.DuckDBPyConnection, cut: datetime) -> None:
    """Make a view `<table>_at_cut` of every event table.

    Args:
        connection: Has the event tables under the contract's names.
        cut: The instant; what happened at that very instant is in.
    """
    for name, model in all_tables().items():
        create_view(connection, f"{name}_at_cut", cut_query(name, model, cut))


def cut_query(name: str, model: type[EventTable], cut: datetime) -> str:
    """The SELECT that shows a table as it stood at the cut."""
    at_cut = timestamp(cut)
    replaced = {
        each.name: f"case when {each.name} <= {at_cut} then {each.name} end"
        for each in model.table_columns()
        if each.type == "instant" and each.nullable and each.name not in PLANNED_INSTANTS
    }
    replaced |= {column: expression.format(cut=at_cut) for column, expression in STATES.get(name, {}).items()}
    replacing = ", ".join(f"{expression} as {column}" for column, expression in replaced.items())
    columns = f"* replace ({replacing})" if replaced else "*"
    born = model.table_about().born
    # A null birth is kept: an undated row cannot be said to come later.
    exists = f" where coalesce({born} <= {at_cut}, true)" if born else ""
    return f"select {columns} from {name}{exists}"
