"""GitLab's pipelines: which merge request each ran for, and what its jobs stand for as gate results and test runs."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from pipelines.connectors.base import PullContext, RawRecord, format_instant
from pipelines.connectors.checked_changes import ChangeIndex, CheckedChange
from pipelines.connectors.checks import CheckRun, ControlPoint
from pipelines.connectors.gitlab_names import GitLabNames, project
from pipelines.connectors.gitlab_reading import PER_PAGE, updated_pages
from pipelines.connectors.listing import Query
from pipelines.connectors.newest_first import Item
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import NotFound

ENDED = ("success", "failed", "canceled", "skipped", "manual")
"""Pipelines of these states are read; the others are listed again when they have moved."""
OUTCOMES: dict[str, Literal["passed", "failed", "skipped"]] = {
    "success": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "manual": "skipped",
}
"""A canceled job came to no result; one that has not run has none yet."""
REACH = timedelta(days=30)
"""How long after a merge request last moved its pipelines are still linked to it by an incremental pull."""
JOB_KINDS: dict[str, ControlPoint | None] = {
    "job_pre_pr": "pre_pr",
    "job_pre_merge": "pre_merge",
    "job_post_merge": "post_merge",
    "job": None,
}
"""Kinds of job records with where they ran; `job` is one of no merge request."""
_OWN_REF = re.compile(r"^refs/merge-requests/(\d+)/")


def read_index(scope: str, sweep: Sweep, context: PullContext) -> ChangeIndex:
    """The project's merge requests by branch and commit: those that moved of late, and all that are open."""
    query: Query = {"scope": "all", "order_by": "updated_at", "sort": "desc", "per_page": PER_PAGE}
    lists: list[Query] = [query]
    if sweep.start:
        lists = [{**query, "updated_after": format_instant(sweep.start - REACH)}, {**query, "state": "opened"}]
    address, found = f"{project(scope)}/merge_requests", dict[int, Item]()
    for each in lists:
        found |= {item["iid"]: item for page in updated_pages(context.client, address, each) for item in page.items}
    return ChangeIndex(checked_change(item) for item in found.values())


def checked_change(item: Item) -> CheckedChange:
    """A listed merge request as pipelines are linked to it."""
    shas = (item.get("merge_commit_sha"), item.get("squash_commit_sha"), item.get("sha"))
    return CheckedChange(
        number=str(item["iid"]),
        source_branch=item["source_branch"],
        target_branch=item["target_branch"],
        opened_at=item["created_at"],
        ended_at=item.get("merged_at") or item.get("closed_at"),
        landed_as=tuple(sha for sha in shas if sha) if item.get("merged_at") else (),
    )


def link(pipeline: Item, index: ChangeIndex) -> tuple[ControlPoint, str] | None:
    """(where it ran, number of the merge request) of a pipeline; its own ref, if it has one, names it."""
    ref = str(pipeline.get("ref") or "")
    if own := _OWN_REF.match(ref):
        return "pre_merge", own[1]
    return index.link(ref, str(pipeline.get("sha")), str(pipeline["created_at"]))


class PipelineReading:
    """The jobs of a pipeline that ran for a merge request, or (where the settings say so) of any."""

    def __init__(self, scope: str, sweep: Sweep, context: PullContext, every: bool) -> None:
        self._scope = scope
        self._client = context.client
        self._every = every
        self._index = read_index(scope, sweep, context)

    def read(self, pipeline: Item) -> list[RawRecord]:
        """The records of a listed pipeline."""
        found = link(pipeline, self._index)
        if pipeline.get("status") not in ENDED or not (found or self._every):
            return []
        kind, number = (f"job_{found[0]}", found[1]) if found else ("job", None)
        query: Query = {"include_retried": "true", "per_page": PER_PAGE}
        try:
            jobs = self._client.list(f"{project(self._scope)}/pipelines/{pipeline['id']}/jobs", query)
        except NotFound:
            return []
        return [RawRecord(kind, str(job["id"]), self._scope, job, number) for job in jobs]


def check_runs(jobs: Iterable[tuple[int, RawRecord]], names: GitLabNames) -> list[CheckRun]:
    """The jobs that came to a result."""
    runs = []
    for position, record in jobs:
        job, outcome = record.data, OUTCOMES.get(str(record.data.get("status")))
        if outcome is None:
            continue
        runs.append(
            CheckRun(
                position=position,
                identifier=names.part(record.scope, "jobs", record.record_id),
                repo_id=names.repo_id(record.scope),
                change_id=names.change(record.scope, record.parent) if record.parent else None,
                point=JOB_KINDS[record.kind],
                name=str(job.get("name")),
                outcome=outcome,
                code=f"{record.scope}/{(job.get('pipeline') or {}).get('id')}",
                ran_at=job.get("started_at") or job.get("created_at"),
                duration_seconds=job.get("duration"),
                reason=f"the job was {job['status']}" if outcome == "skipped" else None,
            )
        )
    return runs
