"""GitLab's answers as event tables: pure functions of raw records.

Missing fields become nulls and wrong ones stay as they are: the intake's checks say so in words, row by row; nothing
is mended here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.connectors.ai_use import recognise
from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.connectors.change_kind import change_kind
from pipelines.connectors.checks import CheckSettings, gate_rows, test_run_rows
from pipelines.connectors.deployment_kind import deployment_kind
from pipelines.connectors.gitlab_names import (
    GitLabNames,
    Settings,
    account_kind,
    causing_change,
    closed_issue,
    labels_of,
    reverted_change,
    username_of,
)
from pipelines.connectors.gitlab_notes import Numbered, event_row, review_rows
from pipelines.connectors.gitlab_pipelines import JOB_KINDS, check_runs
from pipelines.connectors.issue_keys import named_issue

CHANGE_STATES = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}
"""`locked` is the moment in which GitLab merges."""
DEPLOYMENT_STATUSES = {
    "success": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "cancelled",
    "created": "in_progress",
    "running": "in_progress",
    "blocked": "in_progress",
}
INCIDENT_SEVERITIES = {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4}
"""GitLab's own severities of incidents; UNKNOWN is null."""


def conform(records: Sequence[RawRecord], settings: Settings, checks: CheckSettings, names: GitLabNames) -> Conformed:
    """The rows that the records stand for, each with its record's position; what hangs on a change comes as a set."""
    by_kind: dict[str, list[Numbered]] = defaultdict(list)
    for position, record in enumerate(records):
        by_kind[record.kind].append((position, record))
    changes = by_kind["merge_request"]
    reading = _ChangeReading(by_kind, settings, names)
    deployments = by_kind["deployment"]
    tiers = {(record.scope, record.parent): record.data.get("tier") for _, record in by_kind["environment"]}
    runs = check_runs((each for kind in JOB_KINDS for each in by_kind[kind]), names)
    tables = {
        "repositories": [_repository(each, settings, names) for each in by_kind["project"]],
        "changes": [reading.change(each) for each in changes],
        "commits": [_commit(each, names) for each in by_kind["commit"]],
        "reviews": [row for _, record in changes for row in reading.reviews(record)],
        "change_events": [row for _, record in changes for row in reading.events(record)],
        "deployments": [_deployment(each, tiers, names, settings) for each in deployments],
        "deployment_changes": [_deployment_change(each, names) for each in by_kind["deployed_merge_request"]],
        "gate_results": gate_rows(runs, checks),
        "test_runs": test_run_rows(runs, checks),
        "defects": [_defect(each, settings, names) for each in by_kind["issue"]],
        "incidents": [_incident(each, settings, names) for each in by_kind["incident"]],
    }
    frames = {table: text_frame(rows) for table, rows in tables.items() if rows}
    read_whole = [names.change(record.scope, record.record_id) for _, record in changes]
    sets = dict.fromkeys(("commits", "reviews", "change_events"), read_whole) if read_whole else {}
    linked = [
        names.part(record.scope, "deployments", record.record_id) for _, record in by_kind["deployment_links_read"]
    ]
    return Conformed(frames, {**sets, "deployment_changes": linked} if linked else sets)


class _ChangeReading:
    """Merge requests of a batch with what hangs on them, found by project and number."""

    def __init__(self, by_kind: Mapping[str, Sequence[Numbered]], settings: Settings, names: GitLabNames) -> None:
        self._settings = settings
        self._names = names
        self._children: dict[tuple[str, str, str | None], list[Numbered]] = defaultdict(list)
        for kind in ("commit", "note", "approvals", "lines"):
            for position, record in by_kind.get(kind, ()):
                self._children[kind, record.scope, record.parent].append((position, record))

    def _of(self, change: RawRecord, kind: str) -> list[Numbered]:
        return self._children[kind, change.scope, change.record_id]

    def reviews(self, change: RawRecord) -> list[Row]:
        """Its approvals, requests for changes and comments."""
        return review_rows(change, self._of(change, "note"), self._of(change, "approvals"), self._settings, self._names)

    def events(self, change: RawRecord) -> Iterable[Row]:
        """The steps that its system notes tell of."""
        rows = (event_row(each, change, self._names) for each in self._of(change, "note"))
        return (row for row in rows if row is not None)

    def change(self, each: Numbered) -> Row:
        """The merge request itself."""
        position, record = each
        data, scope, names = record.data, record.scope, self._names
        commits = [commit.data for _, commit in self._of(record, "commit")]
        lines: Mapping[str, Any] = next((found.data for _, found in self._of(record, "lines")), {})
        labels, text, branch = labels_of(data), data.get("description") or "", data.get("source_branch")
        author = data.get("author")
        ai = recognise(
            author=username_of(author),
            commit_authors=[f"{one.get('author_name') or ''} <{one.get('author_email') or ''}>" for one in commits],
            messages=[text, *(one.get("message") or "" for one in commits)],
            labels=labels,
            branch=branch,
        )
        kind = _kind(data, labels, self._settings)
        merged_at = data.get("merged_at")
        reverted = reverted_change(text, scope) if kind == "revert" else None
        closed = closed_issue(text, scope)
        return {
            RECORD_COLUMN: position,
            "change_id": names.change(scope, record.record_id),
            "repo_id": names.repo_id(scope),
            "service": self._settings.services.get(scope),
            "number": data.get("iid"),
            "title": data.get("title"),
            "author": username_of(author),
            "author_kind": account_kind(author, self._settings),
            "ai_use": ai.ai_use,
            "ai_evidence": ai.evidence,
            "state": CHANGE_STATES.get(str(data.get("state")), data.get("state")),
            "opened_at": data.get("created_at"),
            "merged_at": merged_at,
            "closed_at": merged_at or (data.get("closed_at") if data.get("state") == "closed" else None),
            "merge_commit_sha": _landed_as(data) if merged_at else None,
            "base_branch": data.get("target_branch"),
            "additions": lines.get("additions"),
            "deletions": lines.get("deletions"),
            "changed_files": lines.get("fileCount"),
            "labels": labels,
            "kind": kind,
            "reverts_change_id": names.change(*reverted) if reverted else None,
            "fixes_defect_id": names.part(closed[0], "issues", closed[1])
            if closed
            else named_issue(self._settings.issue_keys, data.get("title"), branch, text),
        }


def _landed_as(data: Mapping[str, Any]) -> str | None:
    """The commit on the target branch: the merge's, else the squashed one, else (fast-forward) the change's last."""
    return data.get("merge_commit_sha") or data.get("squash_commit_sha") or data.get("sha")


def _kind(data: Mapping[str, Any], labels: Sequence[str], settings: Settings) -> str:
    if set(labels) & set(settings.hotfix_labels):
        return "hotfix"
    # Scoped labels (`type::bug`) are read as `type:bug`.
    return change_kind(_plain_title(data), data.get("source_branch"), [label.replace("::", ":") for label in labels])


def _plain_title(data: Mapping[str, Any]) -> str:
    """The title without the prefix by which GitLab marks a draft."""
    title = str(data.get("title") or "")
    for prefix in ("Draft:", "[Draft]", "(Draft)", "WIP:", "[WIP]"):
        if title.lower().startswith(prefix.lower()):
            return title[len(prefix) :].strip()
    return title


def _repository(each: Numbered, settings: Settings, names: GitLabNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "repo_id": names.repo_id(record.scope),
        "name": record.data.get("name"),
        "service": settings.services.get(record.scope),
        "team": settings.teams.get(record.scope),
        "default_branch": record.data.get("default_branch"),
        "archived": bool(record.data.get("archived", False)),
    }


def _commit(each: Numbered, names: GitLabNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "sha": record.record_id,
        "change_id": names.change(record.scope, record.parent or ""),
        "repo_id": names.repo_id(record.scope),
        "authored_at": record.data.get("authored_date") or record.data.get("created_at"),
        "committed_at": record.data.get("committed_date"),
        "author": record.data.get("author_name"),
    }


def _deployment(
    each: Numbered, tiers: Mapping[tuple[str, str | None], str | None], names: GitLabNames, settings: Settings
) -> Row:
    """A deployment with the times of its job where it has one: the deployment's own update moves long after its end."""
    position, record = each
    data = record.data
    job = data.get("deployable") or {}
    status = DEPLOYMENT_STATUSES.get(str(data.get("status")), data.get("status"))
    tier = tiers.get((record.scope, record.record_id))
    ended = job.get("finished_at") or data.get("finished_at") or data.get("updated_at")
    return {
        RECORD_COLUMN: position,
        "deployment_id": names.part(record.scope, "deployments", record.record_id),
        "repo_id": names.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "environment": (data.get("environment") or {}).get("name"),
        "is_production": None if tier is None else tier == "production",
        "sha": data.get("sha"),
        "status": status,
        "kind": deployment_kind(str(job.get("name") or ""), str(data.get("ref") or "")),
        "started_at": job.get("started_at") or data.get("created_at"),
        "finished_at": None if status == "in_progress" else ended,
    }


def _deployment_change(each: Numbered, names: GitLabNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "deployment_id": names.part(record.scope, "deployments", record.parent or ""),
        "change_id": names.change(record.scope, record.data.get("iid", "")),
    }


def _defect(each: Numbered, settings: Settings, names: GitLabNames) -> Row:
    """An issue with a defect label; one that has lost it is a tombstone."""
    position, record = each
    data, labels, scope = record.data, labels_of(record.data), record.scope
    blamed = causing_change(data.get("description") or "", scope)
    return {
        RECORD_COLUMN: position,
        "defect_id": names.part(scope, "issues", record.record_id),
        "repo_id": names.repo_id(scope),
        "found_in": "pre_production" if set(labels) & set(settings.pre_production_labels) else "production",
        "severity": _severity(labels, settings),
        "opened_at": data.get("created_at"),
        "closed_at": data.get("closed_at"),
        "caused_by_change_id": names.change(*blamed) if blamed else None,
        "deleted": not is_defect(data, settings),
    }


def _incident(each: Numbered, settings: Settings, names: GitLabNames) -> Row:
    """An issue of type incident, or with an incident's label; one that is neither any more is a tombstone."""
    position, record = each
    data, labels, scope = record.data, labels_of(record.data), record.scope
    prefix = settings.service_label_prefix
    named = next((label.removeprefix(prefix).strip() for label in labels if label.startswith(prefix)), None)
    blamed = causing_change(data.get("description") or "", scope)
    severity = _severity(labels, settings)
    return {
        RECORD_COLUMN: position,
        "incident_id": names.part(scope, "issues", record.record_id),
        "repo_id": names.repo_id(scope),
        "service": named or settings.services.get(scope),
        "severity": severity or INCIDENT_SEVERITIES.get(str(data.get("severity")).upper()),
        "is_security": bool(set(labels) & set(settings.security_labels)),
        "opened_at": data.get("created_at"),
        "resolved_at": data.get("closed_at"),
        "caused_by_change_id": names.change(*blamed) if blamed else None,
        "title": data.get("title"),
        "deleted": not is_incident(data, settings),
    }


def _severity(labels: Sequence[str], settings: Settings) -> int | None:
    return min((settings.severity_labels[label] for label in labels if label in settings.severity_labels), default=None)


def is_incident(issue: Mapping[str, Any], settings: Settings) -> bool:
    """Whether an issue is an incident: by its type, or by a label of the workspace's choice."""
    is_one = str(issue.get("issue_type") or issue.get("type") or "").lower() == "incident"
    return is_one or bool(set(labels_of(issue)) & set(settings.incident_labels))


def is_defect(issue: Mapping[str, Any], settings: Settings) -> bool:
    """Whether an issue is a defect: it bears a defect's label and is no incident."""
    return bool(set(labels_of(issue)) & set(settings.defect_labels)) and not is_incident(issue, settings)
