"""GitLab's pipelines: which merge request each ran for, and what its jobs stand for as gate results and test runs."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pipelines.connectors.base import RECORD_COLUMN, PullContext, RawRecord, Row, format_instant
from pipelines.connectors.checks import CheckSettings, flaky, gate_of, is_test
from pipelines.connectors.gitlab_names import GitLabNames, project
from pipelines.connectors.gitlab_reading import PER_PAGE, pages_if_any
from pipelines.connectors.listing import Query
from pipelines.connectors.newest_first import Item
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import NotFound

ENDED = ("success", "failed", "canceled", "skipped", "manual")
"""Pipelines of these states are read; the others are listed again when they have moved."""
OUTCOMES = {"success": "passed", "failed": "failed", "skipped": "skipped", "manual": "skipped"}
"""A canceled job came to no result; one that has not run has none yet."""
REACH = timedelta(days=30)
"""How long after a merge request last moved its pipelines are still linked to it by an incremental pull."""
POINTS = ("pre_pr", "pre_merge", "post_merge")
JOB_KINDS = {f"job_{point}": point for point in POINTS} | {"job": None}
"""Kinds of job records with where they ran; `job` is one of no merge request."""
_OWN_REF = re.compile(r"^refs/merge-requests/(\d+)/")


class ChangeIndex:
    """The merge requests of a project by what a pipeline shows of them: branch and commit."""

    def __init__(self, changes: Iterable[Item]) -> None:
        self._by_branch: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        self._by_landed: dict[tuple[str, str], str] = {}
        for item in changes:
            number, ended = str(item["iid"]), item.get("merged_at") or item.get("closed_at") or "9999"
            self._by_branch[item["source_branch"]].append((ended, item["created_at"], number))
            if item.get("merged_at"):
                for sha in (item.get("merge_commit_sha"), item.get("squash_commit_sha"), item.get("sha")):
                    self._by_landed.setdefault((item["target_branch"], str(sha)), number)

    @classmethod
    def read(cls, scope: str, sweep: Sweep, context: PullContext) -> "ChangeIndex":
        """The index over the project's list of merge requests."""
        after = format_instant(sweep.start - REACH) if sweep.start else None
        order = {"scope": "all", "order_by": "updated_at", "sort": "desc", "updated_after": after}
        pages = pages_if_any(context.client, f"{project(scope)}/merge_requests", {**order, "per_page": PER_PAGE})
        return cls(item for page in pages for item in page.items)

    def link(self, pipeline: Item) -> tuple[str, str] | None:
        """(where it ran, number of the merge request) of a pipeline; None where it ran for none."""
        ref = str(pipeline.get("ref") or "")
        if own := _OWN_REF.match(ref):
            return "pre_merge", own[1]
        if landed := self._by_landed.get((ref, str(pipeline.get("sha")))):
            return "post_merge", landed
        created = str(pipeline["created_at"])
        still_open = [each for each in self._by_branch.get(ref, ()) if each[0] >= created]
        if not still_open:
            return None
        _, opened, number = min(still_open)
        return ("pre_pr" if created < opened else "pre_merge"), number


class PipelineReading:
    """The jobs of a pipeline that ran for a merge request, or (where the settings say so) of any."""

    def __init__(self, scope: str, sweep: Sweep, context: PullContext, every: bool) -> None:
        self._scope = scope
        self._client = context.client
        self._every = every
        self._index = ChangeIndex.read(scope, sweep, context)

    def read(self, pipeline: Item) -> list[RawRecord]:
        """The records of a listed pipeline."""
        link = self._index.link(pipeline)
        if pipeline.get("status") not in ENDED or not (link or self._every):
            return []
        kind, number = (f"job_{link[0]}", link[1]) if link else ("job", None)
        query: Query = {"include_retried": "true", "per_page": PER_PAGE}
        try:
            jobs = self._client.list(f"{project(self._scope)}/pipelines/{pipeline['id']}/jobs", query)
        except NotFound:
            return []
        return [RawRecord(kind, str(job["id"]), self._scope, job, number) for job in jobs]


def gate_rows(jobs: Sequence[tuple[int, RawRecord]], settings: CheckSettings, names: GitLabNames) -> list[Row]:
    """The gate results that jobs stand for: those of a merge request, that a rule names, that came to a result."""
    rows = []
    for position, record in jobs:
        job, point = record.data, JOB_KINDS[record.kind]
        rule, outcome = gate_of(str(job.get("name")), settings), OUTCOMES.get(str(job.get("status")))
        if point is None or rule is None or outcome is None:
            continue
        rows.append(
            {
                RECORD_COLUMN: position,
                "gate_result_id": names.part(record.scope, "jobs", record.record_id),
                "change_id": names.change(record.scope, record.parent or ""),
                "gate": rule.gate,
                "control_point": rule.control_point or point,
                "outcome": outcome,
                "ran_at": _ran_at(job),
                "duration_seconds": job.get("duration"),
                "reason": f"the job was {job['status']}" if outcome == "skipped" else None,
            }
        )
    return rows


def test_run_rows(jobs: Sequence[tuple[int, RawRecord]], settings: CheckSettings, names: GitLabNames) -> list[Row]:
    """The test runs that jobs stand for; a pipeline's jobs come together, so that a retry tells what was flaky."""
    runs = [each for each in jobs if _is_test_run(each[1].data, settings)]
    failed_once = flaky(
        {
            "id": f"{record.scope}/{record.record_id}",
            "name": str(record.data["name"]),
            "code": f"{record.scope}/{(record.data.get('pipeline') or {}).get('id')}",
            "outcome": OUTCOMES[record.data["status"]],
        }
        for _, record in runs
    )
    return [
        {
            RECORD_COLUMN: position,
            "test_run_id": names.part(record.scope, "jobs", record.record_id),
            "repo_id": names.repo_id(record.scope),
            "change_id": names.change(record.scope, record.parent) if record.parent else None,
            "suite": record.data["name"],
            "outcome": OUTCOMES[record.data["status"]],
            "is_flaky": f"{record.scope}/{record.record_id}" in failed_once,
            "ran_at": _ran_at(record.data),
            "duration_seconds": record.data.get("duration"),
        }
        for position, record in runs
    ]


def _is_test_run(job: Item, settings: CheckSettings) -> bool:
    return OUTCOMES.get(str(job.get("status"))) in ("passed", "failed") and is_test(str(job.get("name")), settings)


def _ran_at(job: Item) -> Any:  # noqa: ANN401 - as the host sent it
    return job.get("started_at") or job.get("created_at")
