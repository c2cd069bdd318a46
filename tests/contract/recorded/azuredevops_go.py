"""Azure DevOps as recorded: one pull request with a commit, and builds with parts of two timelines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.contract.recorded.account import Line, distinct, elements, living, sorted_out
from tests.support.dialects import azure_devops
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost

BASE = "test-project/_apis/git/repositories/test-repo2"
DEPLOYS = "deploy_to_prod"


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """File by file."""
    folder = recorded / "azuredevops_go"

    def found(name: str, key: str) -> dict[Any, Any]:
        return distinct(elements(folder / f"_raw_azuredevops_go_api_{name}.csv"), lambda item: item[key])

    changes, commits = found("pull_requests", "pullRequestId"), found("pull_request_commits", "commitId")
    builds, timeline = found("builds", "id"), found("timeline_records", "id")
    (number,) = changes
    address = f"{BASE}/pullrequests"
    resources = {
        BASE: changes[number]["repository"],
        address: list(changes.values()),
        f"{address}/{number}/commits": list(commits.values()),
        f"{address}/{number}/threads": [],
        "test-project/_apis/build/builds": list(builds.values()),
    }
    resources |= {f"test-project/_apis/build/builds/{key}": build for key, build in builds.items()}
    settings = {"repositories": ["test-project/test-repo2"], "deployments": [{"build": DEPLOYS}], "tests": ["label*"]}
    base_url = "https://dev.azure.com/johndoe"
    workspace = make_workspace(work, kind="azure_devops", name="azure", base_url=base_url, **settings)
    host = ReplayHost(resources, "/johndoe", dialect=azure_devops)
    assert {report.state for report in pull(workspace, "2024-03-01T00:00:00Z", host.transport())} == {"complete"}
    yield Line("pull_requests", len(changes), "changes", len(changes), living(workspace, "changes"))
    yield Line("pull_request_commits", len(commits), "commits", len(commits), living(workspace, "commits"))
    mapped, rest = sorted_out(builds.values(), _why_neither)
    rows = living(workspace, "deployments") + living(workspace, "test_runs")
    yield Line("builds (deploy_to_prod; tests: label*)", len(builds), "deployments, test_runs", mapped, rows, rest)
    told = {"are stages and jobs that no rule names": len(timeline)}
    yield Line("timeline_records", len(timeline), "", 0, 0, told)


def _why_neither(build: Any) -> str | None:  # noqa: ANN401 - JSON
    if build["definition"]["name"] == DEPLOYS or build.get("result") in ("succeeded", "failed", "partiallySucceeded"):
        return None
    return "came to no result"
