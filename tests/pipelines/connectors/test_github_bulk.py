"""GitHub in bulk: the same rows as one by one, few requests, and what happens where the two APIs differ."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.connectors.transport import ATTEMPTS
from pipelines.ingest import StreamReport, World, ingest_sources
from schemas.workspace import Workspace
from tests.support import recorded_github as recorded
from tests.support.github_graphql import GitHubHost
from tests.support.github_organisation import NOW, organisation
from tests.support.pulling import Recorder, contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import Answer

TOKEN = "made-up-0123456789"
ONLY_BULK = {"deployment_changes", "gate_results", "test_runs"}
"""Tables of which GraphQL shows more."""


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


def workspace_in(folder: Path, scopes: list[str], token: bool = True, **more: object) -> Workspace:
    settings = {"kind": "github", "name": "work", "repositories": scopes, **({"token_env": "TOKEN"} if token else {})}
    return make_workspace(folder, **settings, **more)


def pulled(workspace: Workspace, host: GitHubHost, now: str = NOW) -> list[StreamReport]:
    return pull(workspace, now, host.transport(), environment={"TOKEN": TOKEN})


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {name: rows for name, rows in one.items() if name not in ONLY_BULK} == {
        name: rows for name, rows in other.items() if name not in ONLY_BULK
    }


@pytest.mark.parametrize("largest_page", [100, 2])
def test_both_apis_give_the_same_rows(largest_page: int, tmp_path: Path) -> None:
    scopes, resources = organisation(1, 25)
    bulk, single = workspace_in(tmp_path / "bulk", scopes), workspace_in(tmp_path / "single", scopes, token=False)
    host = GitHubHost(resources, largest_page=largest_page)
    pulled(bulk, host)
    assert "Changes" in host.queries
    asked = len(host.queries)
    pulled(single, host)
    assert len(host.queries) == asked
    assert same(contents(bulk), contents(single))
    assert len(contents(bulk)["changes"]) == 25


def test_the_recorded_pull_requests_are_the_same_rows_over_both(shared_data: Path, tmp_path: Path) -> None:
    host = GitHubHost(recorded.resources(shared_data))
    scopes, now = [recorded.REPOSITORY], "2022-06-13T16:00:00+00:00"
    bulk, single = workspace_in(tmp_path / "bulk", scopes), workspace_in(tmp_path / "single", scopes, token=False)
    pulled(single, host, now)
    one_by_one = len(host.requests)
    pulled(bulk, host, now)
    assert len(contents(bulk)["changes"]) == 49
    found = [contents(workspace) for workspace in (bulk, single)]
    for row in (row for tables in found for row in tables["changes"]):
        del row["additions"], row["deletions"], row["changed_files"]  # which the recorded list does not tell
    assert same(*found)
    assert len(host.requests) - one_by_one < 10 < one_by_one


def test_a_thousand_changes_take_at_most_thirty_requests(tmp_path: Path) -> None:
    """A hundred here, so that a tenth of the pages has to do."""
    scopes, resources = organisation(1, 100)
    host = GitHubHost(resources)
    reports = pulled(workspace_in(tmp_path, scopes), host)
    by_stream = {report.stream.split()[0]: report.requests for report in reports}
    assert by_stream == {"repository": 1, "issues": 1, "pull_requests": 3, "deployments": 1, "workflow_runs": 1}
    assert len(contents(workspace_in(tmp_path, scopes))["changes"]) == 100


@pytest.mark.parametrize(
    "answer",
    [
        Answer.of({"message": "Not Found"}, 404),
        Answer(405, b"", {}),
        Answer(501, b"<html>Unsupported method</html>", {"content-type": "text/html"}),
    ],
    ids=["not found", "not allowed", "not implemented"],
)
def test_a_host_without_graphql_is_read_over_rest(answer: Answer, tmp_path: Path) -> None:
    """It is asked for once in a pull, or once by each thread that comes before the answer."""
    scopes, resources = organisation(2, 5)
    missing = GitHubHost(resources, fault=lambda path, _: answer if path == "/graphql" else None)
    workspace = workspace_in(tmp_path, scopes, concurrency=1)
    assert {report.state for report in pulled(workspace, missing)} == {"complete"}
    assert len(contents(workspace)["changes"]) == 10
    assert missing.requests.count("/graphql") == 1


def test_an_enterprise_server_answers_beside_its_rest_api(tmp_path: Path) -> None:
    scopes, resources = organisation(1, 3)
    host = GitHubHost(resources, prefix="/api/v3")
    workspace = workspace_in(tmp_path, scopes, base_url="https://git.example.com/api/v3")
    pulled(workspace, host)
    assert "/api/graphql" in host.requests
    assert contents(workspace)["changes"][0]["change_id"].startswith("git.example.com:acme/service-000#")


def test_a_pull_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """Of ten pages seven were stored; the next pull leaps over them."""
    scopes, resources = organisation(1, 100)
    workspace = workspace_in(tmp_path, scopes)
    stops = GitHubHost(resources, largest_page=10)
    changes = 0

    def fault(_: str, __: int) -> Answer | None:
        return Answer.of({}, 401) if stops.queries.count("Changes") >= 7 else None

    stops.fault = fault
    assert "partial" in {report.state for report in pulled(workspace, stops)}
    changes = len(contents(workspace)["changes"])
    assert changes >= 60
    resumed = GitHubHost(resources, largest_page=10)
    assert {report.state for report in pulled(workspace, resumed)} == {"complete"}
    assert len(contents(workspace)["changes"]) == 100
    assert resumed.queries.count("Changes") <= 10 - changes // 10 + 1


def test_a_place_that_the_host_no_longer_knows_costs_pages_and_loses_nothing(tmp_path: Path) -> None:
    scopes, resources = organisation(1, 60)
    workspace = workspace_in(tmp_path, scopes)
    stops = GitHubHost(resources, largest_page=10)
    stops.fault = lambda _, __: Answer.of({}, 401) if stops.queries.count("Changes") >= 4 else None
    pulled(workspace, stops)
    cursor = json.loads(status_of(workspace)[f"pull_requests {scopes[0]}"]["cursor"])
    assert cursor["places"]
    forgetful = GitHubHost(resources, largest_page=10)
    answer = forgetful.answer

    def forgets(url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        asked = json.loads(body) if body else {}
        if (
            asked.get("variables", {}).get("after") in cursor["places"].values()
            and not forgetful.queries.count("Changes") > 2
        ):
            return Answer.of({"errors": [{"message": "`abc` does not appear to be a valid cursor."}], "data": None})
        return answer(url, headers, body)

    forgetful.answer = forgets  # type: ignore[method-assign]
    assert {report.state for report in pulled(workspace, forgetful)} == {"complete"}
    assert len(contents(workspace)["changes"]) == 60


def test_what_a_token_may_not_read_of_checks_leaves_the_rest(tmp_path: Path) -> None:
    """GitHub gives null and an error beside good data."""
    scopes, resources = organisation(1, 5)
    host = GitHubHost(resources)
    answer = host.answer

    def hides(url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        found = answer(url, headers, body)
        if b"query Changes(" not in body:
            return found
        document = json.loads(found.body)
        for node in document["data"]["repository"]["pullRequests"]["nodes"]:
            for each in node["head"]["nodes"]:
                each["commit"]["checkSuites"] = None
        path = ["repository", "pullRequests", "nodes", 0, "head", "nodes", 0, "commit", "checkSuites"]
        document["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "Resource not accessible by integration"}]
        return Answer.of(document)

    host.answer = hides  # type: ignore[method-assign]
    workspace = workspace_in(tmp_path, scopes)
    assert {report.state for report in pulled(workspace, host)} == {"complete"}
    assert len(contents(workspace)["changes"]) == 5
    assert len(contents(workspace)["commits"]) >= 5


def test_points_that_are_used_up_are_waited_for(tmp_path: Path) -> None:
    """The body tells them: after a query that leaves fewer points than it cost, the next one waits."""
    scopes, resources = organisation(1, 3)
    host = GitHubHost(resources)
    answer = host.answer

    def spent(url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        found = answer(url, headers, body)
        if not body:
            return found
        limit = {"cost": 19, "remaining": 5, "limit": 5_000, "resetAt": "2026-01-05T12:10:00Z"}
        document = json.loads(found.body)
        return Answer.of({**document, "data": {**document["data"], "rateLimit": limit}})

    host.answer = spent  # type: ignore[method-assign]
    slept: list[float] = []
    instant = datetime.fromisoformat(NOW).timestamp()
    world = World(host.transport(), clock=lambda: instant, sleep=slept.append, environment={"TOKEN": TOKEN})
    ingest_sources(workspace_in(tmp_path, scopes), (), Recorder(), world=world)
    assert slept
    assert set(slept) == {600.0}


def test_an_unfinished_deployment_is_asked_for_until_it_has_ended(tmp_path: Path) -> None:
    scopes, resources = organisation(1, 30)
    base = f"repos/{scopes[0]}"
    made = resources[f"{base}/deployments"][-1]
    statuses = f"{base}/deployments/{made['id']}/statuses"
    ended = resources[statuses]
    workspace = workspace_in(tmp_path, scopes)
    resources[statuses] = ended[:1]
    now = made["created_at"].replace("Z", "+00:00")
    pulled(workspace, GitHubHost(resources), now)
    state = f"SELECT status FROM warehouse.deployments WHERE ends_with(deployment_id, '/{made['id']}')"
    assert rows_of(workspace, state) == [{"status": "in_progress"}]
    resources[statuses] = ended
    later = GitHubHost(resources)
    pulled(workspace, later, "2026-01-01T00:00:00+00:00" if now < "2026" else NOW)
    assert later.queries.count("DeploymentsById") <= 1
    assert rows_of(workspace, state)[0]["status"] in ("success", "failure")
