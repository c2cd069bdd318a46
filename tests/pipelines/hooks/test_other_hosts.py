"""GitLab's and PagerDuty's deliveries, signed as they sign, over loopback HTTP and into rows."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.hooks.take_in import take_in_deliveries
from schemas.workspace import Workspace
from tests.support.hooks import SECRET, Sending, hexadecimal, hook_workspace, receiving, standard_headers
from tests.support.pulling import contents
from tests.support.workspaces import load_files

KEY = bytes(range(32))
SIGNING_TOKEN = f"whsec_{base64.b64encode(KEY).decode()}"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONFIGURATION = """
name = "test"

[[sources]]
kind = "gitlab"
name = "gitlab"
projects = ["acme/shop/*", "Acme/Tools"]

[[sources]]
kind = "pagerduty"
name = "pagerduty"
token_env = "NOBODY"
services = { PX1 = "payments" }
ignored_services = ["Staging"]

[[hooks]]
kind = "gitlab"
name = "gitlab"
source = "gitlab"
secret_env = "GITLAB"

[[hooks]]
kind = "pagerduty"
name = "pagerduty"
source = "pagerduty"
secret_env = "SECRET"
"""
ENVIRONMENT = {"SECRET": SECRET, "GITLAB": f"{SECRET}\n{SIGNING_TOKEN}"}
CHANGE = "gitlab.com:acme/shop/web#4"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return hook_workspace(tmp_path, CONFIGURATION)


def gitlab(sending: Sending, payload: dict[str, Any]) -> None:
    body = json.dumps(payload).encode()
    assert sending.post("gitlab", body, {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Some Hook"}).status_code == 200


def pagerduty(sending: Sending, step: str, at: str, **more: object) -> None:
    data = {
        "id": "PT4",
        "type": "incident",
        "title": "The server is on fire",
        "status": step if step in ("triggered", "acknowledged", "resolved") else "triggered",
        "created_at": "2026-03-02T11:00:00.000Z",
        "urgency": "high",
        "priority": {"summary": "P2"},
        "service": {"id": "PX1", "summary": "Payments service"},
    }
    event = {"id": f"{step}-{at}", "event_type": f"incident.{step}", "occurred_at": f"2026-03-02T{at}:00.000Z"}
    body = json.dumps({"event": {**event, "data": data | more}}).encode()
    signatures = f"v1={hexadecimal(body, 'the one before')},v1={hexadecimal(body)}"
    assert sending.post("pagerduty", body, {"X-PagerDuty-Signature": signatures}).status_code == 200


def project(path: str = "acme/shop/web") -> dict[str, Any]:
    return {"name": "web", "path_with_namespace": path, "default_branch": "main"}


def merge_request(action: str, state: str, at: str, user: int = 1, **more: object) -> dict[str, Any]:
    attributes = {
        "iid": 4,
        "author_id": 1,
        "action": action,
        "state": state,
        "title": "Add refunds",
        "description": "",
        "source_branch": "refunds",
        "target_branch": "main",
        "created_at": "2026-03-02 10:00:00 UTC",
        "updated_at": f"2026-03-02 {at}:00 UTC",
        "last_commit": {"id": "0a"},
    }
    return {
        "object_kind": "merge_request",
        "user": {"id": user, "username": {1: "ann", 2: "bob"}[user]},
        "project": project(),
        "labels": [{"title": "backend"}],
        "object_attributes": attributes | more,
    }


def one(workspace: Workspace, table: str) -> dict[str, Any]:
    (row,) = contents(workspace)[table]
    return row


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Gitlab-Token": SECRET}, 202),
        ({"X-Gitlab-Token": SIGNING_TOKEN}, 401),
        ({"X-Gitlab-Token": ""}, 401),
        ({}, 401),
        (standard_headers(b'{"a": 1}', KEY, NOW.timestamp()), 202),
        (standard_headers(b'{"a": 1}', KEY, NOW.timestamp() - 600), 401),
        ({**standard_headers(b'{"a": 2}', KEY, NOW.timestamp()), "X-Gitlab-Token": SECRET}, 401),
        (standard_headers(b'{"a": 1}', SECRET.encode(), NOW.timestamp()), 401),
    ],
)
def test_gitlabs_token_and_signature(workspace: Workspace, headers: dict[str, str], status: int) -> None:
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        assert sending.post("gitlab", b'{"a": 1}', headers).status_code == status


@pytest.mark.parametrize("header", ["", "v1=", "v0={}", "{}", "v1={}0"])
def test_what_is_no_signature_of_pagerduty(workspace: Workspace, header: str) -> None:
    body = b'{"event": {}}'
    with receiving(workspace, ENVIRONMENT) as sending:
        headers = {"X-PagerDuty-Signature": header.format(hexadecimal(body))}
        assert sending.post("pagerduty", body, headers).status_code == 401


def test_a_merge_request_from_opening_to_merge(workspace: Workspace) -> None:
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        gitlab(sending, merge_request("open", "opened", "10:00"))
        gitlab(sending, merge_request("merge", "merged", "11:00", user=2, merge_commit_sha="0b"))
        gitlab(
            sending,
            merge_request("update", "merged", "11:30", user=2, title="Add refunds, once", merge_commit_sha="0b"),
        )
    take_in_deliveries(workspace)
    row = one(workspace, "changes")
    assert (row["change_id"], row["state"], row["author"], row["title"]) == (
        CHANGE,
        "merged",
        "ann",
        "Add refunds, once",
    )
    assert (row["merged_at"].hour, row["merged_at"].minute, row["merge_commit_sha"]) == (11, 0, "0b")
    assert one(workspace, "repositories")["repo_id"] == "gitlab.com:acme/shop/web"


def test_what_a_pull_told_of_a_merge_request_stays(workspace: Workspace) -> None:
    load_files(
        workspace,
        {
            "changes.csv": "change_id,repo_id,state,opened_at,author,ai_use,additions,observed_at\n"
            f"{CHANGE},gitlab.com:acme/shop/web,open,2026-03-02T10:00:00Z,ann,assisted,12,2026-03-02T10:30:00Z\n",
            "reviews.csv": "review_id,change_id,state,submitted_at,observed_at\n"
            f"1,{CHANGE},approved,2026-03-02T10:20:00Z,2026-03-02T10:30:00Z\n",
        },
    )
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        gitlab(sending, merge_request("close", "closed", "11:00", user=2))
    take_in_deliveries(workspace)
    row = one(workspace, "changes")
    assert (row["state"], row["author"], row["ai_use"], row["additions"]) == ("closed", "ann", "assisted", 12)
    assert one(workspace, "reviews")["deleted"] is False


def test_a_deployment_of_gitlab(workspace: Workspace) -> None:
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        for status, at in (("running", "12:00:00 +0100"), ("success", "12:05:00 +0100"), ("failed", "12:06:00 +0100")):
            gitlab(
                sending,
                {
                    "object_kind": "deployment",
                    "status": status,
                    "status_changed_at": f"2026-03-02 {at}",
                    "deployment_id": 15,
                    "environment": "production",
                    "commit_url": "https://gitlab.com/acme/shop/web/-/commit/0abc",
                    "project": project(),
                },
            )
    take_in_deliveries(workspace)
    row = one(workspace, "deployments")
    assert (row["status"], row["sha"], row["environment"]) == ("success", "0abc", "production")
    assert (row["started_at"].hour, row["started_at"].minute, row["finished_at"].minute) == (11, 0, 5)


def test_issues_of_gitlab_and_projects_that_are_not_read(workspace: Workspace) -> None:
    def issue(iid: int, kind: str, label: str, path: str) -> dict[str, Any]:
        attributes = {"iid": iid, "type": kind, "title": "t", "created_at": "2026-03-02 10:00:00 UTC"}
        return {
            "object_kind": "issue",
            "project": project(path),
            "labels": [{"title": label}],
            "object_attributes": attributes | {"updated_at": "2026-03-02T10:00:00Z", "action": "open"},
        }

    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        gitlab(sending, issue(1, "Issue", "bug", "acme/tools"))
        gitlab(sending, issue(2, "Incident", "service::web", "acme/shop/web"))
        gitlab(sending, issue(3, "Issue", "question", "acme/shop/web"))
        gitlab(sending, issue(4, "Issue", "bug", "acme/secret"))
    assert [report.error for report in take_in_deliveries(workspace)] == [None]
    assert [row["defect_id"] for row in contents(workspace)["defects"]] == ["gitlab.com:Acme/Tools/issues/1"]
    assert one(workspace, "incidents")["service"] == "web"


def test_an_incident_of_pagerduty_step_by_step(workspace: Workspace) -> None:
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        pagerduty(sending, "triggered", "11:00")
        pagerduty(sending, "acknowledged", "11:05")
        pagerduty(sending, "acknowledged", "11:10")
        pagerduty(sending, "resolved", "11:30")
        pagerduty(sending, "triggered", "11:40", id="PT5", service={"id": "PX2", "summary": "Staging"})
    take_in_deliveries(workspace)
    row = one(workspace, "incidents")
    assert (row["incident_id"], row["service"], row["severity"]) == ("pagerduty:PT4", "payments", 2)
    assert (row["opened_at"].minute, row["acknowledged_at"].minute, row["resolved_at"].minute) == (0, 5, 30)


def test_a_reopened_incident_is_open_again(workspace: Workspace) -> None:
    with receiving(workspace, ENVIRONMENT, clock=NOW.timestamp) as sending:
        pagerduty(sending, "resolved", "11:30")
        pagerduty(sending, "reopened", "11:35")
    take_in_deliveries(workspace)
    assert one(workspace, "incidents")["resolved_at"] is None
