"""GitHub's GraphQL nodes in the shape that its REST API gives the same things: pure functions of raw records.

One reading of a change, review or deployment serves both (pipelines.connectors.github_events); what only GraphQL shows
comes under names of its own (`closing_issues`, `comment_count`, `brought`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.connectors.base import RawRecord

Numbered = tuple[int, RawRecord]
"""A record with the position of the raw record, within its batch, that it comes from."""
Node = Mapping[str, Any]

EVENTS = {
    "ReadyForReviewEvent": "ready_for_review",
    "ConvertToDraftEvent": "convert_to_draft",
    "ReviewRequestedEvent": "review_requested",
    "ReopenedEvent": "reopened",
    "ClosedEvent": "closed",
    "MergedEvent": "merged",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
    "LabeledEvent": "labeled",
}
OWN_NAMES = {"copilot-swe-agent": "Copilot"}
"""Bots that REST calls something else."""


def unfolded(records: Sequence[RawRecord]) -> list[Numbered]:
    """Every record as REST shows it; a node becomes several, those on its overflow pages joined to it."""
    more: dict[tuple[str, str | None], list[tuple[int, Node]]] = defaultdict(list)
    for position, record in enumerate(records):
        if record.kind == "overflow":
            more[record.scope, record.parent].append((position, record.data))
    found: list[Numbered] = []
    for position, record in enumerate(records):
        if record.kind in _UNFOLD:
            nested = _Nested(position, record.data, more[record.scope, record.record_id])
            found += [(at, each) for at, each in _UNFOLD[record.kind](record, nested)]
        elif record.kind != "overflow":
            found.append((position, record))
    return found


class _Nested:
    """A node's connections, each with what lay on overflow pages, every element with its record's position."""

    def __init__(self, position: int, node: Node, more: Sequence[tuple[int, Node]]) -> None:
        self.position = position
        self._node = node
        self._more = more

    def __call__(self, name: str) -> Iterator[tuple[int, Node]]:
        yield from ((self.position, each) for each in _nodes(self._node.get(name)))
        for position, page in self._more:
            if page["connection"] == name:
                yield from ((position, each) for each in _nodes(page))

    def check_runs(self) -> Iterator[tuple[int, Node]]:
        """Those of all suites of the head commit."""
        for commit in _nodes(self._node.get("head")):
            for suite in _nodes(commit["commit"].get("checkSuites")):
                yield from ((self.position, run) for run in _nodes(suite.get("checkRuns")))
        for position, suite in self("checkSuites"):
            yield from ((position, run) for run in _nodes(suite.get("checkRuns")))
        yield from self("checkRuns")

    def statuses(self) -> Iterator[Node]:
        """Those of the head commit."""
        for commit in _nodes(self._node.get("head")):
            yield from ((commit["commit"].get("status") or {}).get("contexts")) or ()


def _nodes(connection: Node | None) -> Sequence[Node]:
    return [node for node in (connection or {}).get("nodes") or () if node]


def _account(actor: Node | None) -> Node | None:
    """GraphQL names a bot without the `[bot]` that it bears elsewhere, and GitHub's own agent by another name."""
    if not actor:
        return None
    kind, login = actor.get("__typename", "User"), actor["login"]
    if kind == "Bot" and not login.endswith("[bot]"):
        login = OWN_NAMES.get(login, f"{login}[bot]")
    return {"login": login, "type": kind}


def _change(record: RawRecord, nested: _Nested) -> Iterator[Numbered]:
    node, number, scope = record.data, record.record_id, record.scope

    def part(kind: str, identifier: object, data: Node) -> RawRecord:
        return RawRecord(kind, str(identifier), scope, data, number)

    data = {
        "number": node["number"],
        "title": node.get("title"),
        "body": node.get("body"),
        "state": "open" if node["state"] == "OPEN" else "closed",
        "created_at": node.get("createdAt"),
        "merged_at": node.get("mergedAt"),
        "closed_at": node.get("closedAt"),
        "merge_commit_sha": (node.get("mergeCommit") or {}).get("oid"),
        "user": _account(node.get("author")),
        "head": {"ref": node.get("headRefName"), "sha": node.get("headRefOid")},
        "base": {"ref": node.get("baseRefName")},
        "additions": node.get("additions"),
        "deletions": node.get("deletions"),
        "changed_files": node.get("changedFiles"),
        "labels": _nodes(node.get("labels")),
        "closing_issues": [
            (issue["repository"]["nameWithOwner"], str(issue["number"]))
            for _, issue in nested("closingIssuesReferences")
        ],
    }
    yield nested.position, RawRecord("pull_request", number, scope, data)
    for position, review in nested("reviews"):
        yield position, part("review", review["databaseId"], _review(review))
    for position, each in nested("commits"):
        yield position, part("commit", each["commit"]["oid"], _commit(each["commit"]))
    for position, event in nested("timelineItems"):
        if event["__typename"] in EVENTS:
            yield position, part("issue_event", event["id"], _event(event))
    for position, run in nested.check_runs():
        yield position, part("check", run["databaseId"], _check_run(run, data["head"]["sha"]))
    for status in nested.statuses():
        yield nested.position, part("check", status["id"], _status(status, data["head"]["sha"]))


def _review(node: Node) -> Node:
    return {
        "id": node["databaseId"],
        "state": node["state"],
        "submitted_at": node.get("submittedAt"),
        "body": node.get("body"),
        "user": _account(node.get("author")),
        "comment_count": (node.get("comments") or {}).get("totalCount"),
    }


def _commit(node: Node) -> Node:
    author = node.get("author") or {}
    written = {"name": author.get("name"), "email": author.get("email"), "date": node.get("authoredDate")}
    return {
        "sha": node["oid"],
        "commit": {
            "message": node.get("message"),
            "author": written,
            "committer": {"date": node.get("committedDate")},
        },
        "author": author.get("user"),
    }


def _event(node: Node) -> Node:
    return {
        "node_id": node["id"],
        "event": EVENTS[node["__typename"]],
        "created_at": node.get("createdAt"),
        "actor": _account(node.get("actor")),
    }


def _check_run(node: Node, sha: str | None) -> Node:
    conclusion = str(node.get("conclusion") or "").lower() or None
    return {
        "name": node["name"],
        "conclusion": conclusion,
        "started_at": node.get("startedAt"),
        "completed_at": node.get("completedAt"),
        "head_sha": sha,
    }


def _status(node: Node, sha: str | None) -> Node:
    state = str(node.get("state") or "").lower()
    conclusion = {"success": "success", "failure": "failure", "error": "failure"}.get(state)
    return {
        "name": node["context"],
        "conclusion": conclusion,
        "started_at": None,
        "completed_at": node.get("createdAt"),
        "head_sha": sha,
    }


def _issue(record: RawRecord, nested: _Nested) -> Iterator[Numbered]:
    node = record.data
    data = {
        "number": node["number"],
        "title": node.get("title"),
        "body": node.get("body"),
        "created_at": node.get("createdAt"),
        "closed_at": node.get("closedAt"),
        "labels": _nodes(node.get("labels")),
    }
    yield nested.position, RawRecord("issue", record.record_id, record.scope, data)


def _deployment(record: RawRecord, nested: _Nested) -> Iterator[Numbered]:
    node, identifier, scope = record.data, record.record_id, record.scope
    data = {
        "id": node["databaseId"],
        "sha": node.get("commitOid"),
        "ref": (node.get("ref") or {}).get("name"),
        "task": node.get("task"),
        "environment": node.get("environment"),
        "original_environment": node.get("originalEnvironment"),
        "created_at": node.get("createdAt"),
        "brought": _merged_on(node.get("commit")),
    }
    yield nested.position, RawRecord("deployment", identifier, scope, data)
    for position, each in nested("statuses"):
        status = {
            "id": each["id"],
            "state": str(each["state"]).lower(),
            "created_at": each.get("createdAt") or each.get("updatedAt"),
        }
        yield position, RawRecord("deployment_status", each["id"], scope, status, identifier)


def _release(record: RawRecord, nested: _Nested) -> Iterator[Numbered]:
    node = record.data
    data = {
        "id": node["databaseId"],
        "tag_name": node.get("tagName"),
        "draft": node.get("isDraft"),
        "prerelease": node.get("isPrerelease"),
        "published_at": node.get("publishedAt"),
        "sha": (node.get("tagCommit") or {}).get("oid"),
        "brought": _merged_on(node.get("tagCommit")),
    }
    yield nested.position, RawRecord("release", record.record_id, record.scope, data)


def _merged_on(commit: Node | None) -> list[tuple[str, str]]:
    """The merged changes that the host says a commit came from: by squash, rebase or merge commit alike."""
    return [
        (change["repository"]["nameWithOwner"], str(change["number"]))
        for change in _nodes((commit or {}).get("associatedPullRequests"))
        if change.get("mergedAt")
    ]


_UNFOLD = {
    "change_node": _change,
    "issue_node": _issue,
    "deployment_node": _deployment,
    "release_node": _release,
}
