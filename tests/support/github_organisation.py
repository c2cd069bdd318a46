"""A made-up GitHub organisation of any size, as its REST API shows it, and a host that is slow and fails by seed."""

import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.support.github_graphql import GitHubHost
from tests.support.replay import Answer

BEGIN = datetime(2025, 1, 6, 9, tzinfo=UTC)
NOW = "2026-01-05T12:00:00+00:00"
OPEN_SHARE = 0.05
PEOPLE = [f"person-{number}" for number in range(40)]


def organisation(repositories: int, changes: int, seed: int = 1) -> tuple[list[str], dict[str, Any]]:
    """Names of the repositories and their resources; `changes` is the number in each."""
    scopes = [f"acme/service-{number:03d}" for number in range(repositories)]
    found: dict[str, Any] = {}
    for index, scope in enumerate(scopes):
        found |= _repository(scope, index, changes, random.Random(f"{seed}/{scope}"))
    return scopes, found


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _repository(scope: str, index: int, changes: int, chance: random.Random) -> dict[str, Any]:
    base = f"repos/{scope}"
    found: dict[str, Any] = {base: {"name": scope.partition("/")[2], "default_branch": "main", "archived": False}}
    listed, issues, deployments, runs = [], [], [], []
    at = BEGIN
    for number in range(1, changes + 1):
        at += timedelta(minutes=chance.randint(30, 360))
        identifier = index * 100_000 + number
        change, hanging = _change(scope, number, identifier, at, chance)
        listed.append(change)
        found |= {f"{base}/{address}": items for address, items in hanging.items()}
        if chance.random() < 0.1:
            issues.append(_issue(changes + number, at, chance))
        if change["merged_at"] and chance.random() < 0.3:
            deployment, statuses = _deployment(identifier, change, chance)
            deployments.append(deployment)
            found[f"{base}/deployments/{identifier}"] = deployment
            found[f"{base}/deployments/{identifier}/statuses"] = statuses
            runs.append(_run(identifier, change, number))
    found[f"{base}/pulls"], found[f"{base}/issues"] = listed, issues
    found[f"{base}/deployments"] = deployments
    runs.sort(key=lambda run: str(run["created_at"]), reverse=True)
    found[f"{base}/actions/runs"] = {"total_count": len(runs), "workflow_runs": runs}
    return found


def _change(
    scope: str, number: int, identifier: int, at: datetime, chance: random.Random
) -> tuple[dict[str, Any], dict[str, Any]]:
    author, reviewer = chance.sample(PEOPLE, 2)
    is_open = chance.random() < OPEN_SHARE
    ended = at + timedelta(minutes=chance.randint(60, 3_000))
    sha = f"{identifier:040x}"
    change = {
        "number": number, "title": f"feat: change {number}", "body": f"Fixes #{number}" if number % 7 == 0 else "",
        "state": "open" if is_open else "closed", "draft": False, "user": {"login": author, "type": "User"},
        "created_at": _text(at), "updated_at": _text(ended), "merged_at": None if is_open else _text(ended),
        "closed_at": None if is_open else _text(ended), "merge_commit_sha": f"f{sha[1:]}",
        "head": {"ref": f"topic/{number}", "sha": sha}, "base": {"ref": "main"}, "labels": [{"name": "enhancement"}],
        "additions": chance.randint(1, 400), "deletions": chance.randint(0, 200), "changed_files": 3,
        "review_comments": 1,
    }  # fmt: skip
    reviews = [
        {"id": identifier * 10 + turn, "state": state, "submitted_at": _text(at + timedelta(minutes=20 * turn + 5)),
         "body": "", "user": {"login": reviewer, "type": "User"}}
        for turn, state in enumerate(chance.choice([["APPROVED"], ["CHANGES_REQUESTED", "APPROVED"]]))
    ]  # fmt: skip
    commits = [
        {"sha": sha if turn == 0 else f"{turn}{sha[1:]}", "author": {"login": author},
         "commit": {"message": "work", "author": {"name": author, "email": "a@example.com", "date": _text(at)},
                    "committer": {"date": _text(at)}}}
        for turn in range(chance.randint(0, 2), -1, -1)
    ]  # fmt: skip
    kinds = ["review_requested"] + ([] if is_open else ["closed", "merged"])
    events = [
        {"id": identifier * 10 + turn, "node_id": f"E_{identifier * 10 + turn}", "event": kind,
         "created_at": _text(ended), "actor": {"login": author}} for turn, kind in enumerate(kinds)
    ]  # fmt: skip
    runs = [
        {"id": identifier * 10 + turn, "name": name, "status": "completed", "conclusion": "success",
         "started_at": _text(at), "completed_at": _text(at + timedelta(minutes=9)), "check_suite": {"id": identifier}}
        for turn, name in enumerate(("unit tests", "lint"))
    ]  # fmt: skip
    comments = [{"id": identifier, "pull_request_review_id": identifier * 10}]
    return change, {
        f"pulls/{number}": change, f"pulls/{number}/reviews": reviews, f"pulls/{number}/commits": commits,
        f"issues/{number}/events": events, f"commits/{sha}/check-runs": runs, f"pulls/{number}/comments": comments,
    }  # fmt: skip


def _issue(number: int, at: datetime, chance: random.Random) -> dict[str, Any]:
    label = chance.choice(["bug", "question"])
    closed_at = _text(at + timedelta(days=1))
    return {
        "number": number, "title": "it breaks", "body": "", "state": "closed", "labels": [{"name": label}],
        "created_at": _text(at), "updated_at": closed_at, "closed_at": closed_at,
    }  # fmt: skip


def _deployment(
    identifier: int, change: Mapping[str, Any], chance: random.Random
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    made = datetime.fromisoformat(change["merged_at"]) + timedelta(minutes=5)
    deployment = {
        "id": identifier, "sha": change["merge_commit_sha"], "ref": "main", "task": "deploy",
        "environment": "production", "original_environment": "production", "created_at": _text(made),
        "updated_at": _text(made + timedelta(minutes=8)),
    }  # fmt: skip
    ends = [("in_progress", 1), (chance.choice(["success"] * 9 + ["failure"]), 8)]
    statuses = [
        {"id": identifier * 10 + turn, "state": state, "created_at": _text(made + timedelta(minutes=minutes)),
         "updated_at": _text(made + timedelta(minutes=minutes))} for turn, (state, minutes) in enumerate(ends)
    ]  # fmt: skip
    return deployment, statuses


def _run(identifier: int, change: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": identifier, "name": "Tests", "event": "push", "status": "completed", "conclusion": "success",
        "head_branch": "main", "head_sha": change["merge_commit_sha"], "run_attempt": 1, "pull_requests": [],
        "created_at": change["merged_at"], "run_started_at": change["merged_at"], "updated_at": change["merged_at"],
        "head_commit": {"message": f"feat: change {number} (#{number})"},
    }  # fmt: skip


def least_requests(scopes: list[str], resources: Mapping[str, Any], per_page: int, others_per_page: int = 100) -> int:
    """What a reader who knew where listings end would ask for: every page once, an empty one where there is none."""
    total = 0
    for scope in scopes:
        base = f"repos/{scope}"
        pulls = resources[f"{base}/pulls"]
        still_open = sum(1 for each in pulls if each["state"] == "open")
        runs = len(resources[f"{base}/actions/runs"]["workflow_runs"])
        counts = [still_open, len(resources[f"{base}/issues"]), len(resources[f"{base}/deployments"]), runs]
        total += 1 + _pages(len(pulls), per_page) + sum(_pages(count, others_per_page) for count in counts)
    return total


def _pages(count: int, size: int) -> int:
    return max(1, -(-count // size))


@dataclass
class SlowHost(GitHubHost):
    """A host that takes its time, and fails at random: which request, and how, is fixed by the seed.

    A request fails by what it asks for and how often it was asked, whatever the order in which threads come.
    """

    seconds: float = 0.0
    fault_share: float = 0.0
    seed: int = 7
    last_asked: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)
    _answers: dict[str, Answer] = field(default_factory=dict)

    def answer(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """The answer, late; what was computed once is kept, for the resources do not change."""
        self.last_asked = time.perf_counter()
        time.sleep(self.seconds)
        parts = urlsplit(url)
        asked = f"{parts.path}?{parts.query} {body.decode()}"
        self._asked[asked] += 1
        chance = random.Random(f"{self.seed}/{asked}/{self._asked[asked]}")
        if chance.random() < self.fault_share:
            name, wrong = chance.choice(FAULTS if body else FAULTS_OF_ANY)
            self.faults[name] += 1
            self.requests.append(parts.path)
            return wrong
        if asked in self._answers and "if-none-match" not in headers:
            self.requests.append(parts.path)
            return self._answers[asked]
        found = super().answer(url, headers, body)
        if found.status == 200:
            self._answers[asked] = found
        return found


_HTML = {"content-type": "text/html"}
_JSON = {"content-type": "application/json"}
_LIMITED = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], "data": None}
FAULTS_OF_ANY = [
    ("502", Answer(502, b"<html>Bad Gateway</html>", _HTML)),
    ("503", Answer(503, b"", {"retry-after": "1"})),
    ("429", Answer(429, b"{}", {**_JSON, "retry-after": "1"})),
    ("403 secondary limit", Answer(403, json.dumps({"message": "You have exceeded a secondary rate limit"}).encode(),
                                   {**_JSON, "retry-after": "1"})),
    ("torn JSON", Answer(200, b'{"data": {"repository": {"pullReq', _JSON)),
]  # fmt: skip
"""What may come in place of an answer."""
FAULTS = [
    *FAULTS_OF_ANY,
    ("limit told with 200", Answer(200, json.dumps(_LIMITED).encode(), {**_JSON, "retry-after": "1"})),
    ("timeout told with 200", Answer(200, json.dumps(
        {"errors": [{"message": "Something went wrong while executing your query."}], "data": None}).encode(), _JSON)),
]  # fmt: skip
"""What may come in place of an answer to a GraphQL query."""
