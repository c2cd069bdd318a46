"""Reading a repository of GitHub in bulk, over GraphQL: which pages are asked for, and what of them becomes records.

A page of changes brings everything that hangs on them. A sweep that was cut short goes on at the place where it was:
GitHub's cursors name an instant and an element, and stay good when others move.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.connectors import github_queries as queries
from pipelines.connectors.base import Batch, Cursor, PullContext, RawRecord, Stream, format_instant, parse_instant
from pipelines.connectors.github_graphql import BadCursor, GraphQL, Paged, nodes_of
from pipelines.connectors.newest_first import OpenOnes
from pipelines.connectors.sweep import Sweep
from schemas.errors import SourceError

UNFINISHED_FOR = timedelta(days=30)
"""How long a deployment without a final status is asked about again."""
ENDED = {"SUCCESS", "FAILURE", "ERROR", "INACTIVE"}
_NESTED = ("reviews", "commits", "timelineItems", "closingIssuesReferences")

Node = Mapping[str, Any]


def pull_changes(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """What was updated since the last pull, newest first; then what is, or was, open and has moved unseen."""
    reading = _Reading(stream, context)
    open_ones = OpenOnes(context.cursor(stream))

    def whole(node: Node) -> list[RawRecord]:
        open_ones.note(str(node["number"]), node["updatedAt"] if node["state"] == "OPEN" else None)
        return _change(reading.graphql, stream.scope, node)

    first = queries.CHANGES_PER_PAGE if reading.sweep.start is None else queries.FIRST_PAGE_OF_NEWS
    paged = Paged(reading.graphql, queries.CHANGES, "pullRequests", first, queries.CHANGES_PER_PAGE)
    yield from reading.sweep_over(paged, "updatedAt", whole, open_ones.cursor)
    listed = Paged(reading.graphql, queries.OPEN_CHANGES, "pullRequests", queries.PER_PAGE, queries.PER_PAGE)
    updates = {str(node["number"]): node["updatedAt"] for nodes in listed for node in nodes}
    moved = open_ones.moved(updates)
    for begin in range(0, len(moved), queries.CHANGES_BY_NUMBER):
        numbers = moved[begin : begin + queries.CHANGES_BY_NUMBER]
        observed_at = context.client.now()
        found = reading.graphql.ask(queries.changes_by_number([int(number) for number in numbers])).get("repository")
        records = []
        for number in numbers:
            if node := (found or {}).get(f"c{number}"):
                records += whole(node)
            else:
                # Moved or taken down: what was read stays as it is, and it is not asked for again.
                open_ones.note(number, None)
        yield Batch(records, observed_at, reading.progress(open_ones.cursor))
    yield Batch([], reading.read_at, reading.sweep.finished(**open_ones.cursor()), complete=True)


def pull_issues(stream: Stream, context: PullContext, is_wanted: Callable[[Node], bool]) -> Iterator[Batch]:
    """Issues that were updated since the last pull, of those that are wanted."""
    reading = _Reading(stream, context)
    start = reading.sweep.start
    since = {"since": format_instant(start.replace(microsecond=0)) if start else None}
    paged = Paged(reading.graphql, queries.ISSUES, "issues", queries.PER_PAGE, queries.PER_PAGE, since)

    def records(node: Node) -> list[RawRecord]:
        if not is_wanted(node):
            return []
        return [RawRecord("issue_node", str(node["number"]), stream.scope, node)]

    yield from reading.sweep_over(paged, "updatedAt", records)
    yield Batch([], reading.read_at, reading.sweep.finished(), complete=True)


def pull_deployments(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """Deployments made since the last pull, and those that had not ended by then."""
    reading = _Reading(stream, context)
    unfinished: dict[str, str] = dict(context.cursor(stream).get("unfinished_nodes", {}))
    read: set[str] = set()

    def records(node: Node) -> list[RawRecord]:
        identifier = str(node["databaseId"])
        rest = _overflow(reading.graphql, stream.scope, identifier, node["id"], "statuses", node["statuses"])
        statuses = [*nodes_of(node["statuses"]), *(each for page in rest for each in nodes_of(page.data))]
        read.add(node["id"])
        unfinished.pop(node["id"], None)
        if not any(status["state"] in ENDED for status in statuses):
            unfinished[node["id"]] = node["createdAt"]
        return [RawRecord("deployment_node", identifier, stream.scope, node), *rest]

    def cursor() -> Cursor:
        return {"unfinished_nodes": dict(unfinished)}

    paged = Paged(reading.graphql, queries.DEPLOYMENTS, "deployments", queries.PER_PAGE, queries.PER_PAGE)
    yield from reading.sweep_over(paged, "createdAt", records, cursor)
    waiting = sorted(set(unfinished) - read)
    for begin in range(0, len(waiting), queries.PER_PAGE):
        asked = waiting[begin : begin + queries.PER_PAGE]
        observed_at = context.client.now()
        found = [node for node in reading.graphql.ask(queries.DEPLOYMENTS_BY_ID, ids=asked)["nodes"] if node]
        batch = [record for node in found for record in records(node)]
        for gone in set(asked) - {node["id"] for node in found}:
            del unfinished[gone]
        yield Batch(batch, observed_at, reading.progress(cursor))
    oldest = context.started_at - UNFINISHED_FOR
    still = {key: made for key, made in unfinished.items() if parse_instant(made) >= oldest}
    yield Batch([], reading.read_at, reading.sweep.finished(unfinished_nodes=still), complete=True)


def pull_releases(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """Releases made since the last pull."""
    reading = _Reading(stream, context)
    paged = Paged(reading.graphql, queries.RELEASES, "releases", queries.PER_PAGE, queries.PER_PAGE)

    def records(node: Node) -> list[RawRecord]:
        return [RawRecord("release_node", str(node["databaseId"]), stream.scope, node)]

    yield from reading.sweep_over(paged, "createdAt", records)
    yield Batch([], reading.read_at, reading.sweep.finished(), complete=True)


class _Reading:
    """One pass over a stream: where it stands, and at which place an earlier one broke off."""

    def __init__(self, stream: Stream, context: PullContext) -> None:
        self.graphql = GraphQL(context.client, stream.scope)
        self.sweep = Sweep.begin(stream, context)
        self.read_at = context.client.now()
        self._places: dict[str, str] = dict(context.cursor(stream).get("places", {})) if self.sweep.spans else {}

    def sweep_over(
        self,
        paged: Paged,
        instant: str,
        records: Callable[[Node], list[RawRecord]],
        more: Callable[[], Cursor] = dict,
    ) -> Iterator[Batch]:
        """A batch a page, down to where the last sweep began; what came before a fault is handed on with it."""
        pages = iter(paged)
        while True:
            before = paged.after
            try:
                nodes = next(pages, None)
            except BadCursor:
                if not self._places:
                    raise
                # A place from an earlier pull has lost its meaning: go on page by page from before the leap.
                self._places.clear()
                paged.after, pages = self._came_from, iter(paged)
                continue
            if nodes is None:
                return
            gathered, failure = self._gathered(paged, nodes, instant, records)
            if nodes:
                last = parse_instant(nodes[-1][instant])
                self._note_place(before if failure else paged.after, last)
                if paged.has_next and not failure:
                    self._leap(paged, last)
            yield Batch(gathered, paged.asked_at or self.read_at, self.progress(more))
            if failure:
                raise failure

    def _gathered(
        self, paged: Paged, nodes: list[Node], instant: str, records: Callable[[Node], list[RawRecord]]
    ) -> tuple[list[RawRecord], SourceError | None]:
        """The records of a page's nodes that are news, down to what the last sweep has read or to a fault."""
        gathered: list[RawRecord] = []
        for node in nodes:
            changed_at = parse_instant(node[instant])
            if self.sweep.is_below(changed_at):
                paged.has_next = False
                break
            if not self.sweep.is_read(changed_at):
                try:
                    gathered += records(node)
                except SourceError as failure:
                    return gathered, failure
            self.sweep.pass_by(changed_at)
        return gathered, None

    def progress(self, more: Callable[[], Cursor]) -> Cursor:
        """The cursor while the sweep is under way, with the places where its spans end."""
        cursor = self.sweep.progress(**more())
        lows = {low for low, _ in cursor["read"]}
        self._places = {low: place for low, place in self._places.items() if low in lows}
        return {**cursor, "places": dict(self._places)}

    def _note_place(self, after: str | None, last: datetime) -> None:
        """Note where the span read so far ends; not from within one that an earlier pull has read further down."""
        if after and self.sweep.low is not None and self.sweep.low >= last:
            self._places[format_instant(self.sweep.low)] = after

    _came_from: str | None = None

    def _leap(self, paged: Paged, last: datetime) -> None:
        """From within a span that was read, go on at its end."""
        for low, high in self.sweep.spans:
            place = self._places.get(format_instant(low))
            if low < last <= high and place:
                self._came_from, paged.after = paged.after, place
                self.sweep.pass_by(low)
                return


def _change(graphql: GraphQL, scope: str, node: Node) -> list[RawRecord]:
    """A change with what lies on overflow pages."""
    number = str(node["number"])
    records = [RawRecord("change_node", number, scope, node)]
    for name in _NESTED:
        if node.get(name):
            records += _overflow(graphql, scope, number, node["id"], name, node[name])
    for each in nodes_of(node.get("head")):
        commit = each["commit"]
        suites = list(nodes_of(commit.get("checkSuites")))
        if commit.get("checkSuites"):
            rest = _overflow(graphql, scope, number, commit["id"], "checkSuites", commit["checkSuites"])
            suites += [suite for page in rest for suite in nodes_of(page.data)]
            records += rest
        for suite in suites:
            if suite.get("checkRuns"):
                records += _overflow(graphql, scope, number, suite["id"], "checkRuns", suite["checkRuns"])
    return records


def _overflow(graphql: GraphQL, scope: str, parent: str, owner: str, name: str, connection: Node) -> list[RawRecord]:
    """What a nested connection holds beyond its first page, a record a page."""
    return [
        RawRecord("overflow", f"{owner}/{name}/{number}", scope, {"connection": name, "nodes": nodes}, parent)
        for number, nodes in enumerate(graphql.rest_of(owner, name, connection), 1)
    ]
