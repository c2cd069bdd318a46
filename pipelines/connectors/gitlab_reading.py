"""Reading merge requests of GitLab with all that hangs on them."""

from collections.abc import Iterator, Mapping

from pipelines.connectors.base import PullContext, RawRecord, Stream
from pipelines.connectors.gitlab_names import project
from pipelines.connectors.gitlab_notes import APPROVED, review_kind
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes
from pipelines.connectors.transport import HostClient, NotFound

PER_PAGE = 100
CHANGES_PER_BATCH = 25
"""Merge requests stored together: some seventy requests, all that a killed pull asks for again."""


class MergeRequestReading:
    """Merge requests with their notes, commits and, where no note tells of one, approvals; each once in a pull."""

    def __init__(self, stream: Stream, context: PullContext) -> None:
        self._scope = stream.scope
        self._client = context.client
        self._address = f"{project(stream.scope)}/merge_requests"
        self.open = OpenOnes(context.cursor(stream))

    def read(self, change: Item) -> list[RawRecord]:
        """A listed merge request and what hangs on it; nothing where it was read in this pull."""
        number = str(change["iid"])
        if self.open.is_done(number):
            return []
        notes = self._listed("note", "notes", number, "id", {"sort": "asc", "order_by": "created_at"})
        records = [
            RawRecord("merge_request", number, self._scope, dict(change)),
            *notes,
            *self._listed("commit", "commits", number, "id", {}),
        ]
        if not any(review_kind(note.data) == APPROVED for note in notes):
            records += self._approvals(number)
        self.open.note(number, change["updated_at"] if change["state"] in ("opened", "locked") else None)
        return records

    def read_moved(self) -> Iterator[list[RawRecord]]:
        """What is, or was, open and has another update than that which was read."""
        query: Query = {"state": "opened", "scope": "all", "per_page": PER_PAGE}
        pages = pages_if_any(self._client, self._address, query, conditional=True)
        listed = {str(item["iid"]): item for page in pages for item in page.items}
        for number in self.open.moved({number: item["updated_at"] for number, item in listed.items()}):
            if number in listed:
                yield self.read(listed[number])
                continue
            try:
                yield self.read(self._client.get(f"{self._address}/{number}"))
            except NotFound:
                # Moved or taken down: what was read stays as it is, and it is not asked for again.
                self.open.note(number, None)

    def _listed(self, kind: str, address: str, number: str, key: str, query: Mapping[str, str]) -> list[RawRecord]:
        items = self._client.list(f"{self._address}/{number}/{address}", {**query, "per_page": PER_PAGE})
        return [RawRecord(kind, str(item[key]), self._scope, item, number) for item in items]

    def _approvals(self, number: str) -> list[RawRecord]:
        try:
            found = self._client.get(f"{self._address}/{number}/approvals")
        except NotFound:
            return []
        if not found.get("approved_by"):
            return []
        return [RawRecord("approvals", number, self._scope, found, number)]


def pages_if_any(client: HostClient, address: str, query: Query, conditional: bool = False) -> Iterator[Page]:
    """The pages of a listing; none where the project has that kind of thing turned off."""
    try:
        yield from client.pages(address, query, conditional=conditional)
    except NotFound:
        return
