"""Bitbucket's answers as rows: accounts, activity, instants that only it knows, and what pipelines ran for."""

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines.connectors.base import RawRecord
from pipelines.connectors.bitbucket import Bitbucket, BitbucketSettings
from pipelines.connectors.bitbucket_reading import checked, link
from pipelines.connectors.checked_changes import ChangeIndex

SCOPE = "acme/web"
ADA, BO = {"nickname": "ada", "type": "user", "uuid": "{1}"}, {"nickname": "bo", "type": "user", "uuid": "{2}"}


def rows(records: list[RawRecord], table: str, **settings: object) -> list[dict[str, Any]]:
    connector = Bitbucket(BitbucketSettings(kind="bitbucket", name="work", repositories=(SCOPE,), **settings))
    frames = connector.conform(records).frames
    return frames[table].to_dicts() if table in frames else []


def change(**data: object) -> RawRecord:
    base = {"id": 1, "state": "OPEN", "title": "x", "author": ADA, "created_on": "T1", "updated_on": "T9"}
    return RawRecord("pull_request", "1", SCOPE, {**base, **data})


def activity(**part: object) -> RawRecord:
    return RawRecord("activity", "1-0", SCOPE, part, "1")


@pytest.mark.parametrize(
    ("state", "told", "expected"),
    [
        ("MERGED", {"state": "MERGED", "date": "T5"}, ("merged", "T5", "T5")),
        ("MERGED", {"state": "OPEN", "date": "T5"}, ("merged", "T9", "T9")),
        ("DECLINED", {"state": "DECLINED", "date": "T6"}, ("closed", None, "T6")),
        ("SUPERSEDED", {}, ("closed", None, "T9")),
        ("OPEN", {}, ("open", None, None)),
    ],
)
def test_the_end_of_a_change_by_its_activity(
    state: str, told: Mapping[str, str], expected: tuple[str, str | None, str | None]
) -> None:
    """The list knows the last update only, which comments move."""
    row = rows([change(state=state), activity(update=told)], "changes")[0]
    assert (row["state"], row["merged_at"], row["closed_at"]) == expected


def test_the_merge_s_commit_is_taken_whole_where_it_was_asked_for() -> None:
    merged = change(state="MERGED", merge_commit={"hash": "a1a1a1a1a1a1"})
    whole = RawRecord("merge_commit", "a1" * 20, SCOPE, {"hash": "a1" * 20}, "1")
    assert rows([merged, whole], "changes")[0]["merge_commit_sha"] == "a1" * 20
    assert rows([merged], "changes")[0]["merge_commit_sha"] == "a1a1a1a1a1a1"


def test_lines_and_a_hotfix_s_branch() -> None:
    lines = RawRecord(
        "diffstat", "1", SCOPE, {"values": [{"lines_added": 3, "lines_removed": 1}, {"lines_added": 4}]}, "1"
    )
    row = rows([change(source={"branch": {"name": "hotfix/x"}}), lines], "changes")[0]
    assert (row["additions"], row["deletions"], row["changed_files"], row["kind"]) == ("7", "1", "2", "hotfix")
    row = rows([change(title="fix: y")], "changes")[0]
    assert (row["additions"], row["kind"]) == (None, "fix")


def test_reviews_and_steps_from_the_activity() -> None:
    parts = [
        activity(approval={"user": BO, "date": "T3"}),
        activity(changes_requested={"user": BO, "date": "T2"}),
        activity(comment={"id": 7, "user": BO, "created_on": "T2"}),
        activity(comment={"id": 8, "user": ADA, "created_on": "T2"}),
        activity(comment={"id": 9, "user": BO, "created_on": "T2", "deleted": True}),
        activity(comment={"id": 10, "user": {"nickname": "ci", "type": "AppUser"}, "created_on": "T4"}),
        activity(update={"date": "T1", "author": ADA, "changes": {"draft": {"old": True, "new": False}}}),
        activity(update={"date": "T5", "author": ADA, "changes": {"draft": {"old": False, "new": True}}}),
        activity(update={"date": "T6", "author": ADA, "changes": {"reviewers": {"added": [BO]}}}),
        activity(update={"date": "T7", "author": ADA, "changes": {"title": {"old": "a", "new": "b"}}}),
    ]
    found = rows([change(), *parts], "reviews")
    assert [(row["state"], row["reviewer_kind"]) for row in found] == [
        ("approved", "human"),
        ("changes_requested", "human"),
        ("commented", "human"),
        ("commented", "bot"),
    ]
    steps = [(row["kind"], row["occurred_at"]) for row in rows([change(), *parts], "change_events")]
    assert steps == [("ready_for_review", "T1"), ("converted_to_draft", "T5"), ("review_requested", "T6")]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"name": "COMPLETED", "status": {"name": "SUCCESSFUL"}}, "success"),
        ({"name": "COMPLETED", "status": {"name": "FAILED"}}, "failure"),
        ({"name": "COMPLETED"}, "success"),
        ({"name": "IN_PROGRESS"}, "in_progress"),
        ({"name": "UNDEPLOYED"}, None),
        ({"name": "ODD"}, "ODD"),
    ],
)
def test_the_state_of_a_deployment(state: Mapping[str, Any], status: str | None) -> None:
    data = {"uuid": "{5}", "state": state, "environment": {"name": "eu", "environment_type": {"name": "Production"}}}
    found = rows([RawRecord("deployment", "{5}", SCOPE, data)], "deployments")
    assert [row["status"] for row in found] == ([status] if status else [])
    assert all(row["is_production"] == "true" for row in found)


MERGED = {
    "id": 1, "state": "MERGED", "created_on": "2", "updated_on": "4", "merge_commit": {"hash": "a1a1a1a1a1a1"},
    "source": {"branch": {"name": "topic"}}, "destination": {"branch": {"name": "main"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"pullrequest": {"id": 7}}, ("pre_merge", "7")),
        ({"ref_name": "topic", "commit": {"hash": "b" * 40}}, ("pre_merge", "1")),
        ({"ref_name": "main", "commit": {"hash": "a1" * 20}}, ("post_merge", "1")),
        ({"ref_name": "main", "commit": {"hash": "c" * 40}}, None),
    ],
)
def test_what_a_pipeline_ran_for(target: Mapping[str, Any], expected: tuple[str, str] | None) -> None:
    assert link({"target": target, "created_on": "3"}, ChangeIndex([checked(MERGED)])) == expected
