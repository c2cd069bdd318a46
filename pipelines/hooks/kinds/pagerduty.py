"""PagerDuty's V3 webhooks: every step of an incident.

https://developer.pagerduty.com/docs/webhooks-overview. The signature header holds several signatures while a secret is
being replaced; one that is right is enough. A step tells its own instant and not those of the others, which earlier
steps or a pull have told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from pipelines.connectors.base import RawRecord, Row, parse_instant
from pipelines.hooks.base import HookKind, Payload, Shown
from pipelines.hooks.signatures import Headers, is_signed_in_hexadecimal

SCOPE = "incidents"
STEPS = (
    "triggered",
    "acknowledged",
    "unacknowledged",
    "delegated",
    "escalated",
    "reassigned",
    "reopened",
    "resolved",
    "priority_updated",
    "service_updated",
)


class PagerDutyHook(HookKind):
    """Deliveries of a webhook subscription."""

    kind: ClassVar[str] = "pagerduty"

    def is_genuine(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> bool:  # noqa: ARG002
        """HMAC-SHA256 of the body in `X-PagerDuty-Signature`."""
        return is_signed_in_hexadecimal(headers.get("x-pagerduty-signature", ""), "v1=", secrets, body)

    def event(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """As the body says."""
        return str(_event(payload).get("event_type") or "")

    def delivery_id(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """The event's own number."""
        return str(_event(payload).get("id") or "")

    def knows(self, event: str) -> bool:
        """The steps of an incident."""
        return event.startswith("incident.") and event.removeprefix("incident.") in STEPS

    def shown(self, event: str, payload: Payload, received_at: datetime) -> Shown:
        """The incident as it stands after the step, and the instant of the step where it is one that counts."""
        told = _event(payload)
        data, occurred_at = dict(told["data"]), told["occurred_at"]
        if data.get("type") != "incident":
            return Shown((), received_at)
        data.setdefault("last_status_change_at", occurred_at)
        if event == "incident.acknowledged":
            data["acknowledgements"] = [{"at": occurred_at}]
        if event == "incident.resolved":
            data["log_entries"] = [{"type": "resolve_log_entry", "created_at": occurred_at}]
        record = RawRecord("incident", str(data["id"]), SCOPE, data)
        return Shown([record], min(parse_instant(occurred_at), received_at))

    def settled(self, table: str, row: Row, known: Row | None) -> Row | None:  # noqa: ARG002
        """The first acknowledgement stays, and so does the end of an incident that is only moved or renamed later."""
        if known is None:
            return None if row["deleted"] == "true" else row
        told = [each["acknowledged_at"] for each in (row, known) if each["acknowledged_at"]]
        return {**row, "acknowledged_at": min(told, key=parse_instant, default=None)}


def _event(payload: Payload) -> dict[str, Any]:
    found = payload.get("event") if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else {}
