"""Sending what waits: channel by channel, in order, retried with back-off, and noted as soon as it was taken."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import stamina

from pipelines.alerts.addresses import address_of
from pipelines.alerts.ledger import Ledger, open_ledger
from pipelines.alerts.model import Note, Waiting
from pipelines.alerts.senders import AppriseSender, NotDelivered, Sender
from pipelines.alerts.wording import LINES_OF_A_DIGEST, digest_of
from schemas.alert_settings import AlertChannel
from schemas.errors import PlumblineError
from schemas.workspace import Workspace

ATTEMPTS = 4
"""How often one message is tried before its channel is left for the next run."""
LONGEST_WAIT = timedelta(hours=1)
"""Between two runs that try a channel that does not answer."""
SINGLY = 5
"""Up to so many messages to a channel go out one by one; more go as digests."""

# By itself stamina logs each retry, to standard output where structlog is installed: that is where results go.
stamina.instrumentation.set_on_retry_hooks(())


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class World:
    """What delivery needs from outside; tests bring their own."""

    sender: Sender = field(default_factory=AppriseSender)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    now: Callable[[], datetime] = _utc_now


@dataclass(frozen=True)
class ChannelReport:
    """What came of one channel: messages taken, messages that wait, and the answer where some do."""

    channel: str
    sent: int
    waiting: int = 0
    answer: str = ""

    def __str__(self) -> str:
        """One line, as `plumbline build` prints it."""
        if self.waiting:
            wait = "1 waits" if self.waiting == 1 else f"{self.waiting} wait"
            return f"alerts: {wait} for {self.channel} ({self.answer}); the next run tries again"
        return f"alerts: {self.sent} sent to {self.channel}"


def deliver(workspace: Workspace, world: World | None = None, *, only_due: bool = False) -> list[ChannelReport]:
    """Send everything that waits in a workspace's ledger.

    Args:
        workspace: whose channels.
        world: what sends, the environment and the clock.
        only_due: leave out channels that failed a short while ago; the pause doubles with every failure.

    Returns:
        One report for each channel that something waited for. A failing channel is in its report, never an exception.

    Raises:
        LedgerError: the record cannot be read or written.
    """
    world = world or World()
    with _alone(workspace.state), open_ledger(workspace.state) as ledger:
        waiting: dict[str, list[Waiting]] = {}
        for each in ledger.waiting():
            waiting.setdefault(each.channel, []).append(each)
        channels = {channel.name: channel for channel in workspace.alerts.channels}
        return [
            _deliver_to(workspace, channels.get(name), messages, ledger, world)
            for name, messages in waiting.items()
            if not only_due or is_due(messages[0], world.now())
        ]


def is_due(first: Waiting, now: datetime) -> bool:
    """Whether a channel's first waiting message has been left alone for long enough."""
    if first.last_attempt_at is None:
        return True
    last = datetime.fromisoformat(first.last_attempt_at.removesuffix("Z"))
    return now >= last + min(timedelta(minutes=2 ** min(first.attempts, 10)), LONGEST_WAIT)


def try_channel(workspace: Workspace, channel: AlertChannel, note: Note, world: World) -> str:
    """Send one message that is in no ledger; returns what was wrong, or nothing."""
    try:
        _send(world.sender, workspace, channel, note, world.environment)
    except PlumblineError as error:
        return str(error)
    return ""


def _deliver_to(
    workspace: Workspace, channel: AlertChannel | None, messages: list[Waiting], ledger: Ledger, world: World
) -> ChannelReport:
    """Send a channel's messages in order, up to the first that is not taken."""
    name, sent = messages[0].channel, 0
    for batch, note in _batches(workspace.name, messages):
        if channel is None:
            failure = "plumbline.toml names no such channel any more"
        else:
            failure = try_channel(workspace, channel, note, world)
        with ledger.transaction():
            ledger.mark(batch, world.now(), failure or None)
        if failure:
            return ChannelReport(name, sent, len(messages) - sent, failure)
        sent += len(batch)
    return ChannelReport(name, sent)


def _batches(workspace: str, messages: Sequence[Waiting]) -> Iterator[tuple[Sequence[Waiting], Note]]:
    """Few messages singly; many as digests. Briefs always go by themselves, after what is pressing."""
    briefs = [message for message in messages if message.note.event == "issued"]
    findings = [message for message in messages if message.note.event != "issued"]
    if len(findings) <= SINGLY:
        yield from (([message], message.note) for message in findings)
    else:
        for start in range(0, len(findings), LINES_OF_A_DIGEST):
            batch = findings[start : start + LINES_OF_A_DIGEST]
            yield batch, digest_of(workspace, [message.note for message in batch])
    yield from (([message], message.note) for message in briefs)


def _send(
    sender: Sender, workspace: Workspace, channel: AlertChannel, note: Note, environment: Mapping[str, str]
) -> None:
    """Send one message, again after a pause where it is not taken at first."""
    address = address_of(workspace, channel, environment)
    for attempt in stamina.retry_context(
        on=NotDelivered, attempts=ATTEMPTS, timeout=60.0, wait_initial=0.5, wait_max=8.0, wait_jitter=0.5
    ):
        with attempt:
            sender.send(address, note)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One delivery at a time in a workspace: two would send the same messages. A second waits for the first."""
    state.mkdir(parents=True, exist_ok=True)
    handle = os.open(state / "alerts.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
