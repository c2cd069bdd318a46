"""GitLab's answers as rows: accounts, notes, states, references, the life of a deployment, and what jobs ran for."""

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines.connectors.base import RawRecord
from pipelines.connectors.checked_changes import ChangeIndex
from pipelines.connectors.gitlab import GitLab, GitLabSettings
from pipelines.connectors.gitlab_names import closed_issue, reverted_change
from pipelines.connectors.gitlab_pipelines import checked_change, link
from pipelines.connectors.gitlab_reading import updated_pages
from pipelines.connectors.listing import Query
from pipelines.connectors.transport import HostClient
from tests.support.dialects import gitlab
from tests.support.replay import ReplayHost

SCOPE = "acme/shop/checkout"
AT = "2025-03-03T09:00:00.000Z"


def rows(records: list[RawRecord], table: str, **settings: object) -> list[dict[str, Any]]:
    connector = GitLab(GitLabSettings(kind="gitlab", name="work", projects=(SCOPE,), **settings))
    frames = connector.conform(records).frames
    return frames[table].to_dicts() if table in frames else []


def change(**data: object) -> RawRecord:
    base = {
        "iid": 1,
        "state": "opened",
        "created_at": AT,
        "updated_at": AT,
        "author": {"username": "ada"},
        "title": "x",
    }
    return RawRecord("merge_request", "1", SCOPE, {**base, **data})


def note(number: int, body: str, author: str = "bo", system: bool = True) -> RawRecord:
    data = {"id": number, "body": body, "system": system, "author": {"username": author}, "created_at": f"T{number}"}
    return RawRecord("note", str(number), SCOPE, data, "1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("marked this merge request as **ready**", "ready_for_review"),
        ("unmarked as a **Work In Progress**", "ready_for_review"),
        ("unmarked this merge request as a **draft**", "ready_for_review"),
        ("marked this merge request as **draft**", "converted_to_draft"),
        ("marked as a **Work In Progress** from abc", "converted_to_draft"),
        ("requested review from @bo and @cy", "review_requested"),
        ("reopened", "reopened"),
        ("added 9 commits\n\n<ul><li>1a..3c - 8 commits from branch `main`</li></ul>", "force_pushed"),
        ("added 1 commit\n\n<ul><li>abbe0ab2 - add first bit</li></ul>", None),
        ("assigned to @emilie", None),
        ("mentioned in commit da1d6dea", None),
    ],
)
def test_system_notes_as_steps(body: str, kind: str | None) -> None:
    assert [row["kind"] for row in rows([change(), note(1, body)], "change_events")] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("state", "body", "expected"),
    [
        ("closed", "closed", ["closed"]),
        ("opened", "closed", []),
        ("merged", "merged", ["merged"]),
        ("opened", "merged", []),
    ],
)
def test_an_end_counts_only_where_the_change_has_so_ended(state: str, body: str, expected: list[str]) -> None:
    """Newer versions write no note of reopening: one of closing must not outlive it."""
    assert [row["kind"] for row in rows([change(state=state), note(1, body)], "change_events")] == expected


def test_reviews_from_notes() -> None:
    notes = [
        note(1, "Is this right?", system=False),
        note(2, "It is.", "ada", system=False),
        note(3, "approved this merge request"),
        note(4, "unapproved this merge request"),
        note(5, "requested changes", "cy"),
        note(6, "approved this merge request"),
        note(7, "coverage: 91 %", "project_7_bot_1a", system=False),
        note(8, "looks good", "Copilot", system=False),
    ]
    found = {row["submitted_at"]: row for row in rows([change(), *notes], "reviews")}
    assert {at: (row["reviewer"], row["state"], row["comment_count"]) for at, row in found.items()} == {
        "T1": ("bo", "commented", "1"),
        "T3": ("bo", "dismissed", "0"),
        "T5": ("cy", "changes_requested", "0"),
        "T6": ("bo", "approved", "0"),
        "T7": ("project_7_bot_1a", "commented", "1"),
        "T8": ("Copilot", "commented", "1"),
    }
    assert (found["T7"]["reviewer_kind"], found["T8"]["reviewer_kind"]) == ("bot", "agent")


@pytest.mark.parametrize(
    ("approval", "data", "submitted_at"),
    [
        ({"approved_at": "T5"}, {"merged_at": "T9"}, "T5"),
        ({}, {"merged_at": "T9"}, "T9"),
        ({}, {"updated_at": "T7"}, "T7"),
    ],
)
def test_an_approval_without_a_note(approval: Mapping[str, str], data: Mapping[str, str], submitted_at: str) -> None:
    """Without an instant of its own it is put at the latest that it can have been given."""
    listed = {"approved_by": [{"user": {"id": 3, "username": "cy"}, **approval}]}
    found = rows([change(**data), RawRecord("approvals", "1", SCOPE, listed, "1")], "reviews")
    assert [(row["reviewer"], row["state"], row["submitted_at"]) for row in found] == [("cy", "approved", submitted_at)]


@pytest.mark.parametrize(
    ("data", "sha"),
    [
        ({"merge_commit_sha": "m", "squash_commit_sha": "s", "sha": "h"}, "m"),
        ({"merge_commit_sha": None, "squash_commit_sha": "s", "sha": "h"}, "s"),
        ({"sha": "h"}, "h"),
    ],
)
def test_what_a_merge_became_on_its_branch(data: Mapping[str, str], sha: str) -> None:
    merged = rows([change(state="merged", merged_at=AT, **data)], "changes")[0]
    assert (merged["merge_commit_sha"], merged["closed_at"]) == (sha, AT)
    assert rows([change(**data)], "changes")[0]["merge_commit_sha"] is None


def test_a_draft_s_prefix_does_not_hide_its_kind() -> None:
    assert rows([change(title="Draft: fix: rounding")], "changes")[0]["kind"] == "fix"
    assert rows([change(labels=["type::feature"])], "changes")[0]["kind"] == "feature"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Closes #12", (SCOPE, "12")),
        ("Fixes: a/b/c#3 and more", ("a/b/c", "3")),
        ("Resolves https://gitlab.com/a/b/-/issues/129", ("a/b", "129")),
        ("Implements https://gitlab.com/a/b/c/-/work_items/4", ("a/b/c", "4")),
        ("see #12", None),
    ],
)
def test_issues_that_a_description_closes(text: str, expected: tuple[str, str] | None) -> None:
    assert closed_issue(text, SCOPE) == expected


def test_an_issue_kept_elsewhere_is_named_by_its_key() -> None:
    keys = {"PAY": "acme.atlassian.net"}
    named = rows([change(source_branch="pay-7-rounding")], "changes", issue_keys=keys)[0]
    assert named["fixes_defect_id"] == "acme.atlassian.net:PAY-7"
    own = rows([change(title="PAY-7", description="Closes #3")], "changes", issue_keys=keys)[0]
    assert own["fixes_defect_id"] == f"gitlab.com:{SCOPE}/issues/3"


def test_history_goes_back_beyond_the_end_of_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.connectors.gitlab_reading.LONGEST_LISTING", 200)
    items = [{"iid": n, "updated_at": f"2025-03-03T{n // 60:02}:{n % 60:02}:00.000Z"} for n in range(450)]
    host = ReplayHost({"things": items}, dialect=gitlab)
    with HostClient("s", "https://gitlab.example", transport=host.transport()) as client:
        query: Query = {"order_by": "updated_at", "sort": "desc", "per_page": 100}
        found = [item["iid"] for page in updated_pages(client, "things", query) for item in page.items]
    assert sorted(set(found)) == list(range(450))
    assert len(found) - len(set(found)) == 2, "the oldest of a listing comes again with the next"


def test_reverts_by_gitlab_s_own_words() -> None:
    assert reverted_change("This reverts merge request !12", SCOPE) == (SCOPE, "12")
    assert reverted_change("This reverts merge request a/b/c!12", SCOPE) == ("a/b/c", "12")
    assert reverted_change("This reverts commit abc", SCOPE) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"status": "success", "deployable": {"started_at": "T2", "finished_at": "T3"}}, ("success", "T2", "T3")),
        ({"status": "success"}, ("success", "T1", "T9")),
        ({"status": "running", "deployable": {"started_at": "T2"}}, ("in_progress", "T2", None)),
        ({"status": "blocked"}, ("in_progress", "T1", None)),
        ({"status": "skipped"}, ("cancelled", "T1", "T9")),
        ({"status": "odd"}, ("odd", "T1", "T9")),
    ],
)
def test_the_life_of_a_deployment(data: Mapping[str, object], expected: tuple[str, str, str | None]) -> None:
    """A later update of the deployment, when another takes its place, is no end where its job tells of one."""
    base = {"id": 9, "created_at": "T1", "updated_at": "T9", "environment": {"name": "production"}}
    row = rows([RawRecord("deployment", "9", SCOPE, {**base, **data})], "deployments")[0]
    assert (row["status"], row["started_at"], row["finished_at"]) == expected


@pytest.mark.parametrize(("tier", "expected"), [("production", "true"), ("staging", "false"), (None, None)])
def test_an_environment_s_tier_where_it_is_asked_for(tier: str | None, expected: str | None) -> None:
    made = RawRecord("deployment", "9", SCOPE, {"id": 9, "status": "success", "created_at": AT})
    environment = RawRecord("environment", "3", SCOPE, {"id": 3, "name": "eu", "tier": tier}, "9")
    assert rows([made, environment], "deployments")[0]["is_production"] == expected


@pytest.mark.parametrize(
    ("job", "ref", "kind"),
    [
        ("deploy", "main", "release"),
        ("rollback:prod", "main", "rollback"),
        ("redeploy", "main", "redeploy"),
        ("deploy", "hotfix/x", "hotfix"),
    ],
)
def test_kinds_of_deployments(job: str, ref: str, kind: str) -> None:
    data = {"id": 9, "status": "success", "created_at": AT, "ref": ref, "deployable": {"name": job}}
    assert rows([RawRecord("deployment", "9", SCOPE, data)], "deployments")[0]["kind"] == kind


def test_incidents_by_type_and_by_label_and_defects_that_are_none() -> None:
    incident = {
        "iid": 3,
        "issue_type": "incident",
        "severity": "HIGH",
        "created_at": AT,
        "labels": ["bug", "service::web"],
    }
    row = rows([RawRecord("incident", "3", SCOPE, incident)], "incidents")[0]
    assert (row["severity"], row["service"], row["deleted"]) == ("2", "web", "false")
    assert rows([RawRecord("issue", "3", SCOPE, incident)], "defects")[0]["deleted"] == "true"
    labelled = {"iid": 4, "created_at": AT, "labels": ["outage", "sev1"]}
    settings = {"incident_labels": ["outage"], "severity_labels": {"sev1": 1}, "services": {SCOPE: "shop"}}
    row = rows([RawRecord("incident", "4", SCOPE, labelled)], "incidents", **settings)[0]
    assert (row["severity"], row["service"], row["deleted"]) == ("1", "shop", "false")


MERGED = {"iid": 1, "source_branch": "f", "target_branch": "main", "created_at": "2", "merged_at": "4", "sha": "h"}
OPEN = {"iid": 2, "source_branch": "f", "target_branch": "main", "created_at": "6", "merged_at": None}
INDEX = ChangeIndex(checked_change(item) for item in ({**MERGED, "squash_commit_sha": "s"}, OPEN))


@pytest.mark.parametrize(
    ("ref", "sha", "created_at", "expected"),
    [
        ("refs/merge-requests/7/head", "x", "1", ("pre_merge", "7")),
        ("f", "x", "1", ("pre_pr", "1")),
        ("f", "x", "3", ("pre_merge", "1")),
        ("f", "x", "5", ("pre_pr", "2")),
        ("f", "x", "7", ("pre_merge", "2")),
        ("main", "s", "4", ("post_merge", "1")),
        ("main", "x", "4", None),
    ],
)
def test_what_a_pipeline_ran_for(ref: str, sha: str, created_at: str, expected: tuple[str, str] | None) -> None:
    assert link({"ref": ref, "sha": sha, "created_at": created_at}, INDEX) == expected


def test_jobs_as_gates_and_a_failure_that_a_retry_passed_is_flaky() -> None:
    def job(number: int, name: str, status: str) -> RawRecord:
        data = {"id": number, "name": name, "status": status, "started_at": AT, "duration": 1.5, "pipeline": {"id": 5}}
        return RawRecord("job_pre_merge", str(number), SCOPE, data, "1")

    jobs = [
        job(1, "unit test", "failed"),
        job(2, "unit test", "success"),
        job(3, "lint", "manual"),
        job(4, "x", "running"),
    ]
    gates = [{"check": "unit*", "gate": "tests"}, {"check": "lint", "control_point": "pre_pr"}]
    found = rows(jobs, "gate_results", gates=gates)
    assert [(row["gate"], row["control_point"], row["outcome"]) for row in found] == [
        ("tests", "pre_merge", "failed"),
        ("tests", "pre_merge", "passed"),
        ("lint", "pre_pr", "skipped"),
    ]
    assert [(row["outcome"], row["is_flaky"]) for row in rows(jobs, "test_runs")] == [
        ("failed", "true"),
        ("passed", "false"),
    ]
