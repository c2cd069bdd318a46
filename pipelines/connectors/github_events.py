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
from pipelines.connectors.github_names import (
    GitHubNames,
    Settings,
    account_kind,
    id_of_reference,
    labels_of,
    login_of,
)

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
FINAL_STATES = {"success": "success", "failure": "failure", "error": "failure"}

Numbered = tuple[int, RawRecord]
"""A record with its position in the batch."""


def conform(records: Sequence[RawRecord], settings: Settings, names: GitHubNames) -> Conformed:
    """The rows that the records stand for, each with its record's position; commits and reviews come as whole sets."""
    by_kind: dict[str, list[Numbered]] = defaultdict(list)
    for position, record in enumerate(records):
        by_kind[record.kind].append((position, record))
    changes = by_kind["pull_request"]
    tables = {
        "repositories": [_repository(each, settings, names) for each in by_kind["repository"]],
        "changes": [_change(each, _of(each, by_kind["commit"]), settings, names) for each in changes],
        "commits": [_commit(each, names) for each in by_kind["commit"]],
        "reviews": _reviews(by_kind["review"], by_kind["review_comment"], settings, names),
        "change_events": [
            _event(each, names) for each in by_kind["issue_event"] if each[1].data.get("event") in EVENT_KINDS
        ],
        "deployments": [
            _deployment(each, _of(each, by_kind["deployment_status"]), names, settings)
            for each in by_kind["deployment"]
        ],
        "defects": [_defect(each, settings, names) for each in by_kind["issue"]],
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
        "fixes_defect_id": id_of_reference(closed_issue(body, scope), names),
    }


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
            "comment_count": counts[record.scope, record.record_id] + bool((record.data.get("body") or "").strip()),
        }
        for position, record in reviews
        if record.data.get("state") != "PENDING"
    ]


def _event(each: Numbered, names: GitHubNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "event_id": names.part(record.scope, "events", record.record_id),
        "change_id": names.numbered(record.scope, record.parent or ""),
        "kind": EVENT_KINDS[record.data["event"]],
        "occurred_at": record.data.get("created_at"),
        "actor": login_of(record.data.get("actor")),
    }


def _deployment(each: Numbered, statuses: Sequence[RawRecord], names: GitHubNames, settings: Settings) -> Row:
    """A deployment ends with its first final status after it went into progress.

    `inactive` is what GitHub writes when a later deployment takes its place, often days afterwards, and is never an
    end.
    """
    position, record = each
    history = sorted(
        (status.data for status in statuses), key=lambda status: (status.get("created_at") or "", status["id"])
    )
    began = next((index for index, status in enumerate(history) if status.get("state") == "in_progress"), None)
    ended = next((status for status in history[began or 0 :] if status.get("state") in FINAL_STATES), None)
    was_replaced = any(status.get("state") == "inactive" for status in history)
    status = FINAL_STATES[ended["state"]] if ended else "cancelled" if was_replaced else "in_progress"
    return {
        RECORD_COLUMN: position,
        "deployment_id": names.part(record.scope, "deployments", record.record_id),
        "repo_id": names.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "environment": record.data.get("original_environment") or record.data.get("environment"),
        "sha": record.data.get("sha"),
        "status": status,
        "kind": _deployment_kind(record.data),
        "started_at": history[began].get("created_at") if began is not None else record.data.get("created_at"),
        "finished_at": ended.get("created_at") if ended else None,
    }


def _deployment_kind(data: Mapping[str, Any]) -> str:
    """By the task that the deployer named, or the ref that was deployed."""
    task, ref = str(data.get("task") or "").lower(), str(data.get("ref") or "").lower()
    if "rollback" in task or "roll-back" in task:
        return "rollback"
    if "redeploy" in task:
        return "redeploy"
    is_hotfix = "hotfix" in task or ref.removeprefix("refs/heads/").startswith(("hotfix/", "hotfix-"))
    return "hotfix" if is_hotfix else "release"


def _defect(each: Numbered, settings: Settings, names: GitHubNames) -> Row:
    """An issue with a defect label; one that has lost it is a tombstone."""
    position, record = each
    data, labels = record.data, labels_of(record.data)
    severities = [settings.severity_labels[label] for label in labels if label in settings.severity_labels]
    return {
        RECORD_COLUMN: position,
        "defect_id": names.numbered(record.scope, record.record_id),
        "repo_id": names.repo_id(record.scope),
        "found_in": "pre_production" if set(labels) & set(settings.pre_production_labels) else "production",
        "severity": min(severities, default=None),
        "opened_at": data.get("created_at"),
        "closed_at": data.get("closed_at"),
        "caused_by_change_id": id_of_reference(causing_change(data.get("body") or "", record.scope), names),
        "deleted": not set(labels) & set(settings.defect_labels),
    }
