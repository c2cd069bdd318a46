"""From a sender's request to rows: the same rows as a pull's, beside what is there, whatever the order."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import pipelines.hooks.take_in
from pipelines.hooks.spool import Delivery, Spool
from pipelines.hooks.take_in import take_in_deliveries
from pipelines.warehouse import Warehouse
from schemas.errors import WarehouseLocked
from schemas.workspace import Workspace
from tests.support.hooks import hook_workspace, receiving
from tests.support.pulling import contents, rows_of, status_of
from tests.support.workspaces import load_files

PAYMENTS = "github.com:acme/payments"
CHANGE = f"{PAYMENTS}#7"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return hook_workspace(tmp_path)


def repository(name: str = "acme/payments") -> dict[str, Any]:
    return {"full_name": name, "name": name.partition("/")[2], "default_branch": "main", "archived": False}


def change(second: int, repo: str = "acme/payments", **more: object) -> dict[str, Any]:
    """A pull_request event of 2026-03-02T11:00 and some seconds."""
    data = {
        "number": 7,
        "state": "open",
        "title": "Add refunds",
        "user": {"login": "ann", "type": "User"},
        "created_at": "2026-03-02T10:00:00Z",
        "updated_at": f"2026-03-02T11:00:{second:02}Z",
        "merged_at": None,
        "closed_at": None,
        "merge_commit_sha": "0a",
        "additions": 10,
        "deletions": 1,
        "changed_files": 2,
        "labels": [],
        "body": "",
        "head": {"ref": "refunds"},
        "base": {"ref": "main"},
        **more,
    }
    return {"action": "edited", "pull_request": data, "repository": repository(repo)}


MERGED = {"state": "closed", "merged_at": "2026-03-02T11:00:30Z", "closed_at": "2026-03-02T11:00:30Z"}


def review(state: str, updated_at: str, **more: object) -> dict[str, Any]:
    data = {"id": 5, "user": {"login": "bob"}, "state": state, "submitted_at": "2026-03-02T10:30:00Z", "body": None}
    return {
        "review": data | more,
        "pull_request": {"number": 7, "updated_at": updated_at},
        "repository": repository(),
    }


def issue(action: str, labels: list[str], second: int = 0) -> dict[str, Any]:
    data = {
        "number": 9,
        "labels": [{"name": label} for label in labels],
        "created_at": "2026-03-02T10:00:00Z",
        "updated_at": f"2026-03-02T11:00:{second:02}Z",
        "closed_at": None,
        "body": "Caused by: #7",
    }
    return {"action": action, "issue": data, "repository": repository()}


def status(state: str, minute: int, identifier: int) -> dict[str, Any]:
    at = f"2026-03-02T11:{minute:02}:00Z"
    return {
        "deployment": {"id": 3, "sha": "0a", "environment": "production", "created_at": "2026-03-02T11:00:00Z"},
        "deployment_status": {"id": identifier, "state": state, "created_at": at, "updated_at": at},
        "repository": repository(),
    }


def deliver(workspace: Workspace, *events: tuple[str, dict[str, Any]], at: datetime = NOW) -> None:
    """Send events to the receiver and take them in."""
    with receiving(workspace, clock=at.timestamp) as sending:
        for event, payload in events:
            assert sending.github(event, payload).status_code == 200
    for report in take_in_deliveries(workspace):
        assert report.error is None


def one(workspace: Workspace, table: str) -> dict[str, Any]:
    (row,) = contents(workspace)[table]
    return row


def test_an_event_becomes_the_row_that_a_pull_would_give_and_names_its_record(workspace: Workspace) -> None:
    deliver(workspace, ("pull_request", change(1, body="🤖 Generated with [Claude Code](https://claude.ai/code)")))
    row = one(workspace, "changes")
    assert (row["change_id"], row["state"], row["additions"], row["author"]) == (CHANGE, "open", 10, "ann")
    assert row["ai_use"] != "unknown"
    assert one(workspace, "repositories")["repo_id"] == PAYMENTS
    (load,) = rows_of(workspace, "SELECT source, stream, raw_file FROM warehouse.loads WHERE \"table\" = 'changes'")
    assert (load["source"], load["stream"]) == ("hooks", "deliveries github")
    assert (workspace.raw / load["raw_file"]).exists()
    assert status_of(workspace)["deliveries github"]["state"] == "complete"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_delivery_that_comes_late_does_not_undo_a_later_state(
    workspace: Workspace, order: tuple[int, int], at_once: bool
) -> None:
    events = [("pull_request", change(1)), ("pull_request", change(30, **MERGED))]
    chosen = [events[place] for place in order]
    if at_once:
        deliver(workspace, *chosen)
    else:
        for event in chosen:
            deliver(workspace, event)
    assert one(workspace, "changes")["state"] == "merged"


def test_two_states_of_one_second_keep_their_order(workspace: Workspace) -> None:
    for second, title in enumerate(("b", "c", "a")):
        deliver(workspace, ("pull_request", change(1, title=title)), at=NOW.replace(second=second))
        assert one(workspace, "changes")["title"] == title


def test_the_same_again_changes_nothing(workspace: Workspace) -> None:
    deliver(workspace, ("pull_request", change(1)), ("deployment_status", status("success", 5, 1)))
    before = contents(workspace, with_instants=True)
    deliver(workspace, ("pull_request", change(1)), ("deployment_status", status("success", 5, 1)))
    assert take_in_deliveries(workspace) == []
    assert contents(workspace, with_instants=True) == before


def test_a_crash_after_the_warehouse_took_them_in_changes_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(workspace, ("pull_request", change(1)), ("deployment_status", status("success", 5, 1)))
    before = contents(workspace, with_instants=True)
    assert len(before["changes"]) == 1
    assert [report.error for report in take_in_deliveries(workspace)] == [None]
    assert contents(workspace, with_instants=True) == before


def test_what_commits_and_comments_have_told_stays(workspace: Workspace) -> None:
    """A pull has read both; a delivery shows neither."""
    observed = "2026-03-02T10:59:00Z"
    load_files(
        workspace,
        {
            "changes.csv": "change_id,repo_id,state,opened_at,ai_use,ai_evidence,observed_at\n"
            f"{CHANGE},{PAYMENTS},open,2026-03-02T10:00:00Z,authored,co-author,{observed}\n",
            "commits.csv": f"sha,change_id,authored_at,observed_at\n0a,{CHANGE},2026-03-02T09:00:00Z,{observed}\n",
            "reviews.csv": "review_id,change_id,state,submitted_at,comment_count,observed_at\n"
            f"{PAYMENTS}/reviews/5,{CHANGE},approved,2026-03-02T10:30:00Z,4,{observed}\n",
        },
    )
    deliver(
        workspace,
        ("pull_request", change(30, **MERGED)),
        ("pull_request_review", review("dismissed", "2026-03-02T11:00:31Z")),
    )
    row = one(workspace, "changes")
    assert (row["state"], row["ai_use"], row["ai_evidence"]) == ("merged", "authored", "co-author")
    assert one(workspace, "commits")["deleted"] is False
    row = one(workspace, "reviews")
    assert (row["state"], row["comment_count"], row["reviewer"]) == ("dismissed", 4, "bob")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_deployment_is_put_together_from_its_statuses(workspace: Workspace, at_once: bool) -> None:
    events = [
        ("deployment_status", status("in_progress", 2, 1)),
        ("deployment_status", status("success", 5, 2)),
        ("deployment_status", status("inactive", 50, 3)),
        ("deployment_status", status("failure", 55, 4)),
    ]
    if at_once:
        deliver(workspace, *events)
    else:
        for event in events:
            deliver(workspace, event)
    row = one(workspace, "deployments")
    assert (row["status"], row["sha"], row["environment"]) == ("success", "0a", "production")
    assert (row["started_at"].minute, row["finished_at"].minute) == (2, 5)


def test_an_issue_is_a_defect_while_it_bears_the_label(workspace: Workspace) -> None:
    deliver(workspace, ("issues", issue("opened", ["question"])))
    assert "defects" not in contents(workspace)
    deliver(workspace, ("issues", issue("labeled", ["question", "bug"], 10)))
    row = one(workspace, "defects")
    assert (row["deleted"], row["caused_by_change_id"]) == (False, CHANGE)
    deliver(workspace, ("issues", issue("deleted", ["bug"], 20)))
    assert one(workspace, "defects")["deleted"] is True


def test_repositories_are_named_as_the_settings_name_them_and_others_left_out(workspace: Workspace) -> None:
    deliver(workspace, ("pull_request", change(1, "acme/ledger")), ("pull_request", change(1, "acme/secret")))
    assert [row["repo_id"] for row in contents(workspace)["changes"]] == ["github.com:Acme/Ledger"]


def test_one_that_cannot_be_read_stops_no_other(workspace: Workspace) -> None:
    with receiving(workspace) as sending:
        sending.github("pull_request", {"pull_request": {"title": "no number"}, "repository": repository()})
        sending.github("pull_request", change(1))
        sending.github("star", {"action": "created"})
    (report,) = take_in_deliveries(workspace)
    assert "1 delivery could not be read (pull_request: KeyError: 'number')" in str(report.error)
    assert one(workspace, "changes")["change_id"] == CHANGE
    (counts,) = Spool(workspace.state).counts()
    assert (counts["waiting"], counts["taken"], counts["unreadable"]) == (0, 2, 1)
    assert take_in_deliveries(workspace) == []


def test_a_deployment_of_ones_own(workspace: Workspace) -> None:
    given = {"deployment_id": 41, "repo_id": "acme/payments", "status": "in_progress", "sha": "0a"}
    begun = {**given, "started_at": "2026-03-02T11:00:00+01:00"}
    ended = {**given, "status": "success", "finished_at": "2026-03-02T11:09:00+01:00", "change_ids": ["c1", 2]}
    with receiving(workspace) as sending:
        assert sending.deployment(begun).json() == {"outcome": "kept"}
        assert sending.deployment([ended, {**begun, "deployment_id": "42"}]).json() == {"outcome": "kept"}
    take_in_deliveries(workspace)
    first, second = contents(workspace)["deployments"]
    assert (first["deployment_id"], first["status"], first["kind"], first["environment"]) == (
        "41",
        "success",
        "release",
        "production",
    )
    assert (first["started_at"].hour, first["finished_at"].minute, second["status"]) == (10, 9, "in_progress")
    assert [row["change_id"] for row in contents(workspace)["deployment_changes"]] == ["2", "c1"]


def test_a_deployment_that_breaks_its_schema_is_told_at_once_and_goes_to_the_quarantine(workspace: Workspace) -> None:
    with receiving(workspace) as sending:
        answer = sending.deployment({"deployment_id": "43", "repo_id": "r", "status": "green", "colour": "blue"})
        sending.deployment({"deployment_id": "44", "status": "in_progress", "finished_at": "yesterday"})
    assert (answer.status_code, answer.json()["warnings"]) == (
        200,
        [
            "status 'green' is not one of success, failure, cancelled, in_progress",
            "colour is no column of deployments",
        ],
    )
    take_in_deliveries(workspace)
    assert "deployments" not in contents(workspace)
    found = rows_of(workspace, 'SELECT key, "column", value, source FROM warehouse.quarantine ORDER BY ALL')
    assert [(row["key"], row["column"], row["value"]) for row in found] == [
        ("43", "status", "green"),
        ("44", "finished_at", "yesterday"),
        ("44", "repo_id", None),
    ]
    assert {row["source"] for row in found} == {"hooks/deliveries deploys"}


def test_while_the_warehouse_is_written_deliveries_are_received_and_wait(workspace: Workspace) -> None:
    with Warehouse.open(workspace, write=True), receiving(workspace) as sending:
        assert sending.github("pull_request", change(1)).status_code == 200
        with pytest.raises(WarehouseLocked):
            take_in_deliveries(workspace)
    assert len(take_in_deliveries(workspace)) == 1


def test_more_than_a_batch(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines.hooks.take_in, "BATCH", 3)
    spool = Spool(workspace.state)
    for number in range(7):
        body = json.dumps({"deployment_id": str(number), "repo_id": "r", "status": "cancelled"}).encode()
        spool.keep(Delivery("deploys", "deployment", NOW, body))
    (report,) = take_in_deliveries(workspace)
    assert report.rows["deployments"].new == 7
