"""GitHub's GraphQL schema, what a query costs by GitHub's published rule, and a host that answers by that schema.

The host serves one set of resources, as REST shows them, over both APIs: what a connector makes of the one can be held
against what it makes of the other.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from pipelines.connectors.change_kind import closed_issue
from pipelines.connectors.github_nodes import EVENTS
from tests.support.replay import Answer, ReplayHost

Node = dict[str, Any]
REST_EVENTS = {name: kind for kind, name in EVENTS.items()}


@cache
def github_schema() -> GraphQLSchema:
    """The schema as the npm package ships it; it defines two fields twice, so that its own form is not checked."""
    path = Path(__file__).parent / "github_schema" / "schema.graphql.gz"
    return build_schema(gzip.decompress(path.read_bytes()).decode(), assume_valid_sdl=True)


@cache
def checked(query: str) -> tuple[DocumentNode, tuple[str, ...]]:
    """A query, parsed, and what GitHub would have against it."""
    document = parse(query)
    return document, tuple(error.message for error in validate(github_schema(), document))


@dataclass
class GitHubHost(ReplayHost):
    """A replay host that answers `POST graphql` as well, to whom shows a token.

    `largest_page` caps every connection, nested ones too. `queries` holds the names of those that were asked.
    """

    queries: list[str] = field(default_factory=list)

    def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The answer to a request for an absolute URL."""
        path = urlsplit(url).path
        if not path.endswith("/graphql"):
            return super().answer(url, headers, body)
        self.requests.append(path)
        self.authorizations.append(headers.get("authorization"))
        if self.fault and (wrong := self.fault(path, len(self.requests))):
            return wrong
        if not headers.get("authorization"):
            return Answer.of({"message": "This endpoint requires you to be authenticated."}, 401)
        asked = json.loads(body)
        document, errors = checked(asked["query"])
        if errors:
            return Answer.of({"errors": [{"message": message} for message in errors]})
        self.queries.append(asked["query"].partition("(")[0].removeprefix("query ").strip())
        root = _Root(self.resources, self.largest_page).fields()
        result = execute_sync(github_schema(), document, root, variable_values=asked["variables"])
        found: Node = {"data": result.data}
        if result.errors:
            found["errors"] = [
                {"type": (error.extensions or {}).get("type"), "path": error.path, "message": error.message}
                for error in result.errors
            ]
        return Answer.of(found, x_ratelimit_limit="5000", x_ratelimit_remaining="4000", x_ratelimit_resource="graphql")


class _Root:
    """Resources as GraphQL's objects: fields as values, connections as functions of their arguments."""

    def __init__(self, resources: Mapping[str, Any], largest_page: int) -> None:
        self.resources = resources
        self.largest_page = largest_page

    def fields(self) -> Node:
        return {
            "rateLimit": {
                "cost": 1, "limit": 5000, "remaining": 4000, "resetAt": "2100-01-01T00:00:00Z", "nodeCount": 1,
            },
            "repository": self.repository,
            "node": lambda _, id: self.by_id(id),  # noqa: A006 - the argument's name
            "nodes": lambda _, ids: [self.by_id(each) for each in ids],
        }  # fmt: skip

    def repository(self, _: object, owner: str, name: str, **__: object) -> Node:
        scope = f"{owner}/{name}"
        if f"repos/{scope}" not in self.resources:
            raise GraphQLError("Could not resolve to a Repository.", extensions={"type": "NOT_FOUND"})
        return {
            "pullRequests": self.listing(lambda: [self.change(scope, each) for each in self.items(scope, "pulls")]),
            "pullRequest": lambda _, number: self.by_id(f"PR {scope} {number}"),
            "issues": self.listing(
                lambda: [
                    self.issue(scope, each) for each in self.items(scope, "issues") if not each.get("pull_request")
                ]
            ),
            "deployments": self.listing(
                lambda: [self.deployment(scope, each) for each in self.items(scope, "deployments")]
            ),
            "releases": self.listing(lambda: [self.release(scope, each) for each in self.items(scope, "releases")]),
        }

    def by_id(self, identifier: str) -> Node | None:
        kind, scope, rest = identifier.split(" ", 2)
        found: Any = self.resources.get(f"repos/{scope}/{'pulls' if kind == 'PR' else 'deployments'}/{rest}")
        if kind == "PR" and found:
            return self.change(scope, found)
        if kind == "DE" and found:
            return self.deployment(scope, found)
        if kind == "C":
            return self.commit(scope, {"sha": rest, "commit": {}})
        if kind == "CS":
            sha, suite = rest.split(" ")
            return self.suite(scope, sha, suite)
        raise GraphQLError(f"Could not resolve to a node with the global id of '{identifier}'.",
                           extensions={"type": "NOT_FOUND"})  # fmt: skip

    def items(self, scope: str, address: str) -> list[Any]:
        return list(self.resources.get(f"repos/{scope}/{address}", []))

    def listing(self, make: Callable[[], list[Node]]) -> Callable[..., Node]:
        """A connection of the repository, newest first."""

        def resolve(_: object, first: int, after: str | None = None, **given: Any) -> Node:  # noqa: ANN401
            name = {"UPDATED_AT": "updatedAt"}.get(given["orderBy"]["field"], "createdAt")
            nodes = sorted(make(), key=lambda node: (node[name], node["id"]), reverse=True)
            since = (given.get("filterBy") or {}).get("since")
            nodes = [node for node in nodes if not since or node[name] >= since]
            nodes = [node for node in nodes if not given.get("states") or node["state"] in given["states"]]
            return self.page(nodes, first, after, lambda node: [node[name], node["id"]], descending=True)

        return resolve

    def nested(self, nodes: Iterable[Node]) -> Callable[..., Node]:
        """A connection of something else, in the order in which things came."""
        numbered = [{**node, "_key": index} for index, node in enumerate(nodes)]

        def resolve(_: object, first: int = 0, last: int = 0, after: str | None = None, **__: object) -> Node:
            chosen, size = (numbered[-last:], last) if last else (numbered, first)
            return {"totalCount": len(numbered), **self.page(chosen, size, after, lambda node: node["_key"])}

        return resolve

    def page(
        self, nodes: list[Node], first: int, after: str | None, key: Callable[[Node], Any], descending: bool = False
    ) -> Node:
        """A page, and a cursor that names its last element by what it is, not by its place."""
        if after:
            try:
                reached = json.loads(base64.b64decode(after))
            except ValueError:
                raise GraphQLError(f"`{after}` does not appear to be a valid cursor.") from None
            nodes = [node for node in nodes if (key(node) < reached if descending else key(node) > reached)]
        found = nodes[: min(first, self.largest_page)]
        end = base64.b64encode(json.dumps(key(found[-1])).encode()).decode() if found else None
        return {"nodes": found, "pageInfo": {"hasNextPage": len(found) < len(nodes), "endCursor": end}}

    def change(self, scope: str, item: Node) -> Node:
        number, body = item["number"], item.get("body") or ""
        base = f"pulls/{number}"
        full = self.resources.get(f"repos/{scope}/{base}") or item
        commits = self.items(scope, f"{base}/commits")
        closed = closed_issue(body, scope)
        comments = self.items(scope, f"{base}/comments")
        return {
            "id": f"PR {scope} {number}", "__typename": "PullRequest", "number": number, "title": item["title"],
            "body": body, "isDraft": bool(item.get("draft")), "createdAt": item["created_at"],
            "state": "MERGED" if item["merged_at"] else str(item["state"]).upper(), "updatedAt": item["updated_at"],
            "mergedAt": item["merged_at"], "closedAt": item["closed_at"],
            "headRefName": item["head"]["ref"], "headRefOid": item["head"].get("sha") or "0", "author": actor(item),
            "baseRefName": item["base"]["ref"], "mergeCommit": self._merge_commit(item),
            "additions": full.get("additions", 0), "deletions": full.get("deletions", 0),
            "changedFiles": full.get("changed_files", 0), "labels": {"nodes": item.get("labels") or []},
            "closingIssuesReferences": self.nested(
                [{"number": int(closed[1]), "repository": {"nameWithOwner": closed[0]}}] if closed else []
            ),
            "reviews": self.nested(self.review(each, comments) for each in self.items(scope, f"{base}/reviews")),
            "commits": self.nested({"commit": self.commit(scope, each)} for each in commits),
            "timelineItems": self.nested(
                {"__typename": REST_EVENTS[each["event"]], "id": each.get("node_id") or str(each["id"]),
                 "createdAt": each["created_at"], "actor": actor(each, "actor")}
                for each in self.items(scope, f"issues/{number}/events") if each["event"] in REST_EVENTS
            ),
        }  # fmt: skip

    @staticmethod
    def _merge_commit(item: Node) -> Node | None:
        sha = item.get("merge_commit_sha") if item["merged_at"] else None
        return {"oid": sha} if sha else None

    def review(self, item: Node, comments: Iterable[Node]) -> Node:
        own = [each for each in comments if each.get("pull_request_review_id") == item["id"]]
        return {
            "databaseId": item["id"], "state": item["state"], "submittedAt": item.get("submitted_at"),
            "body": item.get("body") or "", "author": actor(item), "comments": self.nested(own),
        }  # fmt: skip

    def commit(self, scope: str, item: Node) -> Node:
        sha, data = item["sha"], item["commit"]
        author = data.get("author") or {}
        runs = self.items(scope, f"commits/{sha}/check-runs")
        suites = list(dict.fromkeys(str(run["check_suite"]["id"]) for run in runs))
        statuses = self.items(scope, f"commits/{sha}/statuses")
        merged = [each for each in self.items(scope, "pulls") if each.get("merge_commit_sha") == sha]
        contexts = [
            {"id": each["node_id"], "context": each["context"], "state": each["state"].upper(),
             "createdAt": each["created_at"]} for each in statuses
        ]  # fmt: skip
        return {
            "id": f"C {scope} {sha}", "__typename": "Commit", "oid": sha, "message": data.get("message") or "",
            "authoredDate": author.get("date"), "committedDate": (data.get("committer") or {}).get("date"),
            "author": {"name": author.get("name"), "email": author.get("email"),
                       "user": {"login": item["author"]["login"]} if item.get("author") else None},
            "status": {"contexts": contexts} if contexts else None,
            "checkSuites": self.nested(self.suite(scope, sha, suite) for suite in suites),
            "associatedPullRequests": self.nested(
                {"number": each["number"], "mergedAt": each["merged_at"], "repository": {"nameWithOwner": scope}}
                for each in merged
            ),
        }  # fmt: skip

    def suite(self, scope: str, sha: str, suite: str) -> Node:
        runs = [run for run in self.items(scope, f"commits/{sha}/check-runs") if str(run["check_suite"]["id"]) == suite]
        return {
            "id": f"CS {scope} {sha} {suite}", "__typename": "CheckSuite",
            "checkRuns": self.nested(
                {"databaseId": run["id"], "name": run["name"], "status": run["status"].upper(),
                 "conclusion": run["conclusion"].upper() if run["conclusion"] else None,
                 "startedAt": run["started_at"], "completedAt": run["completed_at"]} for run in runs
            ),
        }  # fmt: skip

    def issue(self, scope: str, item: Node) -> Node:
        return {
            "id": f"I {scope} {item['number']}", "number": item["number"], "title": item["title"],
            "body": item.get("body") or "", "state": str(item["state"]).upper(), "createdAt": item["created_at"],
            "updatedAt": item["updated_at"], "closedAt": item["closed_at"], "labels": {"nodes": item["labels"]},
        }  # fmt: skip

    def deployment(self, scope: str, item: Node) -> Node:
        return {
            "id": f"DE {scope} {item['id']}", "__typename": "Deployment", "databaseId": item["id"],
            "commitOid": item["sha"], "environment": item["environment"], "task": item.get("task"),
            "originalEnvironment": item.get("original_environment"), "createdAt": item["created_at"],
            "updatedAt": item["updated_at"], "ref": {"name": item["ref"]} if item.get("ref") else None,
            "commit": self.commit(scope, {"sha": item["sha"], "commit": {}}),
            "statuses": self.nested(
                {"id": str(each["id"]), "state": each["state"].upper(), "createdAt": each["created_at"],
                 "updatedAt": each["updated_at"]} for each in self.items(scope, f"deployments/{item['id']}/statuses")
            ),
        }  # fmt: skip

    def release(self, scope: str, item: Node) -> Node:
        return {
            "id": f"RE {scope} {item['id']}", "databaseId": item["id"], "name": item["name"],
            "tagName": item["tag_name"], "isDraft": item["draft"], "isPrerelease": item["prerelease"],
            "createdAt": item["created_at"], "publishedAt": item["published_at"],
            "tagCommit": self.commit(scope, {"sha": item["sha"], "commit": {}}),
        }  # fmt: skip


def actor(item: Mapping[str, Any], name: str = "user") -> Node | None:
    """An account as GraphQL shows it: a bot without the ending that it has in REST."""
    account = item.get(name)
    if not account:
        return None
    kind = account.get("type") or ("Bot" if account["login"].endswith("[bot]") else "User")
    login = {"Copilot": "copilot-swe-agent"}.get(account["login"], account["login"])
    return {"__typename": kind, "login": login.removesuffix("[bot]")}
