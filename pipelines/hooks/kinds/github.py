"""GitHub's webhooks: pull requests, reviews, issues and deployments.

https://docs.github.com/en/webhooks/webhook-events-and-payloads. A delivery holds a thing as the REST API shows it,
without what hangs on it: no commits, no review comments, one status of a deployment. What those would tell, and an
earlier pull or delivery has told, is kept.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs

from pipelines.connectors.base import RawRecord, Row, parse_instant
from pipelines.hooks.base import HookKind, Payload, Shown, is_later, scope_of
from pipelines.hooks.signatures import Headers, is_signed_in_hexadecimal

ONE_SECOND = timedelta(seconds=1)
DELAY_SHRUNK = 10_000
"""Half a second for an hour and a half of delay."""
REPLACED = "inactive"
"""What a status says when a later deployment has taken the place of one that ended long ago: nothing about its end."""
GONE_ISSUE = ("deleted", "transferred")
ENDED = ("success", "failure")


class GitHubHook(HookKind):
    """Deliveries of a repository's, an organisation's or an app's webhook."""

    kind: ClassVar[str] = "github"

    def is_genuine(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> bool:  # noqa: ARG002
        """HMAC-SHA256 of the body in `X-Hub-Signature-256`; the older SHA-1 header is not looked at."""
        return is_signed_in_hexadecimal(headers.get("x-hub-signature-256", ""), "sha256=", secrets, body)

    def event(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """As its header says."""
        return headers.get("x-github-event", "")

    def delivery_id(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """As its header says."""
        return headers.get("x-github-delivery", "")

    def unpacked(self, headers: Headers, body: bytes) -> bytes:
        """A webhook may be set up to send its JSON as a form's field."""
        if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return body
        return parse_qs(body.decode()).get("payload", [""])[0].encode()

    def knows(self, event: str) -> bool:
        """Those below."""
        return event in READERS

    def shown(self, event: str, payload: Payload, received_at: datetime) -> Shown:
        """The thing that the event is about, with its repository, where the source reads that repository.

        A delivery that comes late, or a second time, shows what was true then, so that it must not count as news.
        """
        nothing = Shown((), received_at)
        configured = getattr(self.connector.settings if self.connector else None, "repositories", ())
        scope = scope_of(str((payload.get("repository") or {}).get("full_name") or ""), configured)
        if scope is None:
            return nothing
        records, instant = READERS[event](payload, scope)
        if not records:
            return nothing
        at = _shown_at(parse_instant(instant), received_at) if instant else received_at
        return Shown([RawRecord("repository", scope, scope, payload["repository"]), *records], at)

    def settled(self, table: str, row: Row, known: Row | None) -> Row | None:
        """What commits, comments and earlier statuses have told stays; an issue that never was a defect is left out."""
        if known is None:
            return None if table == "defects" and row["deleted"] == "true" else row
        if table == "changes" and row["ai_use"] == "unknown":
            return {**row, "ai_use": known["ai_use"], "ai_evidence": known["ai_evidence"]}
        if table == "reviews" and int(known["comment_count"] or 0) > int(row["comment_count"] or 0):
            return {**row, "comment_count": known["comment_count"]}
        if table == "deployments":
            return _deployment(row, known)
        return row


def _shown_at(changed_at: datetime, received_at: datetime) -> datetime:
    """When a thing was as it is shown: GitHub's instants are whole seconds, and what began in one is true at its end.

    Two states of one second keep the order in which they came, by a delay too small to reach the next second.
    """
    delay = max(received_at - changed_at, timedelta()) / DELAY_SHRUNK
    return min(received_at, changed_at + ONE_SECOND + min(delay, ONE_SECOND / 2))


def _deployment(row: Row, known: Row) -> Row:
    """The first end is the end; a start is the moment at which it went into progress, where that was told.

    One that was replaced before it had ended (`cancelled`) may still end, but not begin.
    """
    if known["status"] in ENDED or (known["status"] == "cancelled" and row["status"] == "in_progress"):
        return {**row, **{name: known[name] for name in ("status", "started_at", "finished_at")}}
    return {**row, "started_at": known["started_at"]} if is_later(known, row, "started_at") else row


Read = tuple[list[RawRecord], str | None]
"""Records, and the instant at which the host showed them so."""


def _pull_request(payload: Mapping[str, Any], scope: str) -> Read:
    data = payload["pull_request"]
    return [RawRecord("pull_request", str(data["number"]), scope, data)], data.get("updated_at")


def _review(payload: Mapping[str, Any], scope: str) -> Read:
    data = {**payload["review"], "state": str(payload["review"].get("state") or "").upper()}
    parent = str(payload["pull_request"]["number"])
    # An edit or a dismissal comes with the instant of the first submission, and only the pull request says when.
    return [RawRecord("review", str(data["id"]), scope, data, parent)], payload["pull_request"].get("updated_at")


def _issue(payload: Mapping[str, Any], scope: str) -> Read:
    data = payload["issue"]
    if data.get("pull_request"):
        return [], None
    if payload.get("action") in GONE_ISSUE:
        data = {**data, "labels": []}
    return [RawRecord("issue", str(data["number"]), scope, data)], data.get("updated_at")


def _deployment_records(payload: Mapping[str, Any], scope: str) -> Read:
    data, status = payload["deployment"], payload.get("deployment_status")
    identifier = str(data["id"])
    record = RawRecord("deployment", identifier, scope, data)
    if status is None:
        return [record], data.get("updated_at") or data.get("created_at")
    if status.get("state") == REPLACED:
        return [], None
    changed_at = status.get("updated_at") or status.get("created_at")
    return [record, RawRecord("deployment_status", str(status["id"]), scope, status, identifier)], changed_at


READERS = {
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "issues": _issue,
    "deployment": _deployment_records,
    "deployment_status": _deployment_records,
}
"""Events that become rows; all others are kept as they came."""
