"""Asking GitHub's GraphQL API: its errors with status 200, its budget of points, and its connections, page by page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.connectors.base import parse_instant
from pipelines.connectors.github_queries import OVERFLOW
from pipelines.connectors.host_errors import GaveUp
from pipelines.connectors.listing import Astray, ListingGuard
from pipelines.connectors.transport import ATTEMPTS, Complaint, HostClient, NotFound
from schemas.errors import SourceError

BUDGET = "graphql"
SMALLEST_PAGE = 3
"""A page this small that still fails is not the host's being overtaxed."""
ATTEMPTS_AT_LARGE_PAGES = 2
"""Attempts before a page is asked for in a smaller size: GitHub gives up on a query after ten seconds."""
OPTIONAL = {"status", "checkSuites", "closingIssuesReferences", "associatedPullRequests"}
"""What a token may lack the right to read without the rest being of less worth; `plumbline doctor` says so."""

_PASSING = re.compile(r"something went wrong|timed? ?out|timeout|try again|temporar|internal", re.IGNORECASE)


class NoGraphQL(NotFound):
    """The host has no GraphQL API at its address."""


class BadCursor(SourceError):
    """The host does not know the place any more from which it was asked to go on."""


def complaint_of(document: object) -> Complaint | None:
    """What went wrong, of an answer with status 200; None where its data can be used.

    What is not there (NOT_FOUND) comes as a null among good data, and is not complained of.
    """
    if not isinstance(document, Mapping):
        return Complaint("answered with something other than an object")
    errors = [error for error in document.get("errors") or () if isinstance(error, Mapping)]
    for error in errors:
        words = " ".join(str(error.get("message", "")).split())[:200]
        if error.get("type") == "RATE_LIMITED" or "rate limit" in words.lower():
            return Complaint("limited the rate of requests (GraphQL)", is_limit=True)
        if error.get("type") == "NOT_FOUND" or OPTIONAL & {str(part) for part in error.get("path") or ()}:
            continue
        if "cursor" in words.lower():
            return Complaint(f"no longer knows a place in its listing ({words})", error=BadCursor)
        is_passing = _PASSING.search(words) or error.get("type") in (None, "SERVICE_UNAVAILABLE", "INTERNAL")
        return Complaint(f"answered with an error ({words})", is_final=not is_passing)
    return None if isinstance(document.get("data"), Mapping) else Complaint("answered without data")


class GraphQL:
    """Queries about one repository."""

    def __init__(self, client: HostClient, scope: str) -> None:
        self.client = client
        owner, _, name = scope.partition("/")
        self._repository = {"owner": owner, "name": name}
        # A GitHub Enterprise Server answers beside its REST API, not below it.
        self._path = "../graphql" if client.base_url.path.endswith("/api/v3/") else "graphql"

    def ask(self, query: str, attempts: int = ATTEMPTS, **variables: object) -> Mapping[str, Any]:
        """The data that answers a query; variables that it does not know are left out."""
        known = {name: value for name, value in {**self._repository, **variables}.items() if f"${name}:" in query}
        body = {"query": query, "variables": known}
        if self._path in self.client.absent_apis:
            raise NoGraphQL("has no GraphQL API")
        try:
            data = self.client.post(self._path, body, complaint_of, BUDGET, attempts)["data"]
        except NotFound as absent:
            self.client.absent_apis.add(self._path)
            raise NoGraphQL(absent.what, absent.where, absent.what_to_do) from None
        self._note_points(data.get("rateLimit") or {})
        return data  # type: ignore[no-any-return]

    def _note_points(self, limit: Mapping[str, Any]) -> None:
        """The next query costs about what the last one did: without as many points, it waits for new ones."""
        if limit.get("limit") and limit.get("resetAt") and int(limit["remaining"]) < int(limit["cost"]):
            self.client.hold(BUDGET, parse_instant(limit["resetAt"]))

    def rest_of(self, owner: str, name: str, page: Mapping[str, Any]) -> Iterator[list[Any]]:
        """What a nested connection holds beyond its first page, page by page."""
        guard, place = ListingGuard(), page["pageInfo"]
        while place["hasNextPage"]:
            after = place["endCursor"]
            node = self.ask(OVERFLOW[name], id=owner, after=after).get("node") or {}
            more = node.get(name)
            if more is None:
                return
            place = more["pageInfo"]
            if place["hasNextPage"] and place["endCursor"] == after:
                raise self.client.astray("names a page as its next that was read before")
            try:
                yield guard.check(more["nodes"], place["hasNextPage"])
            except Astray as reason:
                raise self.client.astray(str(reason)) from None


@dataclass
class Paged:
    """The pages of one of a repository's connections, newest first.

    Pages grow up to `largest` while they come, and shrink where the host cannot make them in time. `after` is where the
    next one begins; who reads may set it, to skip what is known.
    """

    graphql: GraphQL
    query: str
    name: str
    first: int
    largest: int
    variables: Mapping[str, object] = field(default_factory=dict)
    after: str | None = None
    has_next: bool = True
    asked_at: datetime | None = None

    def __iter__(self) -> Iterator[list[Mapping[str, Any]]]:
        """The nodes of each page; those that the host gives as null are left out."""
        guard, seen = ListingGuard(), set[str | None]()
        while self.has_next:
            seen.add(self.after)
            self.asked_at = self.graphql.client.now()
            page = self._page()
            place = page["pageInfo"]
            try:
                nodes = guard.check(page["nodes"], place["hasNextPage"])
                if place["hasNextPage"] and place["endCursor"] in seen:
                    raise Astray("names a page as its next that was read before")
            except Astray as reason:
                raise self.graphql.client.astray(str(reason)) from None
            self.after, self.has_next = place["endCursor"], place["hasNextPage"]
            yield [node for node in nodes if node]

    def _page(self) -> Mapping[str, Any]:
        while True:
            is_smallest = self.first <= SMALLEST_PAGE
            attempts = ATTEMPTS if is_smallest else ATTEMPTS_AT_LARGE_PAGES
            try:
                data = self.graphql.ask(self.query, attempts, first=self.first, after=self.after, **self.variables)
            except GaveUp:
                if is_smallest or not self.graphql.client.answered:
                    raise
                self.first = max(self.first // 2, SMALLEST_PAGE)
                continue
            self.first = min(self.first * 2, self.largest)
            return self._of(data)

    def _of(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        found = (data.get("repository") or {}).get(self.name)
        if found is None:
            raise self.graphql.client.absent(f"knows no {self.name} of this repository, or not for this token")
        return found  # type: ignore[no-any-return]


def nodes_of(connection: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    """The elements of a nested connection; those that the host gives as null are left out."""
    return [node for node in (connection or {}).get("nodes") or () if node]
