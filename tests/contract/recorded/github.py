"""GitHub over REST as recorded: a public repository, and bots' pull requests and reviews of another."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines.connectors.github_events import EVENT_KINDS
from schemas.workspace import Workspace
from tests.contract.recorded.account import Line, distinct, elements, living, sorted_out
from tests.support import recorded_github as recorded_repository
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost

NOW = "2023-01-01T00:00:00+00:00"
BOTS = "test/repo"
Reason = Callable[[Any], str | None]


def _found(folder: Path, name: str) -> list[tuple[str, Any]]:
    return elements(folder / "github" / f"_raw_github_api_{name}.csv")


def resources(folder: Path) -> dict[str, Any]:
    """What the host would serve: the repository, its workflow runs, and the one with bots."""
    runs = distinct(_found(folder, "runs"), lambda item: item["id"])
    base = f"repos/{recorded_repository.REPOSITORY}"
    # Newest first, as the host lists them.
    listed = sorted(runs.values(), key=lambda run: str(run["created_at"]), reverse=True)
    served: dict[str, Any] = recorded_repository.resources(folder.parent)
    served[f"{base}/actions/runs"] = {"total_count": len(listed), "workflow_runs": listed}
    served |= {f"{base}/actions/runs/{run['id']}": run for run in listed}
    changes = distinct(_found(folder, "pull_requests_bot_filter"), lambda item: item["number"])
    served[f"repos/{BOTS}"] = {"name": "repo", "default_branch": "main"}
    served[f"repos/{BOTS}/issues"] = served[f"repos/{BOTS}/deployments"] = []
    served[f"repos/{BOTS}/pulls"] = list(changes.values())
    for number, change in changes.items():
        served[f"repos/{BOTS}/pulls/{number}"] = change
        served[f"repos/{BOTS}/pulls/{number}/commits"] = served[f"repos/{BOTS}/pulls/{number}/comments"] = []
        served[f"repos/{BOTS}/issues/{number}/events"] = []
        # The recording names no pull request that is in it; the reviews are served with the first.
        is_first = number == next(iter(changes))
        served[f"repos/{BOTS}/pulls/{number}/reviews"] = (
            list(distinct(_found(folder, "pr_reviews_bot_filter"), lambda item: item["id"]).values())
            if is_first
            else []
        )
    return served


def pulled(folder: Path, work: Path) -> Workspace:
    """A workspace with everything recorded."""
    repositories = [recorded_repository.REPOSITORY, BOTS]
    workspace = make_workspace(work, kind="github", name="github", repositories=repositories)
    assert {each.state for each in pull(workspace, NOW, ReplayHost(resources(folder)).transport())} == {"complete"}
    return workspace


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """File by file."""
    workspace = pulled(recorded, work)
    here, there = (f"repo_id = 'github.com:{name}'" for name in (recorded_repository.REPOSITORY, BOTS))
    of_changes = "starts_with(change_id, 'github.com:{}#')"
    found = {
        name: distinct(_found(recorded, name), lambda item: item.get("number") or item["id"])
        for name in ("pull_requests", "pull_requests_bot_filter", "issues", "milestones")
    }
    by_id = {
        name: distinct(_found(recorded, name), lambda item: item["id"])
        for name in ("pull_request_reviews", "pr_reviews_bot_filter", "events", "runs", "jobs", "comments")
    }
    commits = {
        (url.partition("/pulls/")[2].partition("/")[0], item["sha"])
        for url, item in _found(recorded, "pull_request_commits")
    }
    ants, bots = of_changes.format(recorded_repository.REPOSITORY), of_changes.format(BOTS)

    def all_of(name: str, things: Mapping[Any, Any], table: str, where: str) -> Line:
        return Line(name, len(things), table, len(things), living(workspace, table, where))

    def some_of(name: str, things: Mapping[Any, Any], table: str, reason: Reason, where: str = "true") -> Line:
        mapped, rest = sorted_out(things.values(), reason)
        return Line(name, len(things), table, mapped, living(workspace, table, where), rest)

    yield all_of("pull_requests", found["pull_requests"], "changes", here)
    yield all_of("pull_requests_bot_filter", found["pull_requests_bot_filter"], "changes", there)
    yield Line("pull_request_commits", len(commits), "commits", len(commits), living(workspace, "commits", ants))
    yield all_of("pull_request_reviews", by_id["pull_request_reviews"], "reviews", ants)
    yield all_of("pr_reviews_bot_filter", by_id["pr_reviews_bot_filter"], "reviews", bots)
    yield some_of("events", by_id["events"], "change_events", _why_no_event)
    yield some_of("issues (defect label: bug)", found["issues"], "defects", _why_no_defect)
    yield some_of("runs (tests)", by_id["runs"], "test_runs", _why_no_test_run)
    yield some_of("runs (gates)", by_id["runs"], "gate_results", _why_no_gate)
    yield _nothing("jobs", by_id["jobs"], "are not read: over REST their run is, over GraphQL a change's checks")
    comments = distinct(_found(recorded, "pull_request_review_comments"), lambda item: item["id"])
    yield _nothing("pull_request_review_comments", comments, "are counted in their review's comment_count")
    yield _nothing("comments", by_id["comments"], "are conversation, which no table holds")
    yield _nothing("milestones", found["milestones"], "are plans, which no table holds")


def _nothing(name: str, things: Mapping[Any, Any], reason: str) -> Line:
    return Line(name, len(things), "", 0, 0, {reason: len(things)})


def _why_no_event(item: Any) -> str | None:  # noqa: ANN401 - JSON
    if not item["issue"].get("pull_request"):
        return "belong to issues"
    return None if item["event"] in EVENT_KINDS else "are no step of a change (mentioned, subscribed, assigned)"


def _why_no_defect(item: Any) -> str | None:  # noqa: ANN401 - JSON
    if item.get("pull_request"):
        return "are pull requests"
    return None if "bug" in {label["name"] for label in item["labels"]} else "bear no defect label"


def _result(run: Any) -> str | None:  # noqa: ANN401 - JSON
    if not run["conclusion"]:
        return "have not ended"
    if run["conclusion"] in ("cancelled", "stale", "action_required"):
        return "came to no result (cancelled, stale, waiting for somebody)"
    return None


def _why_no_test_run(run: Any) -> str | None:  # noqa: ANN401 - JSON
    if "test" not in run["name"].lower():
        return "run no tests, by their names"
    return _result(run)


def _why_no_gate(run: Any) -> str | None:  # noqa: ANN401 - JSON
    if run["event"] == "schedule":
        return "were started by the clock"
    if not run["pull_requests"]:
        return "name no pull request"
    return _result(run)
