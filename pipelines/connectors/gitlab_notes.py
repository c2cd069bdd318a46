"""What GitLab's notes say of a merge request: its system notes as events, its approvals and comments as reviews.

GitLab has no reviews of its own. Here an approval, a request for changes and each comment that is not the author's
are reviews; an approval that its giver takes back is dismissed, as on other hosts.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.connectors.base import RECORD_COLUMN, RawRecord, Row
from pipelines.connectors.gitlab_names import GitLabNames, Settings, account_kind, username_of

EVENT_NOTES: tuple[tuple[str, str], ...] = (
    (r"^marked this merge request as \*\*ready\*\*", "ready_for_review"),
    (r"^unmarked (this merge request )?as (a )?\**(draft|work in progress|wip)\**", "ready_for_review"),
    (r"^marked (this merge request )?as (a )?\**(draft|work in progress|wip)\**", "converted_to_draft"),
    (r"^requested review from ", "review_requested"),
    (r"^reopened\b", "reopened"),
    (r"^closed\b", "closed"),
    (r"^merged$", "merged"),
    # A push that brings commits of the target branch below the change's own: a rebase, which replaces them.
    (r"^added \d+ commits?\b.*\bcommits? from branch\b", "force_pushed"),
)
"""System notes that are steps of a change, across GitLab's versions; the first that matches counts."""
APPROVED, UNAPPROVED, CHANGES_REQUESTED = "approved", "unapproved", "changes_requested"
_REVIEW_NOTES: tuple[tuple[str, str], ...] = (
    (r"^approved this merge request", APPROVED),
    (r"^(unapproved|revoked approval of|removed approval from) ?(this merge request)?", UNAPPROVED),
    (r"^requested changes", CHANGES_REQUESTED),
)
Numbered = tuple[int, RawRecord]


def event_kind(note: Mapping[str, Any]) -> str | None:
    """The step that a system note tells of, if it tells of one."""
    return _kind(note, EVENT_NOTES)


def review_kind(note: Mapping[str, Any]) -> str | None:
    """`approved`, `unapproved` or `changes_requested`, if a system note says so."""
    return _kind(note, _REVIEW_NOTES)


def _kind(note: Mapping[str, Any], patterns: Sequence[tuple[str, str]]) -> str | None:
    if not note.get("system"):
        return None
    body = str(note.get("body") or "").strip()
    return next((kind for pattern, kind in patterns if re.search(pattern, body, re.I | re.S)), None)


def event_row(each: Numbered, change: RawRecord, names: GitLabNames) -> Row | None:
    """The row of `change_events` that a note stands for.

    Newer versions write no notes of closing, reopening and merging. A note left from before an upgrade must not say
    that a change has ended which was reopened since, so those of an end count only where the change has so ended.
    """
    position, record = each
    kind = event_kind(record.data)
    if kind is None or (kind in ("closed", "merged") and change.data.get("state") != kind):
        return None
    return {
        RECORD_COLUMN: position,
        "event_id": names.part(record.scope, "notes", record.record_id),
        "change_id": names.change(record.scope, record.parent or ""),
        "kind": kind,
        "occurred_at": record.data.get("created_at"),
        "actor": username_of(record.data.get("author")),
    }


def review_rows(
    change: RawRecord, notes: Sequence[Numbered], approvals: Sequence[Numbered], settings: Settings, names: GitLabNames
) -> list[Row]:
    """The rows of `reviews` of one merge request."""
    author = username_of(change.data.get("author"))
    rows: list[Row] = []
    standing: dict[str | None, Row] = {}
    for position, record in sorted(notes, key=lambda each: (str(each[1].data.get("created_at")), each[1].record_id)):
        note = record.data
        kind, reviewer = review_kind(note), username_of(note.get("author"))
        if kind == UNAPPROVED:
            if approval := standing.pop(reviewer, None):
                approval["state"] = "dismissed"
            continue
        if kind is None and (note.get("system") or reviewer == author):
            continue
        row = _row(position, record, names)
        row["review_id"] = names.part(record.scope, "notes", record.record_id)
        row["reviewer"], row["reviewer_kind"] = reviewer, account_kind(note.get("author"), settings)
        row["state"] = kind or "commented"
        row["submitted_at"], row["comment_count"] = note.get("created_at"), 0 if kind else 1
        rows.append(row)
        if kind == APPROVED:
            standing[reviewer] = row
    return rows + _approvals_without_a_note(change, approvals, settings, names)


def _approvals_without_a_note(
    change: RawRecord, approvals: Sequence[Numbered], settings: Settings, names: GitLabNames
) -> list[Row]:
    """Approvals that only the list of approvals tells of.

    Older versions give no instant there: the merge is taken, the latest that it can have been; before the merge the
    change's last update.
    """
    rows = []
    latest = change.data.get("merged_at") or change.data.get("updated_at")
    for position, record in approvals:
        for approval in record.data.get("approved_by") or ():
            row = _row(position, record, names)
            user = approval.get("user") or {}
            row["review_id"] = names.part(record.scope, "approvals", f"{record.record_id}-{user.get('id')}")
            row["reviewer"], row["reviewer_kind"] = username_of(user), account_kind(user, settings)
            row["state"], row["submitted_at"] = APPROVED, approval.get("approved_at") or latest
            row["comment_count"] = 0
            rows.append(row)
    return rows


def _row(position: int, record: RawRecord, names: GitLabNames) -> Row:
    return {
        RECORD_COLUMN: position,
        "review_id": None,
        "change_id": names.change(record.scope, record.parent or ""),
        "reviewer": None,
        "reviewer_kind": None,
        "state": None,
        "submitted_at": None,
        "comment_count": None,
    }
