"""GitHub's checks and workflow runs as gate results, test runs and deployments, by the workspace's rules.

A check belongs to the head commit of a change and comes with it (GraphQL). A workflow run is one of GitHub Actions, on
whatever it ran: the change that it ran for is named by the run itself, by the branch of a merge queue, or by the title
that a merge writes. What has not ended, was called off or went stale says nothing, and becomes no row.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from pipelines.connectors.base import RECORD_COLUMN, Row, parse_instant
from pipelines.connectors.checks import CheckRun, ControlPoint, test_run_rows
from pipelines.connectors.github_names import GitHubNames, Settings
from pipelines.connectors.github_nodes import Numbered

OUTCOMES: Mapping[str | None, Literal["passed", "failed", "skipped"]] = {
    "success": "passed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "neutral": "skipped",
    "skipped": "skipped",
}
POINTS: Mapping[str, ControlPoint] = {
    "pull_request": "pre_merge",
    "pull_request_target": "pre_merge",
    "merge_group": "pre_merge",
    "push": "post_merge",
}
"""Where a workflow stands by the event that starts it; one started by the clock or by hand is no gate."""

_QUEUE_BRANCH = re.compile(r"^gh-readonly-queue/.+/pr-(\d+)-[0-9a-f]+$")
_MERGE_TITLE = re.compile(r"^Merge pull request #(\d+) |\(#(\d+)\)\s*$")


def checks_of_changes(checks: Iterable[Numbered], names: GitHubNames) -> list[CheckRun]:
    """The checks of changes' head commits that have ended with a result."""
    found = []
    for position, record in checks:
        data, change_id = record.data, names.numbered(record.scope, record.parent or "")
        if outcome := OUTCOMES.get(data["conclusion"]):
            found.append(
                CheckRun(
                    position=position,
                    identifier=f"{change_id}/checks/{record.record_id}",
                    repo_id=names.repo_id(record.scope),
                    change_id=change_id,
                    point="pre_merge",
                    name=data["name"],
                    outcome=outcome,
                    code=f"{change_id} {data.get('head_sha')}",
                    ran_at=data.get("completed_at") or data.get("started_at"),
                    duration_seconds=_seconds(data.get("started_at"), data.get("completed_at")),
                )
            )
    return found


def checks_of_runs(runs: Iterable[Numbered], names: GitHubNames) -> list[CheckRun]:
    """The workflow runs that have ended with a result, each as one check of the workflow's name."""
    found = []
    for position, record in runs:
        data, number = record.data, _change_of(record.data)
        if outcome := OUTCOMES.get(_conclusion(data)):
            found.append(
                CheckRun(
                    position=position,
                    identifier=names.part(record.scope, "runs", record.record_id),
                    repo_id=names.repo_id(record.scope),
                    change_id=names.numbered(record.scope, number) if number else None,
                    point=POINTS.get(str(data.get("event"))),
                    name=_name(data),
                    outcome=outcome,
                    code=record.record_id,
                    ran_at=data.get("updated_at") or data.get("run_started_at"),
                    duration_seconds=_seconds(data.get("run_started_at"), data.get("updated_at")),
                )
            )
    return found


def test_rows_of_runs(runs: Sequence[Numbered], settings: Settings, names: GitHubNames) -> list[Row]:
    """Test runs; the host lists the last attempt only, so that one that passed after others is a flaky one."""
    again = {
        names.part(record.scope, "runs", record.record_id)
        for _, record in runs
        if _conclusion(record.data) == "success" and int(record.data.get("run_attempt") or 1) > 1
    }
    rows = test_run_rows(checks_of_runs(runs, names), settings.checks)
    return [{**row, "is_flaky": row["test_run_id"] in again} for row in rows]


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


def _seconds(started_at: str | None, ended_at: str | None) -> float | None:
    """How long something took; None where its clocks contradict each other."""
    with suppress(ValueError):  # what is no instant is for the intake to say
        if started_at and ended_at:
            seconds = (parse_instant(ended_at) - parse_instant(started_at)).total_seconds()
            return seconds if seconds >= 0 else None
    return None
