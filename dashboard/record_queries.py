"""Reads of single records and of what was taken in: a few facts by id, counts of them, and the registers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from dashboard.periods import Window
from dashboard.segments import WHOLE, Segment
from dashboard.snapshots import Snapshot
from metrics.calendar import Calendar
from schemas.record_links import RecordLinks


def record_links(snapshot: Snapshot) -> RecordLinks:
    """Where records can be looked at: as the snapshot's workspace says, else by the hosts that are known."""
    if "record_links" not in snapshot.manifest.tables:
        return RecordLinks()
    rows = snapshot.rows("select id, url, kinds from record_links order by position")
    return RecordLinks.of_rows(rows.iter_rows(named=True))


@dataclass(frozen=True)
class ControlChange:
    """A change of a control: its local day, layer and summary, what it was to bring, and who answers for it."""

    day: date
    layer: str
    tier: str | None
    summary: str
    expected_impact: str | None
    owner: str | None

    @property
    def words(self) -> str:
        """In a line, for the mark in a chart."""
        return f"{self.day.day} {self.day:%b %Y}, {self.layer}: {self.summary}"


def control_changes(snapshot: Snapshot, tier: str | None = None) -> tuple[ControlChange, ...]:
    """Changes of controls that concern a tier (all of them without one), oldest first; none of an older version's."""
    if snapshot.rows_of("register_control_changes") is None:
        return ()
    rows = snapshot.rows(
        """select effective_at, layer, tier::varchar as tier, summary, expected_impact, owner
        from register_control_changes where ?::varchar in (tier::varchar, 'all') or ?::varchar is null or tier is null
        order by effective_at, control_change_id""",
        tier,
        tier,
    )
    calendar = Calendar(snapshot.manifest.timezone)
    return tuple(
        ControlChange(calendar.local_day(row.pop("effective_at")), **row) for row in rows.iter_rows(named=True)
    )


def slowest_changes(
    snapshot: Snapshot, tier: str, window: Window, limit: int, segment: Segment = WHOLE
) -> pl.DataFrame | None:
    """The changes merged in a window that took longest from opening to merge, bots' left out.

    Of a whole tier they are read from the list that the build made, of a team or repository from the facts: those lie
    by repository, so that little is read of them. So they are for a reader who sees only some teams.

    Columns: change_id, repo_id, team, ai_use, size_lines, merged_at, and the cycle and its stages in seconds. None
    where the snapshot, of an earlier version, has no list.
    """
    columns = """change_id, repo_id, team, ai_use, size_lines, merged_at, cycle_seconds, draft_seconds,
        pickup_seconds, review_seconds, merge_wait_seconds"""
    order = f"order by cycle_seconds desc, change_id limit {int(limit)}"
    if segment.is_whole and snapshot.teams is None and snapshot.rows_of("slowest_changes") is not None:
        return snapshot.rows(
            f"""select {columns} from slowest_changes
            where tier = ? and month_start >= ? and month_start < ? {order}""",
            tier,
            window.start,
            window.end,
        )
    if segment.kind != "repo" and snapshot.rows_of("repo_dimension") is None:
        return None
    calendar = Calendar(snapshot.manifest.timezone)
    repositories = [segment.name] if segment.kind == "repo" else _repositories_of(snapshot, segment)
    return snapshot.rows(
        f"""select {columns} from change_facts
        where repo_id in ({_marks(repositories)}) and (? <> 'team' or team = ?)
            and tier is not distinct from try_cast(? as integer) and author_kind <> 'bot'
            and merged_at >= ? and merged_at < ? {order}""",
        *repositories,
        segment.kind,
        segment.name,
        tier,
        calendar.instant(window.start),
        calendar.instant(window.end),
    )


def _repositories_of(snapshot: Snapshot, segment: Segment) -> list[str]:
    """The repositories of a team, or of all teams that the reader may see."""
    rows = snapshot.rows(
        "select distinct repo_id from repo_dimension where ? <> 'team' or team = ? order by repo_id",
        segment.kind,
        segment.name,
    )
    return [str(name) for name in rows["repo_id"]]


def deployments_by_id(snapshot: Snapshot, ids: Sequence[str], repositories: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What became of deployments, with the changes that they carried and the incidents put down to them, by id.

    Each has service, failure_reason, recovery_seconds, changes and incidents (lists of ids). Facts lie by repository,
    so that the repositories of the deployments keep everything else from being read.
    """
    deployments, places = _marks(ids), _marks(repositories)
    rows = snapshot.rows(
        f"""with carried as (
            select deployment_id, list(change_id order by change_id) as changes from change_facts
            where repo_id in ({places}) and deployment_id in ({deployments}) group by deployment_id),
        broken as (
            select deployment_id, list(incident_id order by incident_id) as incidents from incident_facts
            where deployment_id in ({deployments}) group by deployment_id)
        select deployment_id, service, failure_reason, recovery_seconds, coalesce(changes, []) as changes,
            coalesce(incidents, []) as incidents
        from deployment_facts left join carried using (deployment_id) left join broken using (deployment_id)
        where repo_id in ({places}) and deployment_id in ({deployments})""",
        *repositories,
        *ids,
        *ids,
        *repositories,
        *ids,
    )
    return {row["deployment_id"]: row for row in rows.iter_rows(named=True)}


def changes_by_id(snapshot: Snapshot, ids: Sequence[str], repositories: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How changes went, by id: ai_use, cycle_seconds and its stages, deployment_id, rolled_back, escaped_defects."""
    rows = snapshot.rows(
        f"""select change_id, ai_use, cycle_seconds, draft_seconds, pickup_seconds, review_seconds, merge_wait_seconds,
            deployment_id, rolled_back, escaped_defects
        from change_facts where repo_id in ({_marks(repositories)}) and change_id in ({_marks(ids)})""",
        *repositories,
        *ids,
    )
    return {row["change_id"]: row for row in rows.iter_rows(named=True)}


def _marks(values: Sequence[str]) -> str:
    """Places for parameters in `in (…)`: unlike a list, it lets row groups be skipped."""
    return ", ".join("?" for _ in values) or "null"


def link_counts(snapshot: Snapshot, kind: str) -> pl.DataFrame | None:
    """How records were linked, by tier, as the build counted it. Columns: tier, code, rows.

    Args:
        snapshot: which one.
        kind: `deploy_link` of merged changes, `attribution` of incidents, or `anomaly` of changes.

    Returns:
        None where the snapshot, of an earlier version, has no counts.
    """
    if snapshot.rows_of("link_counts") is None:
        return None
    return snapshot.rows(
        "select tier, code, rows from link_counts where kind = ? order by tier desc, rows desc, code", kind
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
