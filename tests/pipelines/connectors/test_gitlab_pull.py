"""Pulling GitLab again: what is asked for, what moved unseen, what was taken back, and lines that GraphQL tells."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

from schemas.workspace import Workspace
from tests.support.dialects import gitlab
from tests.support.pulling import contents, make_workspace, pull, rows_of
from tests.support.replay import Answer, ReplayHost

PAYLOADS = Path(__file__).parents[3] / "sample_data" / "payloads" / "gitlab"
SETTINGS = json.loads((PAYLOADS / "source.json").read_text(encoding="utf-8"))["settings"]
FIRST, SECOND, THIRD = "2025-03-20T10:00:00Z", "2025-03-21T10:00:00Z", "2025-03-22T10:00:00Z"
BASE = "projects/acme%2Fshop%2Fcheckout"
REPO_ID = "gitlab.com:acme/shop/checkout"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def host() -> ReplayHost:
    files = [json.loads(path.read_text(encoding="utf-8")) for path in PAYLOADS.glob("*.json") if path.stem != "source"]
    return ReplayHost({path: found for file in files for path, found in file.items()}, "/api/v4", dialect=gitlab)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path, **SETTINGS)


def change(host: ReplayHost, number: int, **data: object) -> None:
    """Change a merge request in its list and by itself."""
    changed = {**host.resources[f"{BASE}/merge_requests/{number}"], **data}
    host.resources[f"{BASE}/merge_requests/{number}"] = changed
    host.resources[f"{BASE}/merge_requests"] = [
        changed if item["iid"] == number else item for item in host.resources[f"{BASE}/merge_requests"]
    ]


def row(workspace: Workspace, number: int) -> dict[str, Any]:
    (found,) = rows_of(workspace, f"FROM warehouse.changes WHERE number = {number}")
    return found


def test_a_second_pull_asks_for_lists_only(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    before, asked = contents(workspace), len(host.requests)
    pull(workspace, SECOND, host.transport())
    assert contents(workspace) == before
    lists = [path.partition("?")[0].rpartition("/")[2] for path in host.requests[asked:]]
    expected = ["acme%2Fshop%2Fcheckout", "issues", "deployments", "pipelines", *["merge_requests"] * 4]
    assert sorted(lists) == sorted(expected), "merge requests: moved, open, and twice for the pipelines"


def test_an_open_change_that_was_merged_is_read_again_even_if_the_order_hides_it(
    host: ReplayHost, workspace: Workspace
) -> None:
    pull(workspace, FIRST, host.transport())
    at = "2025-03-19T10:00:00.000Z"
    change(host, 7, state="merged", merged_at=at, updated_at=at, merge_commit_sha="a7")
    pull(workspace, SECOND, host.transport())
    assert (row(workspace, 7)["state"], row(workspace, 7)["merge_commit_sha"]) == ("merged", "a7")


def test_one_that_left_the_list_and_is_gone_is_not_asked_for_again(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    listed = f"{BASE}/merge_requests"
    host.resources[listed] = [item for item in host.resources[listed] if item["iid"] != 7]
    del host.resources[f"{listed}/7"]
    pull(workspace, SECOND, host.transport())
    assert row(workspace, 7)["state"] == "open", "what was read stays"
    asked = len(host.requests)
    pull(workspace, THIRD, host.transport())
    assert not [path for path in host.requests[asked:] if path.endswith("/merge_requests/7")]


def test_force_pushed_commits_and_withdrawn_comments_do_not_linger(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    address = f"{BASE}/merge_requests/7"
    host.resources[f"{address}/commits"] = [{**host.resources[f"{address}/commits"][0], "id": "f" * 40}]
    host.resources[f"{address}/notes"] = []
    change(host, 7, updated_at="2025-03-21T09:00:00.000Z")
    pull(workspace, SECOND, host.transport())
    living = f"WHERE change_id = '{REPO_ID}#7' AND NOT deleted"
    assert [found["sha"] for found in rows_of(workspace, f"FROM warehouse.commits {living}")] == ["f" * 40]
    assert rows_of(workspace, f"FROM warehouse.reviews {living}") == []


def test_issues_that_are_defects_and_incidents_no_more_are_taken_back(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    for issue in host.resources[f"{BASE}/issues"]:
        if issue["iid"] in (23, 25):
            issue.update(labels=[], issue_type="issue", type="ISSUE", updated_at="2025-03-21T09:00:00.000Z")
    pull(workspace, SECOND, host.transport())
    for table, key, left in (("defects", "defect_id", 22), ("incidents", "incident_id", 24)):
        living = rows_of(workspace, f"SELECT {key} AS id FROM warehouse.{table} WHERE NOT deleted")
        assert [found["id"] for found in living] == [f"{REPO_ID}/issues/{left}"]


def test_lines_are_asked_for_a_page_at_once_and_only_of_what_is_read(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    assert host.requests.count("/api/graphql") == 1
    assert (row(workspace, 3)["additions"], row(workspace, 3)["changed_files"]) == (30, 2)
    change(host, 7, updated_at="2025-03-21T09:00:00.000Z")
    pull(workspace, SECOND, host.transport())
    assert host.requests.count("/api/graphql") == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer.of({"errors": [{"message": "Query has complexity of 300"}]}), "Query has complexity of 300"),
        (Answer.of({"message": "Not Found"}, 404), "has no GraphQL"),
    ],
)
def test_where_lines_cannot_be_asked_for_it_is_said_how_to_do_without(
    answer: Answer, words: str, host: ReplayHost, workspace: Workspace, tmp_path: Path
) -> None:
    host.fault = lambda path, _: answer if path == "/api/graphql" else None
    errors = [str(report.error) for report in pull(workspace, FIRST, host.transport()) if report.error]
    assert len(errors) == 1
    assert words in errors[0]
    assert "line_counts = false" in errors[0]
    without = make_workspace(tmp_path / "without", **SETTINGS, line_counts=False)
    assert {report.state for report in pull(without, FIRST, host.transport())} == {"complete"}
    assert row(without, 3)["additions"] is None


def test_all_projects_of_a_group(host: ReplayHost, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path, **{**SETTINGS, "projects": ["acme/shop/*"]})
    host.resources["groups/acme%2Fshop/projects"] = [{"id": 7, "path_with_namespace": "acme/shop/checkout"}]
    pull(workspace, FIRST, host.transport())
    assert len(contents(workspace)["changes"]) == 7
    absent = make_workspace(tmp_path / "absent", **{**SETTINGS, "projects": ["nobody/*"]})
    (report,) = [each for each in pull(absent, FIRST, host.transport()) if each.error]
    assert "the group nobody is not there" in str(report.error)
