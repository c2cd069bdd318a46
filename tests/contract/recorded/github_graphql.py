"""GitHub over GraphQL as recorded: deployments, in the form that the recorder's own structures gave them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.contract.recorded.account import Line, distinct, elements, living
from tests.support.pulling import make_workspace, pull
from tests.support.replay import Answer, ReplayHost

NOW = "2026-03-01T00:00:00+00:00"


@dataclass
class Host(ReplayHost):
    """Answers the query for deployments with those recorded, two a page, and every other listing with nothing."""

    def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        if not urlsplit(url).path.endswith("/graphql"):
            return super().answer(url, headers, body)
        asked = json.loads(body)
        variables, found = asked["variables"], self.resources["graphql"]
        if not asked["query"].startswith("query Deployments("):
            found = []
        scope = f"{variables['owner']}/{variables['name']}"
        found = [node for node in found if node["repository"] == scope]
        begin = int(variables.get("after") or 0)
        place = {"hasNextPage": begin + 2 < len(found), "endCursor": str(begin + 2)}
        page = {"nodes": found[begin : begin + 2], "pageInfo": place}
        names = ("pullRequests", "issues", "deployments")
        return Answer.of({"data": {"repository": dict.fromkeys(names, page)}})


def node(params: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded deployment under the names that the schema has."""
    latest = item.get("LatestStatus") or {}
    only = [{"state": latest["State"], "updatedAt": latest["updatedAt"]}] if latest.get("State") else []
    found = (item.get("Statuses") or {}).get("nodes") or only  # the older rows were recorded with the latest alone
    statuses = [{"id": f"{item['Id']}/{number}", **status} for number, status in enumerate(found)]
    return {
        "repository": params["Name"],
        "id": item["Id"],
        "databaseId": item["DatabaseId"],
        "commitOid": item["CommitOid"],
        "environment": item["Environment"],
        "task": item["Task"],
        "createdAt": item["CreatedAt"],
        "updatedAt": item["UpdatedAt"],
        "ref": {"name": item["Ref"]["Name"]} if item.get("Ref") else None,
        "statuses": {"nodes": statuses, "pageInfo": {"hasNextPage": False, "endCursor": None}},
    }


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """The one file."""
    path = recorded / "github_graphql" / "_raw_github_graphql_deployment.csv"
    found = distinct(elements(path, "params"), lambda item: item["Id"])
    nodes = [node(json.loads(params), item) for params, item in elements(path, "params")]
    nodes = sorted({each["id"]: each for each in nodes}.values(), key=lambda each: each["createdAt"], reverse=True)
    scopes = sorted({each["repository"] for each in nodes})
    served = {f"repos/{scope}": {"name": scope.partition("/")[2], "default_branch": "main"} for scope in scopes}
    settings = {"repositories": scopes, "token_env": "TOKEN"}
    workspace = make_workspace(work, kind="github", name="github", **settings)
    host = Host({**served, "graphql": nodes})
    reports = pull(workspace, NOW, host.transport(), environment={"TOKEN": "made-up-0123456789"})
    assert {report.state for report in reports} == {"complete"}
    yield Line("deployment", len(found), "deployments", len(found), living(workspace, "deployments"))
