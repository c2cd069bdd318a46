"""GitHub's checks and workflow runs as gate results, test runs and deployments, by the workspace's rules.

A check belongs to the head commit of a change and comes with it (GraphQL). A workflow run is one of GitHub Actions, on
whatever it ran: the change that it ran for is named by the run itself, by the branch of a merge queue, or by the title
that a merge writes. What has not ended, was called off or went stale says nothing, and becomes no row.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pipelines.connectors.base import RECORD_COLUMN, RawRecord, Row, parse_instant
from pipelines.connectors.checks import flaky, gate_of, is_test
from pipelines.connectors.github_names import GitHubNames, Settings
from pipelines.connectors.github_nodes import Numbered

GATE_OUTCOMES = {
    "success": "passed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "neutral": "skipped",
    "skipped": "skipped",
}
TEST_OUTCOMES = {"success": "passed", "failure": "failed", "timed_out": "failed"}
CONTROL_POINTS = {
    "pull_request": "pre_merge",
    "pull_request_target": "pre_merge",
    "merge_group": "pre_merge",
    "push": "post_merge",
}
"""Where a workflow stands by the event that starts it; one started by the clock or by hand is no gate."""

_QUEUE_BRANCH = re.compile(r"^gh-readonly-queue/.+/pr-(\d+)-[0-9a-f]+$")
_MERGE_TITLE = re.compile(r"^Merge pull request #(\d+) |\(#(\d+)\)\s*$")


def gate_results_of_checks(checks: Sequence[Numbered], settings: Settings, names: GitHubNames) -> Iterator[Row]:
    """A result for each check of a change's head commit that has one and is a gate."""
    for position, record in checks:
        outcome, rule = GATE_OUTCOMES.get(record.data["conclusion"]), gate_of(record.data["name"], settings.checks)
        if outcome and rule:
            change_id = names.numbered(record.scope, record.parent or "")
            yield {
                RECORD_COLUMN: position,
                "gate_result_id": f"{change_id}/checks/{record.record_id}",
                "change_id": change_id,
                "gate": rule.gate,
                "control_point": rule.control_point or "pre_merge",
                "outcome": outcome,
                **_timed(record.data.get("started_at"), record.data.get("completed_at")),
            }


def tests_of_checks(checks: Sequence[Numbered], settings: Settings, names: GitHubNames) -> Iterator[Row]:
    """A test run for each check of a change's head commit that ran tests; flaky if it passed on the same commit."""
    tests = [
        (position, record, TEST_OUTCOMES[record.data["conclusion"]])
        for position, record in checks
        if record.data["conclusion"] in TEST_OUTCOMES and is_test(record.data["name"], settings.checks)
    ]
    unsteady = flaky(
        {
            "id": _test_id(record, names),
            "name": f"{record.scope} {record.data['name']}",
            "code": str(record.data.get("head_sha")),
            "outcome": outcome,
        }
        for _, record, outcome in tests
    )
    for position, record, outcome in tests:
        identifier = _test_id(record, names)
        yield {
            RECORD_COLUMN: position,
            "test_run_id": identifier,
            "repo_id": names.repo_id(record.scope),
            "change_id": names.numbered(record.scope, record.parent or ""),
            "suite": record.data["name"],
            "outcome": outcome,
            "is_flaky": identifier in unsteady,
            **_timed(record.data.get("started_at"), record.data.get("completed_at")),
        }


def gate_results_of_runs(runs: Sequence[Numbered], settings: Settings, names: GitHubNames) -> Iterator[Row]:
    """A result for each workflow run of a change that has one and is a gate."""
    for position, record in runs:
        data = record.data
        outcome, rule = GATE_OUTCOMES.get(_conclusion(data)), gate_of(_name(data), settings.checks)
        control_point, number = CONTROL_POINTS.get(str(data.get("event"))), _change_of(data)
        if outcome and rule and control_point and number:
            yield {
                RECORD_COLUMN: position,
                "gate_result_id": names.part(record.scope, "runs", record.record_id),
                "change_id": names.numbered(record.scope, number),
                "gate": rule.gate,
                "control_point": rule.control_point or control_point,
                "outcome": outcome,
                **_timed(data.get("run_started_at"), data.get("updated_at")),
            }


def tests_of_runs(runs: Sequence[Numbered], settings: Settings, names: GitHubNames) -> Iterator[Row]:
    """A test run for each workflow run that ran tests; flaky where a later attempt on the same commit passed."""
    for position, record in runs:
        data = record.data
        outcome = TEST_OUTCOMES.get(_conclusion(data))
        if outcome and is_test(_name(data), settings.checks):
            number = _change_of(data)
            yield {
                RECORD_COLUMN: position,
                "test_run_id": names.part(record.scope, "runs", record.record_id),
                "repo_id": names.repo_id(record.scope),
                "change_id": names.numbered(record.scope, number) if number else None,
                "suite": _name(data),
                "outcome": outcome,
                "is_flaky": outcome == "passed" and int(data.get("run_attempt") or 1) > 1,
                **_timed(data.get("run_started_at"), data.get("updated_at")),
            }


def deployments_of_runs(runs: Sequence[Numbered], settings: Settings, names: GitHubNames) -> Iterator[Row]:
    """A deployment for each ended run of a workflow that the settings name as one that deploys."""
    for position, record in runs:
        data = record.data
        environment = settings.deployment_workflows.get(_name(data))
        status = {"success": "success", "failure": "failure", "timed_out": "failure", "cancelled": "cancelled"}.get(
            _conclusion(data)
        )
        if environment and status:
            branch = str(data.get("head_branch") or "")
            yield {
                RECORD_COLUMN: position,
                "deployment_id": names.part(record.scope, "runs", record.record_id),
                "repo_id": names.repo_id(record.scope),
                "service": settings.services.get(record.scope),
                "environment": environment,
                "sha": data.get("head_sha"),
                "status": status,
                "kind": "hotfix" if branch.startswith(("hotfix/", "hotfix-")) else "release",
                "started_at": data.get("run_started_at") or data.get("created_at"),
                "finished_at": data.get("updated_at"),
            }


def is_over(data: Mapping[str, Any]) -> bool:
    """Whether a workflow run has ended; until then it is asked for again."""
    return bool(data.get("conclusion"))


def _test_id(record: RawRecord, names: GitHubNames) -> str:
    return f"{names.numbered(record.scope, record.parent or '')}/checks/{record.record_id}"


def _name(data: Mapping[str, Any]) -> str:
    return str(data.get("name") or data.get("path") or data.get("workflow_id"))


def _conclusion(data: Mapping[str, Any]) -> str:
    return str(data.get("conclusion") or "").lower()


def _change_of(data: Mapping[str, Any]) -> str | None:
    """The number of the change that a run was for, as far as the run says so."""
    if found := _QUEUE_BRANCH.match(str(data.get("head_branch") or "")):
        return found[1]
    for change in data.get("pull_requests") or ():
        return str(change["number"])
    if data.get("event") != "push":
        return None
    title = str((data.get("head_commit") or {}).get("message") or "").partition("\n")[0]
    found = _MERGE_TITLE.search(title)
    return (found[1] or found[2]) if found else None


def _timed(started_at: str | None, ended_at: str | None) -> Row:
    """When a check ended and how long it took; clocks that contradict each other leave the second out."""
    seconds = None
    if started_at and ended_at:
        with suppress(ValueError):  # what is no instant is for the intake to say
            seconds = (parse_instant(ended_at) - parse_instant(started_at)).total_seconds()
    return {"ran_at": ended_at or started_at, "duration_seconds": seconds if seconds is None or seconds >= 0 else None}
