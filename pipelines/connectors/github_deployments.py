"""GitHub's deployments and releases as event rows: how one ended, what kind it was, and which changes it brought."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.connectors.base import RECORD_COLUMN, RawRecord, Row
from pipelines.connectors.github_names import GitHubNames, Settings
from pipelines.connectors.github_nodes import Numbered

FINAL_STATES = {"success": "success", "failure": "failure", "error": "failure"}


def deployment(each: Numbered, statuses: Sequence[RawRecord], names: GitHubNames, settings: Settings) -> Row:
    """A deployment ends with its first final status after it went into progress.

    `inactive` is what GitHub writes when a later deployment takes its place, often days afterwards, and is never an
    end.
    """
    position, record = each
    history = sorted(
        (status.data for status in statuses), key=lambda status: (status.get("created_at") or "", status["id"])
    )
    began = next((index for index, status in enumerate(history) if status.get("state") == "in_progress"), None)
    ended = next((status for status in history[began or 0 :] if status.get("state") in FINAL_STATES), None)
    was_replaced = any(status.get("state") == "inactive" for status in history)
    status = FINAL_STATES[ended["state"]] if ended else "cancelled" if was_replaced else "in_progress"
    return {
        RECORD_COLUMN: position,
        "deployment_id": names.part(record.scope, "deployments", record.record_id),
        "repo_id": names.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "environment": record.data.get("original_environment") or record.data.get("environment"),
        "sha": record.data.get("sha"),
        "status": status,
        "kind": _deployment_kind(record.data),
        "started_at": history[began].get("created_at") if began is not None else record.data.get("created_at"),
        "finished_at": ended.get("created_at") if ended else None,
    }


def _deployment_kind(data: Mapping[str, Any]) -> str:
    """By the task that the deployer named, or the ref that was deployed."""
    task, ref = str(data.get("task") or "").lower(), str(data.get("ref") or "").lower()
    if "rollback" in task or "roll-back" in task:
        return "rollback"
    if "redeploy" in task:
        return "redeploy"
    is_hotfix = "hotfix" in task or ref.removeprefix("refs/heads/").startswith(("hotfix/", "hotfix-"))
    return "hotfix" if is_hotfix else "release"


def is_published(data: Mapping[str, Any]) -> bool:
    """Whether a release has reached users: no draft, and none before its time."""
    return not data.get("draft") and not data.get("prerelease") and bool(data.get("published_at"))


def release(each: Numbered, names: GitHubNames, settings: Settings) -> Row:
    """A published release as a deployment to the environment that the settings name, over at once."""
    position, record = each
    tag = str(record.data.get("tag_name") or "").lower()
    return {
        RECORD_COLUMN: position,
        "deployment_id": names.part(record.scope, "releases", record.record_id),
        "repo_id": names.repo_id(record.scope),
        "service": settings.services.get(record.scope),
        "environment": settings.release_environment,
        "sha": record.data.get("sha"),
        "status": "success",
        "kind": "hotfix" if "hotfix" in tag else "release",
        "started_at": record.data.get("published_at"),
        "finished_at": record.data.get("published_at"),
    }


def brought(deployments: Sequence[Numbered], releases: Sequence[Numbered], names: GitHubNames) -> list[Row]:
    """The changes that the host says the deployed commit came from, whether squashed, rebased or merged."""
    shown = [("deployments", each) for each in deployments]
    shown += [("releases", each) for each in releases if is_published(each[1].data)]
    return [
        {
            RECORD_COLUMN: position,
            "deployment_id": names.part(record.scope, kind, record.record_id),
            "change_id": names.numbered(*change),
        }
        for kind, (position, record) in shown
        for change in dict.fromkeys(tuple(found) for found in record.data.get("brought") or ())
    ]
