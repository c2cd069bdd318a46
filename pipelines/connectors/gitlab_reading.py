"""Reading merge requests of GitLab with all that hangs on them, and gathering them in batches."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipelines.connectors.base import Batch, Cursor, PullContext, RawRecord, Stream
from pipelines.connectors.gitlab_names import project
from pipelines.connectors.gitlab_notes import APPROVED, review_kind
from pipelines.connectors.transport import NotFound

PER_PAGE = 100
CHANGES_PER_BATCH = 25
"""Merge requests stored together: some seventy requests, all that a killed pull asks for again."""


class MergeRequestReading:
    """Merge requests with their notes, commits and, where no note tells of one, approvals.

    A merge request goes in whole or not at all, so that a batch can be handed on at any moment. `open` holds the open
    ones by number, with the instant of their last update as read.
    """

    def __init__(self, stream: Stream, context: PullContext) -> None:
        self._scope = stream.scope
        self._client = context.client
        self._records: list[RawRecord] = []
        self._in_batch = 0
        self._observed_at: datetime | None = None
        self._done: set[str] = set()
        self.open: dict[str, str] = dict(context.cursor(stream).get("open", {}))

    def is_full(self) -> bool:
        """Whether the batch at hand should be handed on before the next merge request is read."""
        return self._in_batch >= CHANGES_PER_BATCH

    def batch(self, cursor: Cursor, complete: bool = False) -> Batch:
        """Hand on what was read since the last batch."""
        batch = Batch(self._records, self._observed_at or self._client.now(), cursor, complete)
        self._records, self._in_batch, self._observed_at = [], 0, None
        return batch

    def moved(self, listed: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Of those that are, or were, open: the numbers of those whose update is another than that which was read."""
        updates = {number: item["updated_at"] for number, item in listed.items()}
        numbers = {*self.open, *updates} - self._done
        return sorted((each for each in numbers if self.open.get(each) != updates.get(each)), key=int)

    def read_gone(self, number: str) -> None:
        """Ask for a merge request that has left the list of open ones."""
        try:
            self.read(self._client.get(f"{project(self._scope)}/merge_requests/{number}"))
        except NotFound:
            # Moved or taken down: what was read stays as it is, and it is not asked for again.
            self.open.pop(number, None)

    def read(self, change: Mapping[str, Any]) -> None:
        """Take a listed merge request and ask for what hangs on it; once in a pull."""
        number = str(change["iid"])
        if number in self._done:
            return
        self._observed_at = self._observed_at or self._client.now()
        notes = self._listed("note", "notes", number, "id", {"sort": "asc", "order_by": "created_at"})
        records = [
            RawRecord("merge_request", number, self._scope, dict(change)),
            *notes,
            *self._listed("commit", "commits", number, "id", {}),
        ]
        if not any(review_kind(note.data) == APPROVED for note in notes):
            records += self._approvals(number)
        self._records += records
        self._in_batch += 1
        self._done.add(number)
        self.open.pop(number, None)
        if change["state"] in ("opened", "locked"):
            self.open[number] = change["updated_at"]

    def _listed(self, kind: str, address: str, number: str, key: str, query: Mapping[str, str]) -> list[RawRecord]:
        path = f"{project(self._scope)}/merge_requests/{number}/{address}"
        items = self._client.list(path, {**query, "per_page": PER_PAGE})
        return [RawRecord(kind, str(item[key]), self._scope, item, number) for item in items]

    def _approvals(self, number: str) -> list[RawRecord]:
        try:
            found = self._client.get(f"{project(self._scope)}/merge_requests/{number}/approvals")
        except NotFound:
            return []
        if not found.get("approved_by"):
            return []
        return [RawRecord("approvals", number, self._scope, found, number)]
