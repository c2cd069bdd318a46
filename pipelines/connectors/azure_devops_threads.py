"""What the threads of Azure DevOps say of a pull request: votes and comments as reviews, its own words as steps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pipelines.connectors.ai_use import is_agent_account
from pipelines.connectors.base import RECORD_COLUMN, RawRecord, Row
from pipelines.connectors.repository_names import RepositoryNames

APPROVALS, REJECTIONS, RESET = ("10", "5"), ("-5", "-10"), "0"
"""Votes: approved, approved with suggestions; waits for the author, rejected; taken back."""
EVENT_TEXTS = (
    (r"\bpublished the pull request\b", "ready_for_review"),
    (r"\bmarked the pull request as (a )?draft\b", "converted_to_draft"),
    (r"\breactivated the pull request\b", "reopened"),
    (r"\babandoned the pull request\b", "closed"),
)
"""What the host's own comments say in words."""
Numbered = tuple[int, RawRecord]


class Settings(Protocol):
    """The settings that accounts depend on."""

    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102


def name_of(identity: Mapping[str, Any] | None) -> str | None:
    """The account of an identity, else what people call it."""
    given = identity or {}
    return given.get("uniqueName") or given.get("displayName") or None


def account_kind(identity: Mapping[str, Any] | None, settings: Settings) -> str:
    """`agent`, `bot` or `human`."""
    given, name = identity or {}, name_of(identity) or ""
    if is_agent_account(name) or is_agent_account(given.get("displayName")):
        return "agent"
    is_service = str(given.get("descriptor") or "").startswith("svc.") or "Build Service" in str(
        given.get("displayName")
    )
    return "bot" if is_service or name in settings.bots or given.get("displayName") in settings.bots else "human"


class Threads:
    """The threads of one pull request as rows.

    Args:
        position: Of the pull request within the batch.
        change: The pull request.
        threads: Its threads, each with its position.
        settings: The source's.
        names: Of the host.
    """

    def __init__(
        self, position: int, change: RawRecord, threads: Sequence[Numbered], settings: Settings, names: RepositoryNames
    ) -> None:
        self._position = position
        self._change = change
        self._threads = sorted(threads, key=_published)
        self._settings = settings
        self._identifier = names.change(change.scope, change.record_id)

    def reviews(self) -> list[Row]:
        """Votes and comments that are not the author's own; a vote that is taken back dismisses the one before."""
        author = name_of(self._change.data.get("createdBy"))
        rows: list[Row] = []
        standing: dict[str | None, Row] = {}
        for position, thread in self._threads:
            vote = _property(thread.data, "CodeReviewVoteResult")
            comments = thread.data.get("comments") or ()
            if vote is not None and comments:
                voter = comments[0].get("author")
                if (before := standing.pop(name_of(voter), None)) and vote == RESET:
                    before["state"] = "dismissed"
                state = "approved" if vote in APPROVALS else "changes_requested" if vote in REJECTIONS else None
                if state:
                    row = self._review(position, f"threads/{thread.record_id}", voter, state)
                    rows.append({**row, "submitted_at": thread.data.get("publishedDate")})
                    standing[name_of(voter)] = rows[-1]
                continue
            for comment in comments:
                by = comment.get("author")
                if comment.get("commentType") != "system" and not comment.get("isDeleted") and name_of(by) != author:
                    identifier = f"threads/{thread.record_id}/{comment.get('id')}"
                    row = self._review(position, identifier, by, "commented")
                    rows.append({**row, "submitted_at": comment.get("publishedDate"), "comment_count": 1})
        return rows + self._votes_without_a_thread()

    def _votes_without_a_thread(self) -> list[Row]:
        """Approvals that only the list of reviewers tells of, put at the end of the change: the latest they can be."""
        data = self._change.data
        told = {
            name_of((thread.data.get("comments") or [{}])[0].get("author"))
            for _, thread in self._threads
            if _property(thread.data, "CodeReviewVoteResult") is not None
        }
        rows = []
        for reviewer in data.get("reviewers") or ():
            is_told = reviewer.get("isContainer") or name_of(reviewer) in told
            if str(reviewer.get("vote")) in APPROVALS and data.get("closedDate") and not is_told:
                row = self._review(self._position, f"reviewers/{reviewer.get('id')}", reviewer, "approved")
                rows.append({**row, "submitted_at": data["closedDate"]})
        return rows

    def _review(self, position: int, identifier: str, by: Mapping[str, Any] | None, state: str) -> Row:
        return {
            RECORD_COLUMN: position,
            "review_id": f"{self._identifier}/{identifier}",
            "change_id": self._identifier,
            "reviewer": name_of(by),
            "reviewer_kind": account_kind(by, self._settings),
            "state": state,
            "submitted_at": None,
            "comment_count": 0,
        }

    def events(self) -> Iterator[Row]:
        """The steps that the host's own comments tell of."""
        for position, thread in self._threads:
            for comment in thread.data.get("comments") or ():
                words = str(comment.get("content") or "")
                found = (kind for pattern, kind in EVENT_TEXTS if re.search(pattern, words, re.IGNORECASE))
                kind = next(found, None) if comment.get("commentType") == "system" else None
                if kind is None or (kind == "closed" and self._change.data.get("status") != "abandoned"):
                    continue
                yield {
                    RECORD_COLUMN: position,
                    "event_id": f"{self._identifier}/threads/{thread.record_id}/{comment.get('id')}",
                    "change_id": self._identifier,
                    "kind": kind,
                    "occurred_at": comment.get("publishedDate") or thread.data.get("publishedDate"),
                    "actor": name_of(comment.get("author")),
                }


def _published(each: Numbered) -> tuple[str, str]:
    return str(each[1].data.get("publishedDate")), each[1].record_id


def _property(thread: Mapping[str, Any], name: str) -> str | None:
    value = (thread.get("properties") or {}).get(name)
    value = value.get("$value") if isinstance(value, Mapping) else value
    return None if value is None else str(value)
