"""Azure DevOps' answers as event tables: pure functions of raw records.

A scope is `organisation/project/repository`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from pipelines.connectors.ai_use import recognise
from pipelines.connectors.azure_devops_rules import DeploymentRule, deployment_rule
from pipelines.connectors.azure_devops_threads import Threads, account_kind, name_of
from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.connectors.change_kind import change_kind
from pipelines.connectors.checks import CheckRun, CheckSettings, ControlPoint, fits, gate_rows, test_run_rows
from pipelines.connectors.deployment_kind import deployment_kind
from pipelines.connectors.issue_keys import named_issue
from pipelines.connectors.repository_names import RepositoryNames

CHANGE_STATES = {"active": "open", "completed": "merged", "abandoned": "closed"}
OUTCOMES: dict[str, Literal["passed", "failed", "skipped"]] = {
    "succeeded": "passed",
    "partiallySucceeded": "passed",
    "failed": "failed",
}
"""A build that partially succeeded failed only in steps that are allowed to."""
DEPLOYMENT_STATUSES = {
    "succeeded": "success",
    "succeededWithIssues": "success",
    "partiallySucceeded": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "abandoned": "cancelled",
}
BUILD_KINDS: dict[str, ControlPoint | None] = {
    "build_pre_pr": "pre_pr",
    "build_pre_merge": "pre_merge",
    "build_post_merge": "post_merge",
    "build": None,
}
_REVERTS = re.compile(r"\breverts\s+(?:pr\s+|pull request\s+)?!(?P<number>\d+)", re.IGNORECASE)
Numbered = tuple[int, RawRecord]


class Settings(Protocol):
    """The settings that the reading of records depends on."""

    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def issue_keys(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def hotfix_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def services(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def teams(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def deployments(self) -> Sequence[DeploymentRule]: ...  # noqa: D102


def conform(
    records: Sequence[RawRecord], settings: Settings, checks: CheckSettings, names: RepositoryNames
) -> Conformed:
    """The rows that the records stand for, each with its record's position; what hangs on a change comes as a set."""
    by_kind: dict[str, list[Numbered]] = defaultdict(list)
    for position, record in enumerate(records):
        by_kind[record.kind].append((position, record))
    changes = by_kind["pull_request"]
    builds = [each for kind in BUILD_KINDS for each in by_kind[kind]]
    is_deployment = {record.record_id for _, record in builds if deployment_rule(record.data, settings.deployments)}
    runs = [
        run
        for position, record in builds
        if record.record_id not in is_deployment and (run := _check_run(position, record, names))
    ]
    hanging: dict[tuple[str, str | None], list[Numbered]] = defaultdict(list)
    for kind in ("thread", "commit"):
        for position, record in by_kind[kind]:
            hanging[kind, record.parent].append((position, record))
    threads = [
        Threads(position, record, hanging["thread", record.record_id], settings, names) for position, record in changes
    ]
    tables: dict[str, list[Row]] = {
        "repositories": [_repository(each, settings, names) for each in by_kind["repository"]],
        "changes": [
            _change(each, [commit for _, commit in hanging["commit", each[1].record_id]], settings, names)
            for each in changes
        ],
        "commits": [_commit(each, names) for each in by_kind["commit"]],
        "reviews": [row for each in threads for row in each.reviews()],
        "change_events": [row for each in threads for row in each.events()],
        "deployments": [row for each in builds for row in _deployments(each, by_kind["stage"], settings, names)],
        "gate_results": gate_rows(runs, checks),
        "test_runs": test_run_rows(runs, checks),
    }
    read_whole = [names.change(record.scope, record.record_id) for _, record in changes]
    sets = dict.fromkeys(("commits", "reviews", "change_events"), read_whole) if read_whole else {}
    return Conformed({table: text_frame(rows) for table, rows in tables.items() if rows}, sets)


def branch_of(ref: object) -> str:
    """The branch of a ref."""
    return str(ref or "").removeprefix("refs/heads/")


def _change(each: Numbered, commits: Sequence[RawRecord], settings: Settings, names: RepositoryNames) -> Row:
    """The pull request itself."""
    position, record = each
    data, scope = record.data, record.scope
    labels = [str(label["name"]) for label in data.get("labels") or () if label.get("active", True)]
    text, branch = data.get("description") or "", branch_of(data.get("sourceRefName"))
    authors = [commit.data.get("author") or {} for commit in commits]
    ai = recognise(
        author=name_of(data.get("createdBy")),
        commit_authors=[f"{one.get('name') or ''} <{one.get('email') or ''}>" for one in authors],
        messages=[text, *(commit.data.get("comment") or "" for commit in commits)],
        labels=labels,
        branch=branch,
    )
    state = CHANGE_STATES.get(str(data.get("status")), data.get("status"))
    is_hotfix = bool(set(labels) & set(settings.hotfix_labels))
    kind = "hotfix" if is_hotfix else change_kind(data.get("title") or "", branch, labels)
    reverted = _REVERTS.search(f"{data.get('title') or ''}\n{text}") if kind == "revert" else None
    ended = data.get("closedDate") if state != "open" else None
    return {
        RECORD_COLUMN: position,
        "change_id": names.change(scope, record.record_id),
        "repo_id": names.repo_id(scope),
        "service": settings.services.get(_short(scope)),
        "number": data.get("pullRequestId"),
        "title": data.get("title"),
        "author": name_of(data.get("createdBy")),
        "author_kind": account_kind(data.get("createdBy"), settings),
        "ai_use": ai.ai_use,
        "ai_evidence": ai.evidence,
        "state": state,
        "opened_at": data.get("creationDate"),
        "merged_at": ended if state == "merged" else None,
        "closed_at": ended,
        "merge_commit_sha": (data.get("lastMergeCommit") or {}).get("commitId") if state == "merged" else None,
        "base_branch": branch_of(data.get("targetRefName")) or None,
        "labels": labels,
        "kind": kind,
        "reverts_change_id": names.change(scope, reverted["number"]) if reverted else None,
        "fixes_defect_id": named_issue(settings.issue_keys, data.get("title"), branch, text),
    }


def _short(scope: str) -> str:
    """`project/repository`, as the settings have it."""
    return scope.partition("/")[2]


def _repository(each: Numbered, settings: Settings, names: RepositoryNames) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "repo_id": names.repo_id(record.scope),
        "name": record.data.get("name"),
        "service": settings.services.get(_short(record.scope)),
        "team": settings.teams.get(_short(record.scope)),
        "default_branch": branch_of(record.data.get("defaultBranch")) or None,
        "archived": bool(record.data.get("isDisabled", False)),
    }


def _commit(each: Numbered, names: RepositoryNames) -> Row:
    position, record = each
    author, committer = record.data.get("author") or {}, record.data.get("committer") or {}
    return {
        RECORD_COLUMN: position,
        "sha": record.record_id,
        "change_id": names.change(record.scope, record.parent or ""),
        "repo_id": names.repo_id(record.scope),
        "authored_at": author.get("date"),
        "committed_at": committer.get("date"),
        "author": author.get("name"),
    }


def _check_run(position: int, record: RawRecord, names: RepositoryNames) -> CheckRun | None:
    """A build that came to a result."""
    build, outcome = record.data, OUTCOMES.get(str(record.data.get("result")))
    if outcome is None:
        return None
    return CheckRun(
        position=position,
        identifier=names.part(record.scope, "builds", record.record_id),
        repo_id=names.repo_id(record.scope),
        change_id=names.change(record.scope, record.parent) if record.parent else None,
        point=BUILD_KINDS[record.kind],
        name=str((build.get("definition") or {}).get("name")),
        outcome=outcome,
        code=f"{record.scope}/{build.get('sourceVersion')}",
        ran_at=build.get("startTime") or build.get("queueTime"),
    )


def _deployments(
    each: Numbered, stages: Sequence[Numbered], settings: Settings, names: RepositoryNames
) -> Iterator[Row]:
    """A build that is a deployment by the rules: itself, or each of its stages that the rule names."""
    position, record = each
    build, rule = record.data, deployment_rule(record.data, settings.deployments)
    if rule is None:
        return
    own = names.part(record.scope, "builds", record.record_id)
    if rule.stage is None:
        yield _deployment(position, record, own, build, rule, settings, names)
        return
    wanted = [each for each in stages if each[1].parent == record.record_id]
    fitting = [each for each in wanted if fits(str(each[1].data.get("name")), rule.stage)]
    # A stage and the job within it often share their name: the stage is the deployment then.
    outer = [each for each in fitting if each[1].data.get("type") == "Stage"]
    for place, stage in outer or fitting:
        yield _deployment(place, record, f"{own}/{stage.record_id}", stage.data, rule, settings, names)


def _deployment(
    position: int,
    build: RawRecord,
    identifier: str,
    ran: Mapping[str, Any],
    rule: DeploymentRule,
    settings: Settings,
    names: RepositoryNames,
) -> Row:
    result = ran.get("result")
    deployer = f"{(build.data.get('definition') or {}).get('name')} {ran.get('name') or ''}"
    return {
        RECORD_COLUMN: position,
        "deployment_id": identifier,
        "repo_id": names.repo_id(build.scope),
        "service": settings.services.get(_short(build.scope)),
        "environment": rule.environment,
        "sha": build.data.get("sourceVersion"),
        "status": DEPLOYMENT_STATUSES.get(str(result), result) if result else "in_progress",
        "kind": deployment_kind(deployer, str(build.data.get("sourceBranch") or "")),
        "started_at": ran.get("startTime") or build.data.get("queueTime"),
        "finished_at": ran.get("finishTime"),
    }
