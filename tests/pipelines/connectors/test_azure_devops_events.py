"""Azure DevOps' answers as rows: votes, comments, drafts, builds as checks and as deployments."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.connectors.azure_devops import AzureDevOps, AzureDevOpsSettings, _state
from pipelines.connectors.base import RawRecord

SCOPE = "acme/Shop/cart"
BASE = {"kind": "azure_devops", "name": "work", "base_url": "https://dev.azure.com/acme", "repositories": ["Shop/cart"]}
ADA, BO = {"uniqueName": "ada@example.com", "id": "1"}, {"uniqueName": "bo@example.com", "id": "2"}


def rows(records: list[RawRecord], table: str, **settings: object) -> list[dict[str, Any]]:
    connector = AzureDevOps(AzureDevOpsSettings.model_validate({**BASE, **settings}))
    frames = connector.conform(records).frames
    return frames[table].to_dicts() if table in frames else []


def change(**data: object) -> RawRecord:
    base = {"pullRequestId": 1, "status": "active", "title": "x", "createdBy": ADA, "creationDate": "T1"}
    return RawRecord("pull_request", "1", SCOPE, {**base, **data})


def thread(number: int, by: Mapping[str, str], words: str = "words", vote: str | None = None) -> RawRecord:
    kind = "text" if vote is None and not words.startswith("*") else "system"
    comment = {"id": 1, "author": by, "content": words, "publishedDate": f"T{number}", "commentType": kind}
    properties = {} if vote is None else {"CodeReviewVoteResult": {"$type": "System.String", "$value": vote}}
    data = {"id": number, "publishedDate": f"T{number}", "comments": [comment], "properties": properties}
    return RawRecord("thread", str(number), SCOPE, data, "1")


def test_votes_and_comments_as_reviews() -> None:
    threads = [
        thread(2, BO, vote="10"),
        thread(3, BO, vote="0"),
        thread(4, BO),
        thread(5, ADA),
        thread(6, BO, vote="-5"),
        thread(7, BO, vote="5"),
        thread(8, {"uniqueName": "x", "descriptor": "svc.1"}),
    ]
    found = rows([change(), *threads], "reviews")
    assert [(row["submitted_at"], row["state"], row["reviewer_kind"]) for row in found] == [
        ("T2", "dismissed", "human"),
        ("T4", "commented", "human"),
        ("T6", "changes_requested", "human"),
        ("T7", "approved", "human"),
        ("T8", "commented", "bot"),
    ]


def test_a_vote_that_only_the_list_of_reviewers_tells_of_is_put_at_the_end() -> None:
    reviewers = [{**BO, "vote": 10}, {"displayName": "A team", "id": "3", "vote": 10, "isContainer": True}]
    done = change(status="completed", closedDate="T9", reviewers=reviewers)
    assert [(row["reviewer"], row["submitted_at"]) for row in rows([done], "reviews")] == [("bo@example.com", "T9")]
    assert [row["submitted_at"] for row in rows([done, thread(4, BO, vote="10")], "reviews")] == ["T4"]
    assert rows([change(reviewers=reviewers)], "reviews") == []


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("*Ada published the pull request", "active", "ready_for_review"),
        ("*Ada marked the pull request as a draft", "active", "converted_to_draft"),
        ("*Ada reactivated the pull request", "active", "reopened"),
        ("*Ada abandoned the pull request", "abandoned", "closed"),
        ("*Ada abandoned the pull request", "active", None),
        ("I published the pull request", "active", None),
    ],
)
def test_steps_from_the_host_s_own_comments(words: str, status: str, kind: str | None) -> None:
    found = rows([change(status=status), thread(3, ADA, words)], "change_events")
    assert [row["kind"] for row in found] == ([kind] if kind else [])


def test_states_labels_and_what_a_change_became() -> None:
    merged = change(
        status="completed", closedDate="T9", lastMergeCommit={"commitId": "c"}, targetRefName="refs/heads/main",
        labels=[{"name": "hotfix", "active": True}, {"name": "old", "active": False}],
    )  # fmt: skip
    row = rows([merged], "changes")[0]
    assert (row["state"], row["merged_at"], row["merge_commit_sha"]) == ("merged", "T9", "c")
    assert (row["base_branch"], row["labels"], row["kind"]) == ("main", ["hotfix"], "hotfix")
    row = rows([change(lastMergeCommit={"commitId": "trial"})], "changes")[0]
    assert (row["state"], row["merge_commit_sha"], row["closed_at"]) == ("open", None, None)


def build(kind: str = "build", **data: object) -> RawRecord:
    base = {"id": 5, "definition": {"name": "deploy"}, "sourceVersion": "s", "queueTime": "T0", "startTime": "T1"}
    return RawRecord(kind, "5", SCOPE, {**base, **data}, None if kind == "build" else "1")


def stage(number: int, name: str, result: str | None = "succeeded", kind: str = "Stage") -> RawRecord:
    data = {"type": kind, "name": name, "result": result, "startTime": "T2", "finishTime": "T3" if result else None}
    return RawRecord("stage", str(number), SCOPE, data, "5")


def test_a_build_is_a_deployment_by_rule_and_a_check_else() -> None:
    ended = build("build_pre_merge", result="partiallySucceeded", finishTime="T4")
    assert [row["outcome"] for row in rows([ended], "gate_results")] == ["passed"]
    rule = {"build": "deploy*", "environment": "live"}
    found = rows([ended], "deployments", deployments=[rule])
    assert [(row["environment"], row["status"], row["started_at"], row["sha"]) for row in found] == [
        ("live", "success", "T1", "s")
    ]
    assert rows([ended], "gate_results", deployments=[rule]) == []


def test_the_stages_of_a_build_as_deployments() -> None:
    stages = [
        stage(1, "Build"),
        stage(2, "Prod EU", "failed"),
        stage(3, "Prod US", None),
        stage(4, "Prod EU", kind="Job"),
    ]
    found = rows([build(result="failed"), *stages], "deployments", deployments=[{"build": "*", "stage": "prod*"}])
    assert [(row["deployment_id"].rpartition("/")[2], row["status"]) for row in found] == [
        ("2", "failure"),
        ("3", "in_progress"),
    ]
    jobs_only = [stage(4, "Prod EU", kind="Job")]
    assert len(rows([build(), *jobs_only], "deployments", deployments=[{"build": "*", "stage": "prod*"}])) == 1


def test_what_shows_that_an_open_change_has_moved() -> None:
    base = {"status": "active", "title": "x", "reviewers": [{"id": "1", "vote": 0}]}
    assert _state(base) == _state(dict(base))
    assert _state(base) != _state({**base, "reviewers": [{"id": "1", "vote": 10}]})
    assert _state(base) != _state({**base, "lastMergeSourceCommit": {"commitId": "n"}})


def test_an_address_without_an_organisation_is_refused() -> None:
    with pytest.raises(ValidationError, match="names no organisation"):
        AzureDevOpsSettings.model_validate({**BASE, "base_url": "https://dev.azure.com"})
