"""Bitbucket Cloud's answers as event tables: pure functions of raw records."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from pipelines.connectors.ai_use import recognise
from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.connectors.bitbucket_activity import NAMES, account_kind, event_rows, name_of, review_rows
from pipelines.connectors.change_kind import causing_change, change_kind, closed_issue, reverted_change
from pipelines.connectors.checks import CheckRun, CheckSettings, ControlPoint, gate_rows, test_run_rows
from pipelines.connectors.issue_keys import named_issue

CHANGE_STATES = {"OPEN": "open", "MERGED": "merged", "DECLINED": "closed", "SUPERSEDED": "closed"}
DEPLOYMENT_STATUSES = {
    "SUCCESSFUL": "success",
    "COMPLETED": "success",
    "FAILED": "failure",
    "STOPPED": "cancelled",
    "CANCELLED": "cancelled",
    "IN_PROGRESS": "in_progress",
    "PENDING": "in_progress",
}
NEVER_STARTED = "UNDEPLOYED"
"""A deployment step that waits for somebody's hand: there is no deployment yet."""
SETTLED_ISSUES = ("resolved", "closed", "invalid", "duplicate", "wontfix")
SEVERITIES = {"blocker": 1, "critical": 2, "major": 3, "minor": 4, "trivial": 5}
STEP_KINDS: dict[str, ControlPoint | None] = {
    "step_pre_pr": "pre_pr",
    "step_pre_merge": "pre_merge",
    "step_post_merge": "post_merge",
}
STEP_OUTCOMES: dict[str, Literal["passed", "failed", "skipped"]] = {
    "SUCCESSFUL": "passed",
    "FAILED": "failed",
    "ERROR": "failed",
    "NOT_RUN": "skipped",
}
Numbered = tuple[int, RawRecord]


class Settings(Protocol):
    """The settings that the reading of records depends on."""

    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def issue_keys(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def hotfix_prefixes(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def services(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def teams(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def defect_kinds(self) -> Sequence[str]: ...  # noqa: D102


def conform(records: Sequence[RawRecord], settings: Settings, checks: CheckSettings) -> Conformed:
    """The rows that the records stand for, each with its record's position; what hangs on a change comes as a set."""
    by_kind: dict[str, list[Numbered]] = defaultdict(list)
    by_parent: dict[tuple[str, str | None], list[Numbered]] = defaultdict(list)
    for position, record in enumerate(records):
        by_kind[record.kind].append((position, record))
        by_parent[record.kind, record.parent].append((position, record))
    changes = by_kind["pull_request"]
    tables: dict[str, list[Row]] = {
        "repositories": [_repository(each, settings) for each in by_kind["repository"]],
        "changes": [_change(each, by_parent, settings) for each in changes],
        "commits": [_commit(each) for each in by_kind["commit"]],
        "reviews": [
            row for _, each in changes for row in review_rows(each, by_parent["activity", each.record_id], settings)
        ],
        "change_events": [
            row for _, each in changes for row in event_rows(each, by_parent["activity", each.record_id])
        ],
        "deployments": [
            _deployment(each, settings) for each in by_kind["deployment"] if _state(each[1].data) != NEVER_STARTED
        ],
        "defects": [_defect(each, settings) for each in by_kind["issue"]],
    }
    runs = [run for kind in STEP_KINDS for each in by_kind[kind] if (run := _check_run(each))]
    tables["gate_results"], tables["test_runs"] = gate_rows(runs, checks), test_run_rows(runs, checks)
    read_whole = [NAMES.change(record.scope, record.record_id) for _, record in changes]
    sets = dict.fromkeys(("commits", "reviews", "change_events"), read_whole) if read_whole else {}
    return Conformed({table: text_frame(rows) for table, rows in tables.items() if rows}, sets)


def _repository(each: Numbered, settings: Settings) -> Row:
    position, record = each
    return {
        RECORD_COLUMN: position,
        "repo_id": NAMES.repo_id(record.scope),
        "name": record.data.get("name"),
        "service": settings.services.get(record.scope),
        "team": settings.teams.get(record.scope),
        "default_branch": (record.data.get("mainbranch") or {}).get("name"),
    }


def _change(each: Numbered, found: Mapping[tuple[str, str | None], Sequence[Numbered]], settings: Settings) -> Row:
    position, record = each
    data, scope, number = record.data, record.scope, record.record_id
    commits = [commit.data for _, commit in found.get(("commit", number), ())]
    files = [file for _, part in found.get(("diffstat", number), ()) for file in part.data.get("values") or ()]
    activity = [part.data for _, part in found.get(("activity", number), ())]
    text = data.get("description") or ""
    branch = _branch(data, "source")
    ai = recognise(
        author=name_of(data.get("author")),
        commit_authors=[(commit.get("author") or {}).get("raw") for commit in commits],
        messages=[text, *(commit.get("message") or "" for commit in commits)],
        branch=branch,
    )
    state = CHANGE_STATES.get(str(data.get("state")), data.get("state"))
    ended_at = None if state == "open" else _ended_at(data, activity)
    kind = change_kind(data.get("title") or "", branch, ())
    if branch and branch.lower().startswith(tuple(prefix.lower() for prefix in settings.hotfix_prefixes)):
        kind = "hotfix"
    reverted, closed = reverted_change(text, scope) if kind == "revert" else None, closed_issue(text, scope)
    landed = next((part.data.get("hash") for _, part in found.get(("merge_commit", number), ())), None)
    return {
        RECORD_COLUMN: position,
        "change_id": NAMES.change(scope, number),
        "repo_id": NAMES.repo_id(scope),
        "service": settings.services.get(scope),
        "number": data.get("id"),
        "title": data.get("title"),
        "author": name_of(data.get("author")),
        "author_kind": account_kind(data.get("author"), settings),
        "ai_use": ai.ai_use,
        "ai_evidence": ai.evidence,
        "state": state,
        "opened_at": data.get("created_on"),
        "merged_at": ended_at if state == "merged" else None,
        "closed_at": ended_at,
        # The list shortens it to twelve characters; the commit itself has it whole.
        "merge_commit_sha": landed or (data.get("merge_commit") or {}).get("hash") if state == "merged" else None,
        "base_branch": _branch(data, "destination"),
        "additions": sum(int(file.get("lines_added") or 0) for file in files) if files else None,
        "deletions": sum(int(file.get("lines_removed") or 0) for file in files) if files else None,
        "changed_files": len(files) if files else None,
        "kind": kind,
        "reverts_change_id": NAMES.change(*reverted) if reverted else None,
        "fixes_defect_id": NAMES.part(closed[0], "issues", closed[1])
        if closed
        else named_issue(settings.issue_keys, data.get("title"), branch, text),
    }


def _branch(data: Mapping[str, Any], side: str) -> str | None:
    name = ((data.get(side) or {}).get("branch") or {}).get("name")
    return str(name) if name else None


def _ended_at(data: Mapping[str, Any], activity: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401 - as sent
    """The activity's word; the list knows the last update only, which comments move."""
    updates = [part["update"] for part in activity if part.get("update")]
    told = [update.get("date") for update in updates if update.get("state") == data.get("state")]
    return min((at for at in told if at), default=data.get("updated_on"))


def _commit(each: Numbered) -> Row:
    position, record = each
    author = record.data.get("author") or {}
    return {
        RECORD_COLUMN: position,
        "sha": record.record_id,
        "change_id": NAMES.change(record.scope, record.parent or ""),
        "repo_id": NAMES.repo_id(record.scope),
        "authored_at": record.data.get("date"),
        "author": name_of(author.get("user")) or str(author.get("raw") or "").partition(" <")[0] or None,
    }


def _state(data: Mapping[str, Any]) -> str:
    state = data.get("state") or {}
    return str((state.get("status") or {}).get("name") or state.get("name"))


def _deployment(each: Numbered, settings: Settings) -> Row:
    position, record = each
    data = record.data
    state, release, named = data.get("state") or {}, data.get("release") or {}, _state(data)
    environment = data.get("environment") or {}
    tier = (environment.get("environment_type") or {}).get("name")
    return {
        RECORD_COLUMN: position,
        "deployment_id": NAMES.part(record.scope, "deployments", record.record_id),
        "repo_id": NAMES.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "environment": environment.get("name"),
        # Every environment is of a type that its owner chose; the workspace's rule decides where it is not shown.
        "is_production": None if tier is None else tier == "Production",
        "sha": (release.get("commit") or (data.get("deployable") or {}).get("commit") or {}).get("hash"),
        "status": DEPLOYMENT_STATUSES.get(named, named),
        "started_at": state.get("started_on") or release.get("created_on"),
        "finished_at": state.get("completed_on"),
    }


def _defect(each: Numbered, settings: Settings) -> Row:
    """An issue of a defect's kind; one that is of another kind now is a tombstone.

    The host tells no instant of closing: that of the last update is the latest that it can have been.
    """
    position, record = each
    data = record.data
    blamed = causing_change((data.get("content") or {}).get("raw") or "", record.scope)
    return {
        RECORD_COLUMN: position,
        "defect_id": NAMES.part(record.scope, "issues", record.record_id),
        "repo_id": NAMES.repo_id(record.scope),
        "found_in": "production",
        "category": (data.get("component") or {}).get("name"),
        "severity": SEVERITIES.get(str(data.get("priority"))),
        "opened_at": data.get("created_on"),
        "closed_at": data.get("updated_on") if data.get("state") in SETTLED_ISSUES else None,
        "caused_by_change_id": NAMES.change(*blamed) if blamed else None,
        "deleted": data.get("kind") not in settings.defect_kinds,
    }


def _check_run(each: Numbered) -> CheckRun | None:
    """A step that came to a result."""
    position, record = each
    data, state = record.data, record.data.get("state") or {}
    outcome = STEP_OUTCOMES.get(str((state.get("result") or {}).get("name")))
    if outcome is None:
        return None
    return CheckRun(
        position=position,
        identifier=NAMES.part(record.scope, "steps", record.record_id),
        repo_id=NAMES.repo_id(record.scope),
        change_id=NAMES.change(record.scope, record.parent) if record.parent else None,
        point=STEP_KINDS[record.kind],
        name=str(data.get("name") or "step"),
        outcome=outcome,
        code=f"{record.scope}/{(data.get('pipeline') or {}).get('uuid')}",
        ran_at=data.get("started_on") or data.get("completed_on"),
        duration_seconds=data.get("duration_in_seconds"),
        reason="the step was not run" if outcome == "skipped" else None,
    )
