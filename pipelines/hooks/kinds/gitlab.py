"""GitLab's webhooks: merge requests, issues and incidents, deployments.

https://docs.gitlab.com/user/project/integrations/webhook_events/. Signed as the Standard Webhooks specification has it
where a signing token is set, else by the secret token, which is compared as it is. A delivery writes instants in three
ways, names the author by number alone, and shows neither notes, commits nor lines; what a pull has told of those stays.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pipelines.connectors.base import RawRecord, Row, format_instant, parse_instant
from pipelines.hooks.base import HookKind, Payload, Shown, carried, scope_of
from pipelines.hooks.signatures import STANDARD_PREFIX, Headers, is_any, is_signed_as_standard

ENDED = ("success", "failure", "cancelled")
INSTANTS = ("created_at", "updated_at", "merged_at", "closed_at")


class GitLabHook(HookKind):
    """Deliveries of a project's or a group's webhook."""

    kind: ClassVar[str] = "gitlab"

    def is_genuine(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> bool:
        """By `webhook-signature`, else by `X-Gitlab-Token`; a signing token is never taken for the other."""
        if "webhook-signature" in headers:
            return is_signed_as_standard(headers, secrets, body, now)
        plain = [secret for secret in secrets if not secret.startswith(STANDARD_PREFIX)]
        return is_any([headers.get("x-gitlab-token", "")], plain)

    def event(self, headers: Headers, payload: Payload) -> str:
        """As the body says."""
        kind = payload.get("object_kind") if isinstance(payload, Mapping) else None
        return str(kind or headers.get("x-gitlab-event", ""))

    def delivery_id(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """As its headers say."""
        return headers.get("webhook-id") or headers.get("x-gitlab-event-uuid", "")

    def knows(self, event: str) -> bool:
        """Those below."""
        return event in READERS

    def shown(self, event: str, payload: Payload, received_at: datetime) -> Shown:
        """The thing that the event is about, with its project, where the source reads that project."""
        configured = getattr(self.connector.settings if self.connector else None, "projects", ())
        project = payload.get("project") or {}
        scope = scope_of(str(project.get("path_with_namespace") or ""), configured)
        if scope is None:
            return Shown((), received_at)
        records, changed_at = READERS[event](payload, scope)
        at = min(parse_instant(changed_at), received_at) if changed_at else received_at
        return Shown([RawRecord("project", scope, scope, project), *records], at)

    def settled(self, table: str, row: Row, known: Row | None) -> Row | None:
        """What a delivery does not show stays; an issue that never was a defect or an incident is left out."""
        if known is None:
            return None if table in ("defects", "incidents") and row["deleted"] == "true" else row
        if table == "repositories":
            return {**carried(row, known, "default_branch"), "archived": known["archived"]}
        if table == "changes":
            return _change(row, known)
        if table == "deployments" and known["status"] in ENDED:
            return {**row, **{name: known[name] for name in ("status", "started_at", "finished_at")}}
        if table == "deployments":
            return carried(row, known, "started_at")
        return row


def _change(row: Row, known: Row) -> Row:
    row = carried(row, known, "additions", "deletions", "changed_files")
    if row["author"] is None:
        row = {**row, **{name: known[name] for name in ("author", "author_kind")}}
    if row["ai_use"] == "unknown":
        row = {**row, **{name: known[name] for name in ("ai_use", "ai_evidence")}}
    if row["state"] == known["state"] != "open":
        row = {**row, **{name: known[name] or row[name] for name in ("merged_at", "closed_at", "merge_commit_sha")}}
    return row


Read = tuple[list[RawRecord], str | None]
"""Records, and the instant at which the host showed them so."""


def _merge_request(payload: Mapping[str, Any], scope: str) -> Read:
    """As the API shows one; how it ended is dated by the action that says so."""
    given = payload["object_attributes"]
    data = {**given, **_instants(given), "author": _author(payload), "labels": _labels(payload)}
    data["sha"] = (given.get("last_commit") or {}).get("id")
    if given.get("action") == "merge":
        data["merged_at"] = data["merged_at"] or data["updated_at"]
    if given.get("action") == "close":
        data["closed_at"] = data["closed_at"] or data["updated_at"]
    return [RawRecord("merge_request", str(given["iid"]), scope, data)], data["updated_at"]


def _issue(payload: Mapping[str, Any], scope: str) -> Read:
    """As the API shows one: it may be a defect, an incident, or neither."""
    given = payload["object_attributes"]
    data = {**given, **_instants(given), "labels": _labels(payload)}
    number = str(given["iid"])
    return [RawRecord(kind, number, scope, data) for kind in ("issue", "incident")], data["updated_at"]


def _deployment(payload: Mapping[str, Any], scope: str) -> Read:
    """As the API shows one; the instant of its status is its start, or its end."""
    changed_at = _instant(payload.get("status_changed_at"))
    is_over = payload.get("status") not in ("created", "blocked", "running")
    commit = str(payload.get("commit_url") or "").rpartition("/")[2]
    data = {
        "id": payload["deployment_id"],
        "status": payload.get("status"),
        "sha": commit or payload.get("short_sha"),
        "ref": payload.get("ref"),
        "environment": {"name": payload.get("environment"), "tier": payload.get("environment_tier")},
        "created_at": None if is_over else changed_at,
        "updated_at": changed_at,
    }
    return [RawRecord("deployment", str(payload["deployment_id"]), scope, data)], changed_at


READERS = {
    "merge_request": _merge_request,
    "issue": _issue,
    "incident": _issue,
    "work_item": _issue,
    "deployment": _deployment,
}
"""Events that become rows; all others are kept as they came."""


def _author(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The author's account where it is the one that acted: otherwise only its number is told."""
    user = payload.get("user") or {}
    number = payload["object_attributes"].get("author_id")
    return user if number is not None and user.get("id") == number else None


def _labels(payload: Mapping[str, Any]) -> list[str]:
    given = payload.get("labels") or payload["object_attributes"].get("labels") or ()
    return [str(label["title"]) for label in given]


def _instants(given: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: _instant(given.get(name)) for name in INSTANTS}


def _instant(text: str | None) -> str | None:
    """`2026-03-02T11:00:00Z`, `2026-03-02 11:00:00 UTC` or `2026-03-02 12:00:00 +0100` as the first."""
    if not text:
        return None
    day, _, rest = text.strip().replace(" UTC", "Z").partition(" ")
    return format_instant(parse_instant(f"{day}T{rest.replace(' ', '')}" if rest else day))
