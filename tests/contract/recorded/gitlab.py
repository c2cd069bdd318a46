"""GitLab as recorded: a public project, and jobs and pipelines of others."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.connectors.gitlab_notes import UNAPPROVED, event_kind, review_kind
from schemas.workspace import Workspace
from tests.contract.recorded.account import Line, distinct, elements, living, sorted_out
from tests.support.dialects import gitlab
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost

PROJECT, JOBS_PROJECT = "gitlab-data/snowflake_spend", "merico/pip_test"
BASE, JOBS_BASE = (f"projects/{path.replace('/', '%2F')}" for path in (PROJECT, JOBS_PROJECT))
NOW = "2024-01-01T00:00:00+00:00"
STATUSES = ("success", "failed", "canceled", "skipped", "created", "running", "blocked")


class Recording:
    """The distinct recorded things, and the resources that serve them."""

    def __init__(self, recorded: Path) -> None:
        def found(name: str) -> list[tuple[str, Any]]:
            return elements(recorded / "gitlab" / f"_raw_gitlab_api_{name}.csv")

        lists = ("merge_requests_for_mr_notes_test", "merge_requests_for_mr_commit_test", "merge_requests")
        self.changes = distinct([each for name in lists for each in found(name)], lambda item: item["iid"])
        self.notes = distinct(found("merge_request_notes"), lambda item: item["id"])
        self.commits = {(_number(url), item["id"]): item for url, item in found("merge_request_commits")}
        self.deployments = distinct(found("deployments"), lambda item: item["id"])
        self.issues = distinct(found("issues"), lambda item: item["iid"])
        self.pipelines = distinct([*found("pipeline"), *found("pipeline_details")], lambda item: item["id"])
        self.jobs = distinct([*found("trigger_job"), *found("job")], lambda item: item["id"])

    def resources(self) -> dict[str, Any]:
        """What the host would serve."""
        details = {"name": "snowflake_spend", "default_branch": "master", "archived": False}
        changes = f"{BASE}/merge_requests"
        hanging: dict[str, list[Any]] = {f"{changes}/{number}/notes": [] for number in self.changes}
        hanging.update({f"{changes}/{number}/commits": [] for number in self.changes})
        for note in self.notes.values():
            hanging[f"{changes}/{note['noteable_iid']}/notes"].append(note)
        for (number, _), commit in self.commits.items():
            hanging[f"{changes}/{number}/commits"].append(commit)
        return {
            BASE: {**details, "path_with_namespace": PROJECT},
            changes: list(self.changes.values()),
            f"{BASE}/issues": list(self.issues.values()),
            f"{BASE}/deployments": list(self.deployments.values()),
            f"{BASE}/pipelines": list(self.pipelines.values()),
            **hanging,
            **self._jobs(),
        }

    def _jobs(self) -> dict[str, Any]:
        """The jobs were recorded as a list of another project; each names its pipeline."""
        by_pipeline: dict[int, list[Any]] = defaultdict(list)
        for job in self.jobs.values():
            by_pipeline[job["pipeline"]["id"]].append(job)
        listed = [{**jobs[0]["pipeline"], "status": "success"} for jobs in by_pipeline.values()]
        served = {f"{JOBS_BASE}/pipelines/{number}/jobs": jobs for number, jobs in by_pipeline.items()}
        return {JOBS_BASE: {"name": "pip_test", "default_branch": "master"}, f"{JOBS_BASE}/pipelines": listed, **served}


def _number(url: str) -> int:
    return int(url.partition("/merge_requests/")[2].partition("/")[0])


def pulled(recording: Recording, work: Path) -> Workspace:
    """A workspace with everything recorded."""
    projects = [PROJECT, JOBS_PROJECT]
    settings = {"defect_labels": ["Refactor"], "tests": ["format"], "pipelines": "all", "line_counts": False}
    workspace = make_workspace(work, kind="gitlab", name="gitlab", projects=projects, **settings)
    host = ReplayHost(recording.resources(), "/api/v4", dialect=gitlab)
    assert {report.state for report in pull(workspace, NOW, host.transport())} == {"complete"}
    return workspace


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """File by file."""
    found = Recording(recorded)
    workspace = pulled(found, work)
    yield Line("merge_requests", len(found.changes), "changes", len(found.changes), living(workspace, "changes"))
    yield Line("merge_request_commits", len(found.commits), "commits", len(found.commits), living(workspace, "commits"))
    yield _notes(found, workspace)
    mapped, rest = sorted_out(found.deployments.values(), _why_no_deployment)
    yield Line("deployments", len(found.deployments), "deployments", mapped, living(workspace, "deployments"), rest)
    mapped, rest = sorted_out(
        found.issues.values(), lambda item: None if "Refactor" in item["labels"] else "bear no defect label"
    )
    yield Line(
        "issues (defect label: Refactor)", len(found.issues), "defects", mapped, living(workspace, "defects"), rest
    )
    told = {"have no table of their own: their jobs do": len(found.pipelines)}
    yield Line("pipelines, pipeline_details", len(found.pipelines), "", 0, 0, told)
    mapped, rest = sorted_out(found.jobs.values(), _why_no_test_run)
    yield Line("jobs (tests: format)", len(found.jobs), "test_runs", mapped, living(workspace, "test_runs"), rest)


def _notes(found: Recording, workspace: Workspace) -> Line:
    def reason(note: Any) -> str | None:  # noqa: ANN401 - JSON
        author = found.changes[note["noteable_iid"]]["author"]["username"]
        if review_kind(note) == UNAPPROVED:
            return "dismiss the approval before them"
        if event_kind(note) or review_kind(note):
            return None
        if note["system"]:
            return "tell of no step (assignments, pushes, mentions)"
        return "are comments by the change's author" if note["author"]["username"] == author else None

    mapped, rest = sorted_out(found.notes.values(), reason)
    rows = living(workspace, "reviews") + living(workspace, "change_events")
    return Line("merge_request_notes", len(found.notes), "reviews, change_events", mapped, rows, rest)


def _why_no_deployment(item: Any) -> str | None:  # noqa: ANN401 - JSON
    return None if item["status"] in STATUSES else f"quarantined: {item['status']!r} is no status of GitLab's"


def _why_no_defect(item: Any) -> str | None:  # noqa: ANN401 - JSON
    return None if "Refactor" in item["labels"] else "bear no defect label"


def _why_no_test_run(job: Any) -> str | None:  # noqa: ANN401 - JSON
    if job["name"] != "format":
        return "run no tests by the settings, and no merge request was recorded that they ran for"
    return None if job["status"] in ("success", "failed") else "came to no result"
