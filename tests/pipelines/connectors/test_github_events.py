"""GitHub's answers as rows: accounts, states and the life of a deployment."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors.base import RawRecord
from pipelines.connectors.github import GitHub, GitHubSettings
from pipelines.connectors.github_names import GitHubNames

SCOPE = "acme/payments"


def rows(records: list[RawRecord], table: str, **settings: object) -> list[dict[str, Any]]:
    connector = GitHub(GitHubSettings(kind="github", name="work", repositories=(SCOPE,), **settings))
    return connector.conform(records).frames[table].to_dicts()


def change(number: int = 1, **data: object) -> RawRecord:
    base = {"number": number, "state": "open", "created_at": "2025-03-03T09:00:00Z", "user": {"login": "ada"}}
    return RawRecord("pull_request", str(number), SCOPE, {**base, **data})


def deployment(*states: tuple[str, str], **data: object) -> dict[str, Any]:
    """The row of a deployment with these statuses, newest first as the host lists them."""
    statuses = [
        RawRecord("deployment_status", str(position), SCOPE, {"id": position, "state": state, "created_at": at}, "9")
        for position, (state, at) in enumerate(states)
    ]
    base = {"id": 9, "environment": "production", "created_at": "2025-03-04T16:00:00Z", "sha": "abc"}
    found = rows([RawRecord("deployment", "9", SCOPE, {**base, **data}), *reversed(statuses)], "deployments")
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("base_url", "repo_id"),
    [
        ("https://api.github.com", "github.com:acme/payments"),
        ("https://api.github.com/", "github.com:acme/payments"),
        ("https://git.example.com/api/v3", "git.example.com:acme/payments"),
        ("https://git.example.com:8443/api/v3", "git.example.com:8443:acme/payments"),
    ],
)
def test_ids_name_the_host_that_people_know(base_url: str, repo_id: str) -> None:
    assert GitHubNames.of(base_url).repo_id(SCOPE) == repo_id


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            [("queued", "T1"), ("in_progress", "T2"), ("success", "T3"), ("inactive", "T9")],
            ("success", "T2", "T3"),
        ),
        ([("in_progress", "T2"), ("failure", "T3"), ("inactive", "T9")], ("failure", "T2", "T3")),
        ([("in_progress", "T2"), ("error", "T3")], ("failure", "T2", "T3")),
        ([("in_progress", "T2"), ("success", "T3"), ("success", "T4")], ("success", "T2", "T3")),
        ([("error", "T1"), ("in_progress", "T2"), ("success", "T3")], ("success", "T2", "T3")),
        ([("success", "T3")], ("success", "2025-03-04T16:00:00Z", "T3")),
        ([("queued", "T1"), ("inactive", "T9")], ("cancelled", "2025-03-04T16:00:00Z", None)),
        ([("queued", "T1"), ("in_progress", "T2")], ("in_progress", "T2", None)),
        ([], ("in_progress", "2025-03-04T16:00:00Z", None)),
    ],
)
def test_the_life_of_a_deployment(states: list[tuple[str, str]], expected: tuple[str, str, str | None]) -> None:
    row = deployment(*states)
    assert (row["status"], row["started_at"], row["finished_at"]) == expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"task": "deploy"}, "release"),
        ({}, "release"),
        ({"task": "deploy:rollback"}, "rollback"),
        ({"task": "redeploy"}, "redeploy"),
        ({"task": "deploy", "ref": "hotfix/rounding"}, "hotfix"),
        ({"task": "deploy", "ref": "refs/heads/hotfix-1"}, "hotfix"),
        ({"task": "deploy", "ref": "prehotfix/x"}, "release"),
    ],
)
def test_kinds_of_deployments(data: Mapping[str, str], kind: str) -> None:
    assert deployment(**data)["kind"] == kind


def test_the_environment_that_was_meant_is_taken() -> None:
    """The host renames the environment of a transient deployment."""
    row = deployment(environment="production-old", original_environment="production")
    assert row["environment"] == "production"


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ({"login": "ada", "type": "User"}, "human"),
        ({"login": "renovate[bot]"}, "bot"),
        ({"login": "ci", "type": "Bot"}, "bot"),
        ({"login": "service-account", "type": "User"}, "bot"),
        ({"login": "Copilot", "type": "Bot"}, "agent"),
        (None, "human"),
    ],
)
def test_accounts(user: Mapping[str, str] | None, kind: str) -> None:
    row = rows([change(user=user)], "changes", bots=["service-account"])[0]
    assert row["author_kind"] == kind
    assert row["author"] == (user or {}).get("login")


def test_a_merged_change_and_one_given_up() -> None:
    at = "2025-03-04T09:00:00Z"
    merged = rows([change(state="closed", merged_at=at, closed_at=at, merge_commit_sha="abc")], "changes")[0]
    assert (merged["state"], merged["merged_at"], merged["merge_commit_sha"]) == ("merged", at, "abc")
    closed = rows([change(state="closed", closed_at=at, merge_commit_sha="abc")], "changes")[0]
    assert (closed["state"], closed["merged_at"], closed["merge_commit_sha"]) == ("closed", None, None)
    assert rows([change(merge_commit_sha="trial")], "changes")[0]["merge_commit_sha"] is None


def test_labels_may_hold_any_character() -> None:
    row = rows([change(labels=[{"name": "a;b"}, {"name": "c"}])], "changes")[0]
    assert row["labels"] == ["a;b", "c"]


def test_values_of_a_wrong_type_come_through_as_they_are() -> None:
    row = rows([change(additions="many", deletions=2.5, changed_files={"a": 1})], "changes")[0]
    assert (row["additions"], row["deletions"], row["changed_files"]) == ("many", "2.5", '{"a": 1}')


def test_a_change_without_commits_still_replaces_its_set() -> None:
    connector = GitHub(GitHubSettings(kind="github", name="work", repositories=(SCOPE,)))
    conformed = connector.conform([change()])
    assert conformed.complete_sets["commits"] == ["github.com:acme/payments#1"]
    assert "commits" not in conformed.frames


def test_services_teams_and_hotfix_labels_come_from_the_settings() -> None:
    repository = RawRecord("repository", SCOPE, SCOPE, {"name": "payments", "default_branch": "main"})
    settings = {"services": {SCOPE: "checkout"}, "teams": {SCOPE: "money"}, "hotfix_labels": ["urgent"]}
    row = rows([repository], "repositories", **settings)[0]
    assert (row["service"], row["team"], row["archived"]) == ("checkout", "money", "false")
    hotfix = rows([change(labels=[{"name": "urgent"}], title="feat: x")], "changes", **settings)[0]
    assert (hotfix["kind"], hotfix["service"]) == ("hotfix", "checkout")


def test_a_pending_review_is_left_out_and_one_without_a_name_is_kept() -> None:
    reviews = [
        RawRecord("review", "1", SCOPE, {"id": 1, "state": "PENDING", "user": {"login": "ada"}}, "1"),
        RawRecord("review", "2", SCOPE, {"id": 2, "state": "APPROVED", "user": None, "body": None}, "1"),
    ]
    found = rows([change(), *reviews], "reviews")
    assert [(row["review_id"], row["reviewer"], row["comment_count"]) for row in found] == [
        ("github.com:acme/payments/reviews/2", None, "0")
    ]


def test_recorded_bots_are_told_from_people(shared_data: Path) -> None:
    def recorded(name: str) -> list[dict[str, Any]]:
        path = shared_data / "recorded" / "github" / f"_raw_github_api_{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            return [json.loads(row["data"]) for row in csv.DictReader(file)]

    changes = [
        RawRecord("pull_request", str(item["number"]), SCOPE, item) for item in recorded("pull_requests_bot_filter")
    ]
    reviews = [RawRecord("review", str(item["id"]), SCOPE, item, "1000") for item in recorded("pr_reviews_bot_filter")]
    assert {row["author"]: row["author_kind"] for row in rows(changes, "changes")} == {
        "renovate[bot]": "bot",
        "human-dev": "human",
    }
    assert {row["reviewer"]: row["reviewer_kind"] for row in rows(reviews, "reviews")} == {
        "renovate[bot]": "bot",
        "human-reviewer": "human",
    }


def check(name: str, conclusion: str | None, identifier: str, ended: str = "2025-03-04T10:12:00Z") -> RawRecord:
    data = {
        "name": name,
        "conclusion": conclusion,
        "started_at": "2025-03-04T10:07:00Z",
        "completed_at": ended,
        "head_sha": "abc",
    }
    return RawRecord("check", identifier, SCOPE, data, "1")


def workflow_run(**data: object) -> RawRecord:
    base = {
        "name": "Tests", "event": "push", "conclusion": "success", "head_branch": "main", "head_sha": "abc",
        "run_attempt": 1, "run_started_at": "2025-03-04T10:00:00Z", "updated_at": "2025-03-04T10:10:00Z",
        "created_at": "2025-03-04T10:00:00Z", "pull_requests": [], "head_commit": {"message": "feat: x (#7)"},
    }  # fmt: skip
    return RawRecord("workflow_run", "88", SCOPE, {**base, **data})


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [
        ("success", "passed"),
        ("failure", "failed"),
        ("timed_out", "failed"),
        ("startup_failure", "failed"),
        ("neutral", "skipped"),
        ("skipped", "skipped"),
        ("cancelled", None),
        ("action_required", None),
        ("stale", None),
        (None, None),
    ],
)
def test_a_check_is_a_gate_by_its_conclusion(conclusion: str | None, outcome: str | None) -> None:
    connector = GitHub(GitHubSettings(kind="github", name="work", repositories=(SCOPE,)))
    frames = connector.conform([change(), check("lint", conclusion, "5")]).frames
    found = frames["gate_results"].to_dicts() if "gate_results" in frames else []
    assert [row["outcome"] for row in found] == ([outcome] if outcome else [])


def test_checks_become_gates_and_tests_by_the_rules() -> None:
    checks = [check("unit tests", "failure", "5"), check("unit tests", "success", "6"), check("cla", "success", "7")]
    gates = [{"check": "unit*", "gate": "unit-tests"}]
    found = rows([change(), *checks], "gate_results", gates=gates)
    assert [(row["gate"], row["outcome"], row["control_point"], row["duration_seconds"]) for row in found] == [
        ("unit-tests", "failed", "pre_merge", "300.0"),
        ("unit-tests", "passed", "pre_merge", "300.0"),
    ]
    tests = rows([change(), *checks], "test_runs", gates=gates)
    # It failed although it passed on the same commit: the failure says nothing.
    assert [(row["outcome"], row["is_flaky"]) for row in tests] == [("failed", "true"), ("passed", "false")]
    assert {row["change_id"] for row in tests} == {"github.com:acme/payments#1"}


@pytest.mark.parametrize(
    ("data", "change_id", "point"),
    [
        ({}, "7", "post_merge"),
        ({"head_commit": {"message": "Merge pull request #3 from acme/x\n\nAdd x (#9)"}}, "3", "post_merge"),
        ({"head_commit": {"message": "By hand"}}, None, None),
        ({"event": "merge_group", "head_branch": f"gh-readonly-queue/main/pr-12-{'a' * 40}"}, "12", "pre_merge"),
        ({"event": "pull_request", "pull_requests": [{"number": 4}]}, "4", "pre_merge"),
        ({"event": "schedule"}, None, None),
    ],
)
def test_the_change_of_a_workflow_run(data: Mapping[str, Any], change_id: str | None, point: str | None) -> None:
    connector = GitHub(GitHubSettings(kind="github", name="work", repositories=(SCOPE,)))
    frames = connector.conform([workflow_run(**data)]).frames
    tests = frames["test_runs"].to_dicts()
    assert [row["change_id"] for row in tests] == [f"github.com:acme/payments#{change_id}" if change_id else None]
    gates = frames["gate_results"].to_dicts() if "gate_results" in frames else []
    assert [row["control_point"] for row in gates] == ([point] if point else [])


def test_a_run_that_passed_at_a_later_attempt_is_flaky() -> None:
    assert rows([workflow_run(run_attempt=2)], "test_runs")[0]["is_flaky"] == "true"
    assert rows([workflow_run(run_attempt=2, conclusion="failure")], "test_runs")[0]["is_flaky"] == "false"


def test_a_workflow_that_deploys() -> None:
    run = workflow_run(name="Deploy", conclusion="failure")
    row = rows([run], "deployments", deployment_workflows={"Deploy": "production"})[0]
    assert (row["deployment_id"], row["environment"], row["status"], row["sha"], row["finished_at"]) == (
        "github.com:acme/payments/runs/88",
        "production",
        "failure",
        "abc",
        "2025-03-04T10:10:00Z",
    )


def test_a_release_is_a_deployment_where_the_settings_say_so() -> None:
    node = {
        "databaseId": 5, "tagName": "v1.2", "isDraft": False, "isPrerelease": False,
        "createdAt": "2025-03-04T10:00:00Z", "publishedAt": "2025-03-04T11:00:00Z",
        "tagCommit": {"oid": "abc", "associatedPullRequests": {"nodes": [
            {"number": 3, "mergedAt": "2025-03-04T09:00:00Z", "repository": {"nameWithOwner": SCOPE}},
            {"number": 4, "mergedAt": None, "repository": {"nameWithOwner": SCOPE}},
        ]}},
    }  # fmt: skip
    draft = {**node, "databaseId": 6, "isDraft": True}
    records = [RawRecord("release_node", "5", SCOPE, node), RawRecord("release_node", "6", SCOPE, draft)]
    found = rows(records, "deployments", release_environment="production")
    assert [(row["deployment_id"], row["sha"], row["status"], row["finished_at"]) for row in found] == [
        ("github.com:acme/payments/releases/5", "abc", "success", "2025-03-04T11:00:00Z")
    ]
    assert rows(records, "deployment_changes", release_environment="production") == [
        {"record": 0, "deployment_id": found[0]["deployment_id"], "change_id": "github.com:acme/payments#3"}
    ]


def test_an_issue_is_a_defect_an_incident_or_both_by_its_labels() -> None:
    issue = {"number": 9, "title": "down", "created_at": "2025-03-04T10:00:00Z", "closed_at": "2025-03-04T12:00:00Z"}
    labels = [{"name": "outage"}, {"name": "security"}, {"name": "sev1"}]
    record = RawRecord("issue", "9", SCOPE, {**issue, "labels": labels, "body": "Caused by: #3"})
    settings = {"incident_labels": ["outage"], "severity_labels": {"sev1": 1}}
    row = rows([record], "incidents", **settings)[0]
    assert (row["incident_id"], row["severity"], row["is_security"], row["resolved_at"], row["deleted"]) == (
        "github.com:acme/payments#9", "1", "true", "2025-03-04T12:00:00Z", "false",
    )  # fmt: skip
    assert row["caused_by_change_id"] == "github.com:acme/payments#3"
    assert rows([record], "defects", **settings)[0]["deleted"] == "true"
    connector = GitHub(GitHubSettings(kind="github", name="work", repositories=(SCOPE,)))
    assert "incidents" not in connector.conform([record]).frames
