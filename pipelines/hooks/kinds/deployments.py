"""A deployment event of one's own, for any system that can send a signed request.

The body is a deployment with the columns of the event table `deployments`, or a list of them; `change_ids` may name
the changes that it holds. Signed as GitHub signs: HMAC-SHA256 of the body, in `X-Plumbline-Signature-256` (or
`X-Hub-Signature-256`, which other tools know how to send) as `sha256=<hexadecimal>`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, text_frame
from pipelines.hooks.base import HookKind, Payload, Shown
from pipelines.hooks.signatures import Headers, is_signed_in_hexadecimal
from schemas.events.deployments import Deployments
from schemas.tables import NO_DEFAULT

EVENT = "deployment"
CHANGES = "change_ids"


class DeploymentHook(HookKind):
    """Deployments as the contract's columns have them."""

    kind: ClassVar[str] = "deployments"
    needs_source: ClassVar[bool] = False

    def is_genuine(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> bool:  # noqa: ARG002
        """By either header."""
        signature = headers.get("x-plumbline-signature-256") or headers.get("x-hub-signature-256", "")
        return is_signed_in_hexadecimal(signature, "sha256=", secrets, body)

    def event(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """There is one only."""
        return EVENT

    def delivery_id(self, headers: Headers, payload: Payload) -> str:  # noqa: ARG002
        """The deployments' own ids."""
        return ",".join(str(each.get("deployment_id", "?")) for each in _each(payload))

    def knows(self, event: str) -> bool:
        """There is one only."""
        return event == EVENT

    def shown(self, event: str, payload: Payload, received_at: datetime) -> Shown:  # noqa: ARG002
        """One record a deployment."""
        records = [
            RawRecord("deployment", str(each.get("deployment_id")), str(each.get("repo_id")), each)
            for each in _each(payload)
        ]
        return Shown(records, received_at)

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """The columns as they are; what is missing, or wrong, the intake says row by row."""
        rows = [{RECORD_COLUMN: position, **_row(record.data)} for position, record in enumerate(records)]
        links = [
            {RECORD_COLUMN: position, "deployment_id": record.data.get("deployment_id"), "change_id": change_id}
            for position, record in enumerate(records)
            for change_id in _changes(record.data)
        ]
        tables: dict[str, list[Row]] = {"deployments": _even(rows), "deployment_changes": links}
        return Conformed({table: text_frame(found) for table, found in tables.items() if found})

    def settled(self, table: str, row: Row, known: Row | None) -> Row | None:
        """A start that an earlier event gave is not lost when a later one tells of the end alone."""
        if table == "deployments" and known is not None and row.get("started_at") is None:
            return {**row, "started_at": known["started_at"]}
        return row

    def warnings(self, payload: Payload) -> list[str]:
        """What will put a deployment into quarantine: a column that is missing, or a value that is not allowed."""
        return [warning for each in _each(payload) for warning in _complaints(each)]


def _each(payload: Payload) -> list[Mapping[str, Any]]:
    items = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(item, Mapping) for item in items):
        raise ValueError("a deployment is a JSON object")
    return items


def _row(given: Mapping[str, Any]) -> Row:
    """The columns given, and the defaults of those that are not."""
    defaults = {
        each.name: None if each.default is NO_DEFAULT else each.default
        for each in Deployments.table_columns()
        if each.name != "observed_at"
    }
    return {**defaults, **{name: value for name, value in given.items() if name not in (CHANGES, RECORD_COLUMN)}}


def _even(rows: list[Row]) -> list[Row]:
    """The rows with the same columns each."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def _changes(given: Mapping[str, Any]) -> list[Any]:
    named = given.get(CHANGES) or []
    return named if isinstance(named, list) else [named]


def _complaints(given: Mapping[str, Any]) -> list[str]:
    found = []
    for each in Deployments.table_columns():
        value = given.get(each.name)
        if value in (None, "") and not each.has_default:
            found.append(f"{each.name} is missing")
        elif each.allowed and value is not None and value not in each.allowed:
            found.append(f"{each.name} {value!r} is not one of {', '.join(each.allowed)}")
    known = {each.name for each in Deployments.table_columns()} | {CHANGES}
    return found + [f"{name} is no column of deployments" for name in given if name not in known]
