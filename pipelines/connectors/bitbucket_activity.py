"""What Bitbucket's activity says of a pull request: approvals and comments as reviews, its updates as steps."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pipelines.connectors.ai_use import is_agent_account
from pipelines.connectors.base import RECORD_COLUMN, RawRecord, Row
from pipelines.connectors.repository_names import RepositoryNames

NAMES = RepositoryNames("bitbucket.org")
REVIEW_STATES = {"approval": "approved", "changes_requested": "changes_requested", "comment": "commented"}
"""Parts of the activity that are reviews."""
Numbered = tuple[int, RawRecord]


class Settings(Protocol):
    """The settings that accounts depend on."""

    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102


def name_of(account: Mapping[str, Any] | None) -> str | None:
    """What people call an account; None for one that was deleted."""
    given = account or {}
    return given.get("nickname") or given.get("username") or given.get("display_name") or None


def account_kind(account: Mapping[str, Any] | None, settings: Settings) -> str:
    """`agent`, `bot` or `human`."""
    name, kind = name_of(account) or "", str((account or {}).get("type") or "").lower()
    if is_agent_account(name):
        return "agent"
    is_bot = kind.startswith("app") or name in settings.bots or name.lower().endswith(("[bot]", "-bot"))
    return "bot" if is_bot else "human"


def review_rows(change: RawRecord, activity: Sequence[Numbered], settings: Settings) -> list[Row]:
    """Approvals, requests for changes, and comments that are not the author's own."""
    author = name_of(change.data.get("author"))
    rows = []
    for position, record in activity:
        for part, state in (
            ("approval", "approved"),
            ("changes_requested", "changes_requested"),
            ("comment", "commented"),
        ):
            given = record.data.get(part)
            if not given or given.get("deleted") or (part == "comment" and name_of(given.get("user")) == author):
                continue
            at = given.get("date") or given.get("created_on")
            identifier = given.get("id") or f"{change.record_id}-{part}-{(given.get('user') or {}).get('uuid')}-{at}"
            rows.append(
                {
                    RECORD_COLUMN: position,
                    "review_id": NAMES.part(change.scope, "reviews", identifier),
                    "change_id": NAMES.change(change.scope, change.record_id),
                    "reviewer": name_of(given.get("user")),
                    "reviewer_kind": account_kind(given.get("user"), settings),
                    "state": state,
                    "submitted_at": at,
                    "comment_count": 1 if part == "comment" else 0,
                }
            )
    return rows


def event_rows(change: RawRecord, activity: Sequence[Numbered]) -> list[Row]:
    """Leaving and entering a draft, and requests for review, from the activity's updates."""
    rows = []
    for position, record in activity:
        update = record.data.get("update") or {}
        changed = update.get("changes") or {}
        kinds = {"False": "ready_for_review", "True": "converted_to_draft"}
        kind = kinds.get(str((changed.get("draft") or {}).get("new")))
        kind = kind or ("review_requested" if (changed.get("reviewers") or {}).get("added") else None)
        if kind:
            rows.append(
                {
                    RECORD_COLUMN: position,
                    "event_id": NAMES.part(change.scope, "updates", f"{change.record_id}-{kind}-{update.get('date')}"),
                    "change_id": NAMES.change(change.scope, change.record_id),
                    "kind": kind,
                    "occurred_at": update.get("date"),
                    "actor": name_of(update.get("author")),
                }
            )
    return rows
