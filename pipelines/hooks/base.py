"""What a sender of deliveries owes, and how all of them are found."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import pipelines.hooks.kinds
from pipelines.connectors.base import Conformed, Connector, RawRecord, Row
from pipelines.hooks.signatures import Headers

Payload = Any
"""A delivery's JSON."""


@dataclass(frozen=True)
class Shown:
    """What an event stands for: records as the connector reads them, and when the host showed them so."""

    records: Sequence[RawRecord]
    at: datetime


class HookKind(ABC):
    """One sender. Subclasses set `kind` (that of the connector, if there is one) and are found by discovery."""

    kind: ClassVar[str]
    needs_source: ClassVar[bool] = True
    """Whether deliveries are read by the settings of a `[[sources]]` table of the same kind."""

    def __init__(self, connector: Connector | None = None) -> None:
        self.connector = connector

    @abstractmethod
    def is_genuine(self, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> bool:
        """Whether the body was sent by who knows one of the secrets; `now` in seconds since the epoch."""

    @abstractmethod
    def event(self, headers: Headers, payload: Payload) -> str:
        """What happened, by the sender's own name; empty where it does not say."""

    @abstractmethod
    def delivery_id(self, headers: Headers, payload: Payload) -> str:
        """The sender's number of the delivery, for the log; empty where it gives none."""

    @abstractmethod
    def knows(self, event: str) -> bool:
        """Whether an event of this name can become rows."""

    @abstractmethod
    def shown(self, event: str, payload: Payload, received_at: datetime) -> Shown:
        """What the event stands for; without records where it says nothing that the event tables hold."""

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read records as event rows: as the connector reads what it pulls."""
        if self.connector is None:
            raise TypeError(f"{self.kind} reads its own records")
        return self.connector.conform(records)

    def settled(self, table: str, row: Row, known: Row | None) -> Row | None:  # noqa: ARG002 - for subclasses
        """The row beside what is known of the same thing: a delivery shows less than a pull. None leaves it out."""
        return row

    def unpacked(self, headers: Headers, body: bytes) -> bytes:  # noqa: ARG002 - for subclasses
        """The JSON within a body; the body itself for most."""
        return body

    def warnings(self, payload: Payload) -> list[str]:  # noqa: ARG002 - for subclasses
        """What the sender should know at once about a payload that will not go in as it is."""
        return []


def discover_kinds() -> dict[str, type[HookKind]]:
    """Every sender by its kind."""
    found: dict[str, type[HookKind]] = {}
    for module_info in pkgutil.iter_modules(pipelines.hooks.kinds.__path__):
        module = importlib.import_module(f"pipelines.hooks.kinds.{module_info.name}")
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, HookKind) and item.__module__ == module.__name__:
                found[item.kind] = item
    return found


def scope_of(sent: str, configured: Iterable[str]) -> str | None:
    """A repository or project as the source's settings write it, since ids are made of that; None where they leave it.

    Args:
        sent: its path as the sender writes it.
        configured: `owner/name`, or `owner/*` for all below.
    """
    for name in configured:
        if name.lower() == sent.lower():
            return name
        if name.endswith("/*") and sent.lower().startswith(name[:-1].lower()):
            return sent
    return None


def carried(row: Row, known: Row, *names: str) -> Row:
    """The row with what it does not say taken from the one that is known."""
    return {**row, **{name: known[name] for name in names if row.get(name) is None}}


def is_later(row: Mapping[str, Any], known: Mapping[str, Any], column: str) -> bool:
    """Whether a row's instant (ISO-8601 text in UTC) is later than that of another; an absent one is earliest."""
    return str(row.get(column) or "") > str(known.get(column) or "")
