"""The records behind a verdict that a reader looks at first, in words and as data."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from metrics.words import joined

RECORDS_NAMED = 3
"""Records that a sentence names: enough to begin with."""


def worst_records(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The worst records of each guardrail in turn, each with kind, id and url (null where none is known)."""
    by_guardrail = [each["worst"] for each in evidence.get("records", [])]
    in_turn = [record for row in zip_longest(*by_guardrail) for record in row if record is not None]
    by_id = {record["id"]: {"kind": record["kind"], "id": record["id"], "url": record.get("url")} for record in in_turn}
    return list(by_id.values())


def look_first(evidence: Mapping[str, Any]) -> str:
    """The worst records by address, else by id, as a sentence that follows another; empty without any."""
    named = [str(record["url"] or record["id"]) for record in worst_records(evidence)[:RECORDS_NAMED]]
    return f" Look first at {joined(named)}" if named else ""
