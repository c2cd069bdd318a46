"""GitHub as recorded: what was recorded ends up in the event tables once, and a second pull changes nothing."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from pipelines.connectors.base import parse_instant
from pipelines.connectors.github_events import EVENT_KINDS
from pipelines.intake.known_at import rebuild_known_at
from schemas.workspace import Workspace
from tests.support import recorded_github as recorded
from tests.support.pulling import contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import ReplayHost

FIRST, SECOND = "2022-06-13T16:00:00+00:00", "2022-06-14T16:00:00+00:00"
REPO_ID = f"github.com:{recorded.REPOSITORY}"
OPEN_CHANGES = {158, 167, 176, 211}


@pytest.fixture
def host(shared_data: Path) -> ReplayHost:
    return ReplayHost(recorded.resources(shared_data), largest_page=20)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path, kind="github", name="github", repositories=[recorded.REPOSITORY])


def test_over_http_every_recorded_pull_request_comes_once(shared_data: Path, host: ReplayHost, tmp_path: Path) -> None:
    host.prefix = "/api/v3"
    with host.serving() as base_url:
        name = base_url.partition("//")[2].partition("/")[0]
        workspace = make_workspace(
            tmp_path, kind="github", name="github", base_url=base_url, repositories=[recorded.REPOSITORY]
        )
        reports = pull(workspace, FIRST)
    assert {report.state for report in reports} == {"complete"}
    pulls = recorded.distinct(shared_data, "pull_requests", "number")
    repo_id = f"{name}:{recorded.REPOSITORY}"
    rows = rows_of(workspace, "SELECT change_id, repo_id FROM warehouse.changes WHERE NOT deleted ORDER BY number")
    assert [row["change_id"] for row in rows] == [f"{repo_id}#{number}" for number in sorted(pulls)]
    assert {row["repo_id"] for row in rows} == {repo_id}


def test_the_rows_are_the_distinct_recorded_elements(shared_data: Path, host: ReplayHost, workspace: Workspace) -> None:
    """Recorded and not mapped: events that are no step of a change (mentioned, subscribed), events of plain issues."""
    pull(workspace, FIRST, host.transport())
    found = contents(workspace)
    pulls = recorded.distinct(shared_data, "pull_requests", "number")
    assert len(found["changes"]) == len(pulls) == 49
    states = {number: "merged" if item["merged_at"] else item["state"] for number, item in pulls.items()}
    assert {row["number"]: row["state"] for row in found["changes"]} == states

    commits = {(url.split("/pulls/")[1].split("/")[0], item["sha"])
               for url, item in recorded.elements(shared_data, "pull_request_commits")}  # fmt: skip
    assert {(row["change_id"].partition("#")[2], row["sha"]) for row in found["commits"]} == commits
    assert len(found["commits"]) == 90

    reviews = recorded.distinct(shared_data, "pull_request_reviews")
    assert {row["review_id"] for row in found["reviews"]} == {f"{REPO_ID}/reviews/{number}" for number in reviews}
    assert len(found["reviews"]) == 30
    assert Counter(row["state"] for row in found["reviews"]) == {"commented": 27, "changes_requested": 3}

    events = recorded.distinct(shared_data, "events")
    mapped = {
        item["node_id"] for item in events.values()
        if item["issue"].get("pull_request") and item["event"] in EVENT_KINDS
    }  # fmt: skip
    assert {row["event_id"] for row in found["change_events"]} == {f"{REPO_ID}/events/{number}" for number in mapped}
    assert len(found["change_events"]) == 8

    bugs = {
        item["number"] for item in recorded.distinct(shared_data, "issues", "number").values()
        if not item.get("pull_request") and "bug" in {label["name"] for label in item["labels"]}
    }  # fmt: skip
    assert {row["defect_id"] for row in found["defects"]} == {f"{REPO_ID}#{number}" for number in bugs}
    assert rows_of(workspace, "FROM warehouse.quarantine") == []


def test_review_comments_are_counted_where_they_belong(
    shared_data: Path, host: ReplayHost, workspace: Workspace
) -> None:
    pull(workspace, FIRST, host.transport())
    reviews = recorded.distinct(shared_data, "pull_request_reviews")
    comments = Counter(item["pull_request_review_id"] for _, item in
                       recorded.elements(shared_data, "pull_request_review_comments"))  # fmt: skip
    expected = {
        f"{REPO_ID}/reviews/{number}": comments[number] + bool(item["body"].strip()) for number, item in reviews.items()
    }
    assert {row["review_id"]: row["comment_count"] for row in contents(workspace)["reviews"]} == expected


def test_a_second_pull_asks_for_little_and_changes_nothing(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    before, first_requests = contents(workspace), len(host.requests)
    reports = pull(workspace, SECOND, host.transport())
    assert contents(workspace) == before
    assert [outcome for report in reports for outcome in report.rows.values() if outcome.new or outcome.changed] == []
    asked = host.requests[first_requests:]
    base = f"/repos/{recorded.REPOSITORY}"
    assert asked == [
        base,
        f"{base}/issues?state=all&sort=updated&direction=desc&since=2022-06-13T15%3A50%3A00Z&per_page=100",
        f"{base}/pulls?state=all&sort=updated&direction=desc&per_page=100",
        f"{base}/pulls?state=open&per_page=100",
        f"{base}/deployments?per_page=100",
        f"{base}/actions/runs?per_page=100",
    ]
    assert first_requests > 40 * len(asked)


def test_an_open_change_that_was_merged_is_read_again_even_if_the_order_hides_it(
    host: ReplayHost, workspace: Workspace
) -> None:
    """Its update lies before the last pull, as with a host whose listing lags behind."""
    pull(workspace, FIRST, host.transport())
    merged = {"state": "closed", "merged_at": "2022-06-01T00:00:00Z", "closed_at": "2022-06-01T00:00:00Z"}
    base = f"repos/{recorded.REPOSITORY}"
    host.resources[f"{base}/pulls/158"] = {**host.resources[f"{base}/pulls/158"], **merged}
    host.resources[f"{base}/pulls"] = [
        {**item, **merged} if item["number"] == 158 else item for item in host.resources[f"{base}/pulls"]
    ]
    asked = len(host.requests)
    pull(workspace, SECOND, host.transport())
    rows = rows_of(workspace, "SELECT number, state FROM warehouse.changes WHERE state = 'open' ORDER BY number")
    assert {row["number"] for row in rows} == OPEN_CHANGES - {158}
    assert [path for path in host.requests[asked:] if "/pulls/" in path and "158" not in path] == []
    pull(workspace, SECOND, host.transport())
    assert '"158"' not in status_of(workspace)[f"pull_requests {recorded.REPOSITORY}"]["cursor"]


def test_force_pushed_commits_do_not_linger(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    base = f"repos/{recorded.REPOSITORY}/pulls"
    kept = host.resources[f"{base}/158/commits"][:1]
    host.resources[f"{base}/158/commits"] = kept
    updated = {**host.resources[f"{base}/158"], "updated_at": "2022-06-14T15:00:00Z"}
    host.resources[f"{base}/158"] = updated
    host.resources[base] = [updated if item["number"] == 158 else item for item in host.resources[base]]
    pull(workspace, SECOND, host.transport())
    living = f"SELECT sha FROM warehouse.commits WHERE change_id = '{REPO_ID}#158' AND NOT deleted"
    assert [row["sha"] for row in rows_of(workspace, living)] == [kept[0]["sha"]]


def test_full_and_since_read_again_and_change_nothing(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    before, asked = contents(workspace), len(host.requests)
    pull(workspace, SECOND, host.transport(), since=parse_instant("2022-02-01T00:00:00Z"))
    some = len(host.requests) - asked
    pull(workspace, SECOND, host.transport(), full=True)
    assert contents(workspace) == before
    assert len(host.requests) - asked - some == asked
    assert 5 < some < asked


def test_every_row_leads_to_its_raw_record(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    kept = rows_of(
        workspace,
        "SELECT review_id, submitted_at, record, raw_file FROM warehouse.reviews JOIN warehouse.loads USING (load_id)",
    )
    for row in kept:
        lines = gzip.decompress((workspace.raw / row["raw_file"]).read_bytes()).decode().splitlines()
        record = json.loads(lines[row["record"] - 1])
        assert (record["kind"], f"{REPO_ID}/reviews/{record['id']}") == ("review", row["review_id"])
        assert parse_instant(record["data"]["submitted_at"]).replace(tzinfo=None) == row["submitted_at"]
    assert len(kept) == 30


def test_what_was_known_after_the_first_pull_can_be_had_after_the_second(
    host: ReplayHost, workspace: Workspace, tmp_path: Path
) -> None:
    pull(workspace, FIRST, host.transport())
    before = contents(workspace)
    base = f"repos/{recorded.REPOSITORY}/pulls"
    renamed = {**host.resources[f"{base}/158"], "updated_at": "2022-06-14T15:00:00Z", "title": "Another title"}
    host.resources[f"{base}/158"] = renamed
    host.resources[base] = [renamed if item["number"] == 158 else item for item in host.resources[base]]
    pull(workspace, SECOND, host.transport())
    assert contents(workspace) != before
    target = tmp_path / "then.duckdb"
    rebuild_known_at(workspace, parse_instant("2022-06-13T20:00:00Z"), target)
    workspace.warehouse_path.unlink()
    target.rename(workspace.warehouse_path)
    assert contents(workspace) == before


def test_the_books_of_each_stream(host: ReplayHost, workspace: Workspace) -> None:
    pull(workspace, FIRST, host.transport())
    books = status_of(workspace)
    assert sorted(books) == sorted(
        f"{kind} {recorded.REPOSITORY}"
        for kind in ("repository", "issues", "pull_requests", "deployments", "workflow_runs")
    )
    changes = books[f"pull_requests {recorded.REPOSITORY}"]
    assert (changes["state"], changes["rows"]) == ("complete", 49 + 90 + 30 + 8)
    assert changes["requests"] == len([path for path in host.requests if "/pulls" in path or "/events" in path])
    assert changes["last_fetched_at"].isoformat() == "2022-06-13T16:00:00"
