"""Bitbucket as recorded: one repository with its pull requests, issues, deployments and pipelines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from schemas.workspace import Workspace
from tests.contract.recorded.account import Line, distinct, elements, living, sorted_out
from tests.support.dialects import bitbucket
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost

REPOSITORY = "likyh/likyhphp"
BASE = f"repositories/{REPOSITORY}"
MAPPED = ("SUCCESSFUL", "COMPLETED", "FAILED", "STOPPED", "CANCELLED", "IN_PROGRESS", "PENDING")


class Recording:
    """The distinct recorded things, and the resources that serve them."""

    def __init__(self, recorded: Path) -> None:
        def found(name: str) -> list[tuple[str, Any]]:
            return elements(recorded / "bitbucket" / f"_raw_bitbucket_api_{name}.csv")

        self.repositories = distinct(found("repositories"), lambda item: item["full_name"])
        self.changes = distinct(found("pull_requests"), lambda item: item["id"])
        self.commits = {(_number(url), item["hash"]): item for url, item in found("pull_request_commits")}
        self.comments = distinct(found("pullrequest_comments"), lambda item: item["id"])
        self.issues = distinct(found("issues"), lambda item: item["id"])
        self.issue_comments = distinct(found("issue_comments"), lambda item: item["id"])
        self.deployments = distinct(found("deployments"), lambda item: item["uuid"])
        self.pipelines = distinct(found("pipelines"), lambda item: item["uuid"])
        self.steps = distinct(found("pipeline_steps"), lambda item: item["uuid"])

    def resources(self) -> dict[str, Any]:
        """What the host would serve; comments stand in the activity of their pull request."""
        changes = f"{BASE}/pullrequests"
        served: dict[str, Any] = {f"{changes}/{number}/{part}": [] for number in self.changes for part in PARTS}
        for comment in self.comments.values():
            served[f"{changes}/{comment['pullrequest']['id']}/activity"].append({"comment": comment})
        for (number, _), commit in self.commits.items():
            served[f"{changes}/{number}/commits"].append(commit)
        for uuid in self.pipelines:
            of_pipeline = [step for step in self.steps.values() if step["pipeline"]["uuid"] == uuid]
            served[f"{BASE}/pipelines/{quote(uuid, safe='')}/steps"] = of_pipeline
        lists = {
            "pullrequests": self.changes,
            "issues": self.issues,
            "deployments": self.deployments,
            "pipelines": self.pipelines,
        }
        served |= {f"{BASE}/{name}": list(found.values()) for name, found in lists.items()}
        return {BASE: self.repositories[REPOSITORY], **served}


PARTS = ("activity", "commits", "diffstat")


def _number(url: str) -> int:
    return int(url.partition("/pullrequests/")[2].partition("/")[0])


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """File by file."""
    found = Recording(recorded)
    workspace = make_workspace(work, kind="bitbucket", name="bitbucket", repositories=[REPOSITORY])
    host = ReplayHost(found.resources(), "/2.0", dialect=bitbucket)
    assert {report.state for report in pull(workspace, "2023-06-01T00:00:00+00:00", host.transport())} == {"complete"}
    for name, things, table in (
        ("repositories", found.repositories, "repositories"),
        ("pull_requests", found.changes, "changes"),
        ("pull_request_commits", found.commits, "commits"),
    ):
        yield Line(name, len(things), table, len(things), living(workspace, table))
    mapped, rest = sorted_out(found.comments.values(), lambda item: _why_no_review(item, found))
    yield Line("pullrequest_comments", len(found.comments), "reviews", mapped, living(workspace, "reviews"), rest)
    mapped, rest = sorted_out(found.issues.values(), lambda item: None if item["kind"] == "bug" else "are no bugs")
    yield Line("issues", len(found.issues), "defects", mapped, living(workspace, "defects"), rest)
    told = {"are talk about issues": len(found.issue_comments)}
    yield Line("issue_comments", len(found.issue_comments), "", 0, 0, told)
    mapped, rest = sorted_out(found.deployments.values(), _why_no_deployment)
    yield Line("deployments", len(found.deployments), "deployments", mapped, living(workspace, "deployments"), rest)
    yield from _checks(found, workspace)


def _checks(found: Recording, workspace: Workspace) -> Iterable[Line]:
    told = {"have no table of their own: their steps do": len(found.pipelines)}
    yield Line("pipelines", len(found.pipelines), "", 0, 0, told)
    branches = {change["source"]["branch"]["name"] for change in found.changes.values()}
    ran_for = {uuid for uuid, item in found.pipelines.items() if item["target"]["ref_name"] in branches}
    mapped, rest = sorted_out(
        found.steps.values(),
        lambda step: None if step["pipeline"]["uuid"] in ran_for else "ran for no pull request",
    )
    yield Line("pipeline_steps", len(found.steps), "gate_results", mapped, living(workspace, "gate_results"), rest)


def _why_no_review(comment: Any, found: Recording) -> str | None:  # noqa: ANN401 - JSON
    author = found.changes[comment["pullrequest"]["id"]]["author"]["nickname"]
    return "are comments by the change's author" if comment["user"]["nickname"] == author else None


def _why_no_deployment(item: Any) -> str | None:  # noqa: ANN401 - JSON
    state = item["state"]["name"]
    if state == "UNDEPLOYED":
        return "were never started"
    return None if state in MAPPED else f"quarantined: {state} is no outcome"
