"""Azure DevOps' answers as event tables: pure functions of raw records.

A scope is `organisation/project/repository`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from pipelines.connectors.ai_use import is_agent_account, recognise
from pipelines.connectors.azure_devops_rules import DeploymentRule, deployment_rule
from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.connectors.change_kind import change_kind
from pipelines.connectors.checks import CheckRun, CheckSettings, ControlPoint, fits, gate_rows, test_run_rows
from pipelines.connectors.deployment_kind import deployment_kind
from pipelines.connectors.issue_keys import named_issue
from pipelines.connectors.repository_names import RepositoryNames

CHANGE_STATES = {"active": "open", "completed": "merged", "abandoned": "closed"}
APPROVALS, REJECTIONS, RESET = ("10", "5"), ("-5", "-10"), "0"
"""Votes: approved, approved with suggestions; waits for the author, rejected; taken back."""
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
EVENT_TEXTS = (
    (r"\bpublished the pull request\b", "ready_for_review"),
    (r"\bmarked the pull request as (a )?draft\b", "converted_to_draft"),
    (r"\breactivated the pull request\b", "reopened"),
    (r"\babandoned the pull request\b", "closed"),
)
"""What the host's own comments say in words."""
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
    hanging = _Hanging(by_kind, settings, names)
    tables: dict[str, list[Row]] = {
        "repositories": [_repository(each, settings, names) for each in by_kind["repository"]],
        "changes": [hanging.change(each) for each in changes],
        "commits": [_commit(each, names) for each in by_kind["commit"]],
        "reviews": [
            row for each in changes for row in (*hanging.reviews(each[1]), *hanging.votes_without_a_thread(each))
        ],
        "change_events": [row for _, record in changes for row in hanging.events(record)],
        "deployments": [row for each in builds for row in _deployments(each, by_kind["stage"], settings, names)],
        "gate_results": gate_rows(runs, checks),
        "test_runs": test_run_rows(runs, checks),
    }
    read_whole = [names.change(record.scope, record.record_id) for _, record in changes]
    sets = dict.fromkeys(("commits", "reviews", "change_events"), read_whole) if read_whole else {}
    return Conformed({table: text_frame(rows) for table, rows in tables.items() if rows}, sets)


def name_of(identity: Mapping[str, Any] | None) -> str | None:
    """The account of an identity, else what people call it."""
    given = identity or {}
    return given.get("uniqueName") or given.get("displayName") or None


def _account_kind(identity: Mapping[str, Any] | None, settings: Settings) -> str:
    given, name = identity or {}, name_of(identity) or ""
    if is_agent_account(name) or is_agent_account(given.get("displayName")):
        return "agent"
    is_service = str(given.get("descriptor") or "").startswith("svc.") or "Build Service" in str(
        given.get("displayName")
    )
    return "bot" if is_service or name in settings.bots or given.get("displayName") in settings.bots else "human"


def branch_of(ref: object) -> str:
    """The branch of a ref."""
    return str(ref or "").removeprefix("refs/heads/")


class _Hanging:
    """Pull requests of a batch with the threads and commits that hang on them."""

    def __init__(self, by_kind: Mapping[str, Sequence[Numbered]], settings: Settings, names: RepositoryNames) -> None:
        self._settings = settings
        self._names = names
        self._children: dict[tuple[str, str | None], list[Numbered]] = defaultdict(list)
        for kind in ("thread", "commit"):
            for position, record in by_kind.get(kind, ()):
                self._children[kind, record.parent].append((position, record))

    def change(self, each: Numbered) -> Row:
        """The pull request itself."""
        position, record = each
        data, scope, names = record.data, record.scope, self._names
        commits = [commit.data for _, commit in self._children["commit", record.record_id]]
        labels = [str(label["name"]) for label in data.get("labels") or () if label.get("active", True)]
        text, branch = data.get("description") or "", branch_of(data.get("sourceRefName"))
        authors = [commit.get("author") or {} for commit in commits]
        ai = recognise(
            author=name_of(data.get("createdBy")),
            commit_authors=[f"{one.get('name') or ''} <{one.get('email') or ''}>" for one in authors],
            messages=[text, *(commit.get("comment") or "" for commit in commits)],
            labels=labels,
            branch=branch,
        )
        state = CHANGE_STATES.get(str(data.get("status")), data.get("status"))
        is_hotfix = bool(set(labels) & set(self._settings.hotfix_labels))
        kind = "hotfix" if is_hotfix else change_kind(data.get("title") or "", branch, labels)
        reverted = _REVERTS.search(f"{data.get('title') or ''}\n{text}") if kind == "revert" else None
        ended = data.get("closedDate") if state != "open" else None
        return {
            RECORD_COLUMN: position,
            "change_id": names.change(scope, record.record_id),
            "repo_id": names.repo_id(scope),
            "service": self._settings.services.get(_short(scope)),
            "number": data.get("pullRequestId"),
            "title": data.get("title"),
            "author": name_of(data.get("createdBy")),
            "author_kind": _account_kind(data.get("createdBy"), self._settings),
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
            "fixes_defect_id": named_issue(self._settings.issue_keys, data.get("title"), branch, text),
        }

    def reviews(self, change: RawRecord) -> list[Row]:
        """Votes and comments that are not the author's own; a vote that is taken back dismisses the one before."""
        author = name_of(change.data.get("createdBy"))
        rows: list[Row] = []
        standing: dict[str | None, Row] = {}
        for position, thread in sorted(self._children["thread", change.record_id], key=_published):
            vote = _property(thread.data, "CodeReviewVoteResult")
            comments = thread.data.get("comments") or ()
            if vote is not None and comments:
                voter = comments[0].get("author")
                if (before := standing.pop(name_of(voter), None)) and vote == RESET:
                    before["state"] = "dismissed"
                state = "approved" if vote in APPROVALS else "changes_requested" if vote in REJECTIONS else None
                if state:
                    row = self._review(change, position, f"threads/{thread.record_id}", voter, state)
                    rows.append({**row, "submitted_at": thread.data.get("publishedDate")})
                    standing[name_of(voter)] = rows[-1]
                continue
            for comment in comments:
                by = comment.get("author")
                if comment.get("commentType") != "system" and not comment.get("isDeleted") and name_of(by) != author:
                    identifier = f"threads/{thread.record_id}/{comment.get('id')}"
                    row = self._review(change, position, identifier, by, "commented")
                    rows.append({**row, "submitted_at": comment.get("publishedDate"), "comment_count": 1})
        return rows

    def votes_without_a_thread(self, each: Numbered) -> list[Row]:
        """Approvals that only the list of reviewers tells of, put at the end of the change: the latest they can be."""
        position, change = each
        told = {
            name_of((thread.data.get("comments") or [{}])[0].get("author"))
            for _, thread in self._children["thread", change.record_id]
            if _property(thread.data, "CodeReviewVoteResult") is not None
        }
        rows = []
        for reviewer in change.data.get("reviewers") or ():
            is_told = reviewer.get("isContainer") or name_of(reviewer) in told
            if str(reviewer.get("vote")) in APPROVALS and change.data.get("closedDate") and not is_told:
                row = self._review(change, position, f"reviewers/{reviewer.get('id')}", reviewer, "approved")
                rows.append({**row, "submitted_at": change.data["closedDate"]})
        return rows

    def _review(
        self, change: RawRecord, position: int, identifier: str, by: Mapping[str, Any] | None, state: str
    ) -> Row:
        return {
            RECORD_COLUMN: position,
            "review_id": f"{self._names.change(change.scope, change.record_id)}/{identifier}",
            "change_id": self._names.change(change.scope, change.record_id),
            "reviewer": name_of(by),
            "reviewer_kind": _account_kind(by, self._settings),
            "state": state,
            "submitted_at": None,
            "comment_count": 0,
        }

    def events(self, change: RawRecord) -> Iterator[Row]:
        """The steps that the host's own comments tell of."""
        for position, thread in self._children["thread", change.record_id]:
            for comment in thread.data.get("comments") or ():
                words = str(comment.get("content") or "")
                found = (kind for pattern, kind in EVENT_TEXTS if re.search(pattern, words, re.IGNORECASE))
                kind = next(found, None) if comment.get("commentType") == "system" else None
                if kind is None or (kind == "closed" and change.data.get("status") != "abandoned"):
                    continue
                identifier = self._names.change(change.scope, change.record_id)
                yield {
                    RECORD_COLUMN: position,
                    "event_id": f"{identifier}/threads/{thread.record_id}/{comment.get('id')}",
                    "change_id": identifier,
                    "kind": kind,
                    "occurred_at": comment.get("publishedDate") or thread.data.get("publishedDate"),
                    "actor": name_of(comment.get("author")),
                }


def _short(scope: str) -> str:
    """`project/repository`, as the settings have it."""
    return scope.partition("/")[2]


def _published(each: Numbered) -> tuple[str, str]:
    return str(each[1].data.get("publishedDate")), each[1].record_id


def _property(thread: Mapping[str, Any], name: str) -> str | None:
    value = (thread.get("properties") or {}).get(name)
    value = value.get("$value") if isinstance(value, Mapping) else value
    return None if value is None else str(value)


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
