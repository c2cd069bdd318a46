"""GitHub's answers as event tables: pure functions of raw records.

Missing fields become nulls and wrong ones stay as they are: the intake's checks say so in words, row by row; nothing
is mended here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.connectors.ai_use import recognise
from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.connectors.change_kind import causing_change, change_kind, closed_issue, reverted_change
from pipelines.connectors.checks import gate_rows, test_run_rows
from pipelines.connectors.github_checks import (
    checks_of_changes,
    checks_of_runs,
    deployments_of_runs,
    test_rows_of_runs,
)
from pipelines.connectors.github_deployments import brought, deployment, is_published, release
from pipelines.connectors.github_names import (
    GitHubNames,
    Settings,
    account_kind,
    id_of_reference,
    labels_of,
    login_of,
)
from pipelines.connectors.github_nodes import Numbered, unfolded
from pipelines.connectors.issue_keys import named_issue

EVENT_KINDS = {
    "ready_for_review": "ready_for_review",
    "convert_to_draft": "converted_to_draft",
    "converted_to_draft": "converted_to_draft",
    "review_requested": "review_requested",
    "reopened": "reopened",
    "closed": "closed",
    "merged": "merged",
    "head_ref_force_pushed": "force_pushed",
    "labeled": "labeled",
}
"""GitHub's issue events that the contract knows; the others (mentions, assignments…) stay in the raw record."""
REVIEW_STATES = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "COMMENTED": "commented",
    "DISMISSED": "dismissed",
}


def conform(records: Sequence[RawRecord], settings: Settings, names: GitHubNames) -> Conformed:
    """The rows that the records stand for, each with its record's position; commits and reviews come as whole sets."""
    by_kind: dict[str, list[Numbered]] = defaultdict(list)
    for position, record in unfolded(records):
        by_kind[record.kind].append((position, record))
    changes, checks, runs = by_kind["pull_request"], by_kind["check"], by_kind["workflow_run"]
    tables = {
        "repositories": [_repository(each, settings, names) for each in by_kind["repository"]],
        "changes": [_change(each, _of(each, by_kind["commit"]), settings, names) for each in changes],
        "commits": [_commit(each, names) for each in by_kind["commit"]],
        "reviews": _reviews(by_kind["review"], by_kind["review_comment"], settings, names),
        "change_events": [
            _event(each, names) for each in by_kind["issue_event"] if each[1].data.get("event") in EVENT_KINDS
        ],
        "deployments": [
            *(
                deployment(each, _of(each, by_kind["deployment_status"]), names, settings)
                for each in by_kind["deployment"]
            ),
            *(release(each, names, settings) for each in by_kind["release"] if is_published(each[1].data)),
            *deployments_of_runs(runs, settings, names),
        ],
        "deployment_changes": brought(by_kind["deployment"], by_kind["release"], names),
        "defects": [_defect(each, settings, names) for each in by_kind["issue"]],
        "incidents": [_incident(each, settings, names) for each in by_kind["issue"] if settings.incident_labels],
        "gate_results": gate_rows([*checks_of_changes(checks, names), *checks_of_runs(runs, names)], settings.checks),
        "test_runs": [
            *test_run_rows(checks_of_changes(checks, names), settings.checks),
            *test_rows_of_runs(runs, settings, names),
        ],
    }
    frames = {table: text_frame(rows) for table, rows in tables.items() if rows}
    read_whole = [names.numbered(record.scope, record.record_id) for _, record in changes]
    return Conformed(frames, dict.fromkeys(("commits", "reviews"), read_whole) if read_whole else {})


def _of(parent: Numbered, children: Iterable[Numbered]) -> list[RawRecord]:
    owner = parent[1]
    return [child for _, child in children if child.parent == owner.record_id and child.scope == owner.scope]


def _repository(each: Numbered, settings: Settings, names: GitHubNames) -> Row:
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


def _change(each: Numbered, commits: Sequence[RawRecord], settings: Settings, names: GitHubNames) -> Row:
    position, record = each
    data, scope = record.data, record.scope
    labels, body, branch = labels_of(data), data.get("body") or "", (data.get("head") or {}).get("ref")
    merged_at = data.get("merged_at")
    ai = recognise(
        author=login_of(data.get("user")),
        commit_authors=[_commit_author(commit.data) for commit in commits],
        messages=[body, *((commit.data.get("commit") or {}).get("message") or "" for commit in commits)],
        labels=labels,
        branch=branch,
    )
    kind = (
        "hotfix" if set(labels) & set(settings.hotfix_labels) else change_kind(data.get("title") or "", branch, labels)
    )
    return {
        RECORD_COLUMN: position,
        "change_id": names.numbered(scope, record.record_id),
        "repo_id": names.repo_id(scope),
        "service": settings.services.get(scope),
        "number": data.get("number"),
        "title": data.get("title"),
        "author": login_of(data.get("user")),
        "author_kind": account_kind(data.get("user"), settings),
        "ai_use": ai.ai_use,
        "ai_evidence": ai.evidence,
        "state": "merged" if merged_at else data.get("state"),
        "opened_at": data.get("created_at"),
        "merged_at": merged_at,
        "closed_at": data.get("closed_at"),
        # Of an open pull request this is a trial merge that is on no branch.
        "merge_commit_sha": data.get("merge_commit_sha") if merged_at else None,
        "base_branch": (data.get("base") or {}).get("ref"),
        "additions": data.get("additions"),
        "deletions": data.get("deletions"),
        "changed_files": data.get("changed_files"),
        "labels": labels,
        "kind": kind,
        "reverts_change_id": id_of_reference(reverted_change(body, scope), names) if kind == "revert" else None,
        "fixes_defect_id": id_of_reference(_closed_issue(data, body, scope), names)
        or named_issue(settings.issue_keys, data.get("title"), branch, body),
    }


def _closed_issue(data: Mapping[str, Any], body: str, scope: str) -> tuple[str, str] | None:
    """The first issue that the host says the change closes, else the first that its description names as closed."""
    linked = data.get("closing_issues")
    return (linked[0][0], linked[0][1]) if linked else closed_issue(body, scope)


def _commit_author(data: Mapping[str, Any]) -> str | None:
    """The account, else name and address as the commit has them."""
    if login := login_of(data.get("author")):
        return login
    author = (data.get("commit") or {}).get("author") or {}
    return f"{author.get('name') or ''} <{author.get('email') or ''}>" if author else None


def _commit(each: Numbered, names: GitHubNames) -> Row:
    position, record = each
    commit = record.data.get("commit") or {}
    return {
        RECORD_COLUMN: position,
        "sha": record.record_id,
        "change_id": names.numbered(record.scope, record.parent or ""),
        "repo_id": names.repo_id(record.scope),
        "authored_at": (commit.get("author") or {}).get("date"),
        "committed_at": (commit.get("committer") or {}).get("date"),
        "author": login_of(record.data.get("author")) or (commit.get("author") or {}).get("name"),
    }


def _reviews(
    reviews: Sequence[Numbered], comments: Sequence[Numbered], settings: Settings, names: GitHubNames
) -> list[Row]:
    """Reviews that were submitted (a pending one is a draft that only its writer sees), with their comments counted."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for _, comment in comments:
        counts[comment.scope, str(comment.data.get("pull_request_review_id"))] += 1
    return [
        {
            RECORD_COLUMN: position,
            "review_id": names.part(record.scope, "reviews", record.record_id),
            "change_id": names.numbered(record.scope, record.parent or ""),
            "reviewer": login_of(record.data.get("user")),
            "reviewer_kind": account_kind(record.data.get("user"), settings),
            "state": REVIEW_STATES.get(str(record.data.get("state")), record.data.get("state")),
            "submitted_at": record.data.get("submitted_at"),
            "comment_count": record.data.get("comment_count", counts[record.scope, record.record_id])
            + bool((record.data.get("body") or "").strip()),
        }
        for position, record in reviews
        if record.data.get("state") != "PENDING"
    ]


def _event(each: Numbered, names: GitHubNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        # By the id that REST and GraphQL share.
        "event_id": names.part(record.scope, "events", record.data.get("node_id") or record.record_id),
        "change_id": names.numbered(record.scope, record.parent or ""),
        "kind": EVENT_KINDS[record.data["event"]],
        "occurred_at": record.data.get("created_at"),
        "actor": login_of(record.data.get("actor")),
    }


def _defect(each: Numbered, settings: Settings, names: GitHubNames) -> Row:
    """An issue with a defect label; one that has lost it is a tombstone."""
    position, record = each
    data, labels = record.data, labels_of(record.data)
    return {
        RECORD_COLUMN: position,
        "defect_id": names.numbered(record.scope, record.record_id),
        "repo_id": names.repo_id(record.scope),
        "found_in": "pre_production" if set(labels) & set(settings.pre_production_labels) else "production",
        "severity": _severity(labels, settings),
        "opened_at": data.get("created_at"),
        "closed_at": data.get("closed_at"),
        "caused_by_change_id": id_of_reference(causing_change(data.get("body") or "", record.scope), names),
        "deleted": not set(labels) & set(settings.defect_labels),
    }


def _incident(each: Numbered, settings: Settings, names: GitHubNames) -> Row:
    """An issue with an incident label, from its opening to its closing; one that has lost it is a tombstone."""
    position, record = each
    data, labels = record.data, labels_of(record.data)
    return {
        RECORD_COLUMN: position,
        "incident_id": names.numbered(record.scope, record.record_id),
        "repo_id": names.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "severity": _severity(labels, settings),
        "is_security": bool(set(labels) & set(settings.security_labels)),
        "opened_at": data.get("created_at"),
        "resolved_at": data.get("closed_at"),
        "caused_by_change_id": id_of_reference(causing_change(data.get("body") or "", record.scope), names),
        "title": data.get("title"),
        "deleted": not set(labels) & set(settings.incident_labels),
    }


def _severity(labels: Sequence[str], settings: Settings) -> int | None:
    found = [settings.severity_labels[label] for label in labels if label in settings.severity_labels]
    return min(found, default=None)
