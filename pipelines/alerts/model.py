"""What the ledger keeps: findings as they are seen, alerts, and the messages about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Event = Literal["opened", "worsened", "acknowledged", "recovered", "issued"]
"""What happened to a finding; `issued` is of briefs."""


@dataclass(frozen=True)
class Finding:
    """A row of the published table `findings`. Instants are UTC, zone-less."""

    finding_id: str
    kind: str
    tier: str | None
    subject: str
    severity: str
    opened_at: datetime
    reason: str
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Alert:
    """A finding that was told or is to be told. `episode` counts how often it was opened; each time is told anew."""

    finding_id: str
    episode: int
    kind: str
    tier: str | None
    subject: str
    severity: str
    opened_at: str
    reason: str
    closed_at: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    acknowledgement: str | None = None

    @property
    def state(self) -> str:
        """`open`, `acknowledged` or `closed`."""
        if self.closed_at:
            return "closed"
        return "acknowledged" if self.acknowledged_by else "open"


@dataclass(frozen=True)
class Note:
    """The text of a message; `attachment` is the path of a file that goes along where a channel takes files."""

    title: str
    body: str
    event: Event
    severity: str
    attachment: str | None = None


@dataclass(frozen=True)
class Waiting:
    """A message that a channel has still to get."""

    message_id: int
    channel: str
    note: Note
    attempts: int = 0
    last_attempt_at: str | None = None
    answer: str | None = None
