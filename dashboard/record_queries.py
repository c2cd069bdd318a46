"""Reads of single records and of what was taken in: a few facts by id, counts of them, and the registers."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from dashboard.periods import Window
from dashboard.snapshots import Snapshot
from metrics.calendar import Calendar


def slowest_changes(snapshot: Snapshot, tier: str, window: Window, limit: int) -> pl.DataFrame:
    """The changes merged in a window that took longest from opening to merge, bots' left out.

    Columns: change_id, repo_id, team, ai_use, kind, size_lines, merged_at, and the cycle and its stages in seconds.
    """
    calendar = Calendar(snapshot.manifest.timezone)
    return snapshot.rows(
        f"""select change_id, repo_id, team, ai_use, kind, size_lines, merged_at, cycle_seconds, draft_seconds,
            pickup_seconds, review_seconds, merge_wait_seconds
        from change_facts
        where tier is not distinct from try_cast(? as integer) and author_kind <> 'bot'
            and merged_at >= ? and merged_at < ?
        order by cycle_seconds desc, change_id limit {int(limit)}""",
        tier,
        calendar.instant(window.start),
        calendar.instant(window.end),
    )


def deployments_by_id(snapshot: Snapshot, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What became of deployments, with the changes that they carried and the incidents put down to them, by id.

    Each has service, failure_reason, recovery_seconds, changes and incidents (lists of ids).
    """
    rows = snapshot.rows(
        """select deployment_id, service, failure_reason, recovery_seconds,
            (select coalesce(list(change_id order by change_id), []) from change_facts as c
                where list_contains(?, c.deployment_id) and c.deployment_id = d.deployment_id) as changes,
            (select coalesce(list(incident_id order by incident_id), []) from incident_facts as i
                where list_contains(?, i.deployment_id) and i.deployment_id = d.deployment_id) as incidents
        from deployment_facts as d where list_contains(?, d.deployment_id)""",
        tuple(ids),
        tuple(ids),
        tuple(ids),
    )
    return {row["deployment_id"]: row for row in rows.iter_rows(named=True)}


def changes_by_id(snapshot: Snapshot, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How changes went, by id: ai_use, cycle_seconds and its stages, deployment_id, rolled_back, escaped_defects."""
    rows = snapshot.rows(
        """select change_id, ai_use, cycle_seconds, draft_seconds, pickup_seconds, review_seconds, merge_wait_seconds,
            deployment_id, rolled_back, escaped_defects
        from change_facts where list_contains(?, change_id)""",
        tuple(ids),
    )
    return {row["change_id"]: row for row in rows.iter_rows(named=True)}


def deploy_links(snapshot: Snapshot) -> pl.DataFrame:
    """How merged changes were linked to a deployment. Columns: tier (null is untiered), deploy_link, changes."""
    return snapshot.rows(
        """select tier, deploy_link, count(*) as changes from change_facts
        where state = 'merged' and author_kind <> 'bot' group by all order by tier desc, deploy_link"""
    )


def attributions(snapshot: Snapshot) -> pl.DataFrame:
    """How incidents were put down to a deployment. Columns: attribution, incidents."""
    return snapshot.rows(
        "select attribution, count(*) as incidents from incident_facts group by all order by attribution"
    )


def anomalies(snapshot: Snapshot) -> pl.DataFrame:
    """What had to be clamped or left out, by code. Columns: anomaly, changes."""
    return snapshot.rows(
        """select anomaly, count(*) as changes from (select unnest(anomalies) as anomaly from change_facts)
        group by all order by changes desc, anomaly"""
    )


def quarantined(snapshot: Snapshot) -> pl.DataFrame:
    """Rejected rows by table, column and reason, with an example of each.

    Columns: table, column, reason, source, rows, key, value.
    """
    return snapshot.rows(
        """select "table", "column", reason, any_value(source) as source, count(*) as rows, min(key) as key,
            min(value) as value
        from quarantine group by "table", "column", reason order by rows desc, "table", "column", reason limit 50"""
    )


def orphans(snapshot: Snapshot) -> pl.DataFrame | None:
    """Rows whose parent is unknown. Columns: table, column, parent, rows. None where the snapshot does not say."""
    if snapshot.rows_of("orphan_counts") is None:
        return None
    return snapshot.rows(
        'select "table", "column", parent, rows from orphan_counts order by rows desc, "table", "column"'
    )


def decisions(snapshot: Snapshot, subject_kind: str) -> pl.DataFrame | None:
    """What was decided about subjects of a kind, newest first; None where the snapshot does not say.

    Columns: subject_id, action, owner, decided_at, due_at, closed_at, note.
    """
    if snapshot.rows_of("register_decisions") is None:
        return None
    return snapshot.rows(
        """select subject_id, action, owner, decided_at, due_at, closed_at, note from register_decisions
        where subject_kind = ? order by decided_at desc, decision_id""",
        subject_kind,
    )
