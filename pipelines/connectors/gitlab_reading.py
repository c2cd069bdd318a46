"""Reading merge requests of GitLab with all that hangs on them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.connectors.base import PullContext, RawRecord, Stream, format_instant, parse_instant
from pipelines.connectors.gitlab_names import project
from pipelines.connectors.gitlab_notes import APPROVED, review_kind
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import Complaint, HostClient, NotFound
from schemas.errors import SourceError

PER_PAGE = 100
LONGEST_LISTING = 50_000
"""Elements after which GitLab refuses to go on by numbered pages."""
LINES_QUERY = """
query($project: ID!, $numbers: [String!]) {
  project(fullPath: $project) {
    mergeRequests(iids: $numbers, first: 100) {
      nodes { iid diffStatsSummary { additions deletions fileCount } }
    }
  }
}
"""
"""Lines and files changed, a page of merge requests at once; REST does not tell them."""
WITHOUT_LINES = "set line_counts = false to do without; what arrived is kept"
CHANGES_PER_BATCH = 25
"""Merge requests stored together: some seventy requests, all that a killed pull asks for again."""


class MergeRequestReading:
    """Merge requests with their notes, commits and, where no note tells of one, approvals; each once in a pull.

    Args:
        stream: Of which project.
        context: The pull.
        line_counts: Whether lines and files are asked for as well: GraphQL alone tells them, a page in one request.
    """

    def __init__(self, stream: Stream, context: PullContext, line_counts: bool) -> None:
        self._scope = stream.scope
        self._client = context.client
        self._line_counts = line_counts
        self._lines: dict[str, Item] = {}
        self._address = f"{project(stream.scope)}/merge_requests"
        self.open = OpenOnes(context.cursor(stream))

    def pages(self, pages: Iterable[Page], sweep: Sweep) -> Iterator[Page]:
        """The pages of the list; before each is handed on, the lines of what will be read of it are asked for."""
        for page in pages:
            times = {str(item["iid"]): updated_at(item) for item in page.items}
            self._ask_lines([key for key, at in times.items() if not (sweep.is_below(at) or sweep.is_read(at))])
            yield page

    def _ask_lines(self, numbers: Sequence[str]) -> None:
        """Fetch the lines of merge requests."""
        self._lines = {}
        if not numbers or not self._line_counts:
            return
        asked = {"query": LINES_QUERY, "variables": {"project": self._scope, "numbers": list(numbers)}}
        try:
            found = self._client.post("../graphql", asked, check=_complaint)
        except NotFound as absent:
            raise SourceError("has no GraphQL, which alone tells lines changed", absent.where, WITHOUT_LINES) from None
        nodes = ((found["data"].get("project") or {}).get("mergeRequests") or {}).get("nodes") or ()
        self._lines = {str(node["iid"]): node["diffStatsSummary"] for node in nodes if node.get("diffStatsSummary")}

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
        if number in self._lines:
            records.append(RawRecord("lines", number, self._scope, self._lines[number], number))
        self.open.note(number, change["updated_at"] if change["state"] in ("opened", "locked") else None)
        return records

    def read_moved(self) -> Iterator[list[RawRecord]]:
        """What is, or was, open and has another update than that which was read."""
        query: Query = {"state": "opened", "scope": "all", "per_page": PER_PAGE}
        pages = pages_if_any(self._client, self._address, query, conditional=True)
        listed = {str(item["iid"]): item for page in pages for item in page.items}
        moved = self.open.moved({number: item["updated_at"] for number, item in listed.items()})
        self._ask_lines(moved[:PER_PAGE])
        for number in moved:
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


def updated_pages(client: HostClient, address: str, query: Query) -> Iterator[Page]:
    """The pages of a listing by last update, newest first; beyond what one gives, anew from the oldest that it gave."""
    until: datetime | None = None
    while True:
        read, oldest = 0, None
        before = {"updated_before": format_instant(until)} if until else {}
        for page in pages_if_any(client, address, {**query, **before}):
            read += len(page.items)
            oldest = updated_at(page.items[-1]) if page.items else oldest
            yield page
            if read + PER_PAGE > LONGEST_LISTING:
                break
        if oldest is None or oldest == until or read + PER_PAGE <= LONGEST_LISTING:
            return
        until = oldest


def updated_at(item: Item) -> datetime:
    """When a thing changed last; what was never changed shows when it was made."""
    return parse_instant(item.get("updated_at") or item["created_at"])


def _complaint(document: Any) -> Complaint | None:  # noqa: ANN401 - JSON is of any type
    """What GraphQL says went wrong, which comes with status 200."""
    errors = document.get("errors") if isinstance(document, dict) else None
    if not errors:
        return None
    words = " ".join(str(errors[0].get("message") if isinstance(errors[0], dict) else errors[0]).split())[:200]
    what = f"answered a query of lines changed with: {words} (line_counts = false does without)"
    return Complaint(what, is_final="timeout" not in words.lower())
