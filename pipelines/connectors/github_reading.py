"""Reading one pull request or deployment of GitHub with all that hangs on it, and gathering them in batches."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.connectors.base import Batch, Cursor, PullContext, RawRecord, Stream, parse_instant
from pipelines.connectors.transport import NotFound

PER_PAGE = 100
THINGS_PER_BATCH = 25
"""Pull requests or deployments stored together: some hundred requests, all that a killed pull asks for again."""
UNFINISHED_FOR = timedelta(days=30)
"""How long a deployment without a final status is asked about again."""
ENDED = ("success", "failure", "error", "inactive")


class _Reading:
    """Gathers records; a thing goes in whole or not at all, so that a batch can be handed on at any moment."""

    def __init__(self, stream: Stream, context: PullContext) -> None:
        self._scope = stream.scope
        self._context = context
        self._client = context.client
        self._cursor = context.cursor(stream)
        self._records: list[RawRecord] = []
        self._in_batch = 0
        self._observed_at: datetime | None = None
        self.done: set[str] = set()

    def is_full(self) -> bool:
        """Whether the batch at hand should be handed on before the next thing is read."""
        return self._in_batch >= THINGS_PER_BATCH

    def batch(self, cursor: Cursor, complete: bool = False) -> Batch:
        """Hand on what was read since the last batch."""
        batch = Batch(self._records, self._observed_at or self._client.now(), cursor, complete)
        self._records, self._in_batch, self._observed_at = [], 0, None
        return batch

    def _begin(self) -> None:
        self._observed_at = self._observed_at or self._client.now()

    def _add(self, identifier: str, records: list[RawRecord]) -> None:
        self._records += records
        self._in_batch += 1
        self.done.add(identifier)

    def _listed(self, kind: str, address: str, parent: str) -> list[RawRecord]:
        """All elements of a listing as records that hang on `parent`."""
        items = self._client.list(f"repos/{self._scope}/{address}", {"per_page": PER_PAGE})
        key = "sha" if kind == "commit" else "id"
        return [RawRecord(kind, str(item[key]), self._scope, item, parent) for item in items]


class ChangeReading(_Reading):
    """Pull requests with their reviews, review comments, commits and issue events.

    `open` holds the open ones by number, with the instant of their last update as read.
    """

    def __init__(self, stream: Stream, context: PullContext) -> None:
        super().__init__(stream, context)
        self.open: dict[str, str] = dict(self._cursor.get("open", {}))

    def moved(self, listed: Mapping[str, str]) -> list[str]:
        """Of those that are, or were, open: the ones whose update is another than that which was read."""
        numbers = {*self.open, *listed} - self.done
        return sorted((each for each in numbers if self.open.get(each) != listed.get(each)), key=int)

    def read(self, number: str) -> None:
        """Ask for one pull request and all that hangs on it; once in a pull."""
        if number in self.done:
            return
        self._begin()
        try:
            change = self._client.get(f"repos/{self._scope}/pulls/{number}")
        except NotFound:
            # Moved or taken down: what was read stays as it is, and it is not asked for again.
            self.open.pop(number, None)
            return
        records = [
            RawRecord("pull_request", number, self._scope, change),
            *self._listed("review", f"pulls/{number}/reviews", number),
            *self._listed("commit", f"pulls/{number}/commits", number),
            *self._listed("issue_event", f"issues/{number}/events", number),
        ]
        if change.get("review_comments") != 0:
            records += self._listed("review_comment", f"pulls/{number}/comments", number)
        self._add(number, records)
        self.open.pop(number, None)
        if change["state"] == "open":
            self.open[number] = change["updated_at"]


class DeploymentReading(_Reading):
    """Deployments with their statuses; `unfinished` holds those without a final one, with when they were made."""

    def __init__(self, stream: Stream, context: PullContext) -> None:
        super().__init__(stream, context)
        self.unfinished: dict[str, str] = dict(self._cursor.get("unfinished", {}))

    def read(self, deployment: Mapping[str, Any]) -> None:
        """Take a listed deployment and ask for its statuses."""
        self._begin()
        identifier = str(deployment["id"])
        statuses = self._listed("deployment_status", f"deployments/{identifier}/statuses", identifier)
        self._add(identifier, [RawRecord("deployment", identifier, self._scope, deployment), *statuses])
        self.unfinished.pop(identifier, None)
        if not any(status.data["state"] in ENDED for status in statuses):
            self.unfinished[identifier] = deployment["created_at"]

    def read_unfinished(self) -> None:
        """Ask again for those that had not ended when they were last read."""
        for identifier in sorted(set(self.unfinished) - self.done, key=int):
            self._begin()
            try:
                self.read(self._client.get(f"repos/{self._scope}/deployments/{identifier}"))
            except NotFound:
                del self.unfinished[identifier]

    def still_waiting(self) -> dict[str, str]:
        """The unfinished ones that are worth asking for next time."""
        oldest = self._context.started_at - UNFINISHED_FOR
        return {key: made for key, made in self.unfinished.items() if parse_instant(made) >= oldest}
