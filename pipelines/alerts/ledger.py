"""The durable record of alerts: one SQLite file in `.plumbline`, outside of all snapshots.

A message and the deliveries that it needs are written in one transaction before anything is sent, and a delivery is
marked as done only after the receiver has taken it. A crash in between may send a message twice; it never loses one.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pipelines.alerts.ledger_file import FILE_NAME, connect, copy_in_memory, one_line
from pipelines.alerts.model import Alert, Finding, Note, Waiting

ALERT_COLUMNS = (
    "finding_id, episode, kind, tier, subject, severity, opened_at, reason, closed_at, acknowledged_by,"
    " acknowledged_at, acknowledgement"
)
WAITING_COLUMNS = "message_id, channel, title, body, event, severity, attachment, attempts, last_attempt_at, answer"


class Ledger:
    """The record of one workspace. Opened by `open_ledger` or, for looking only, by `copy_of_ledger`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take a connection on which the tables exist."""
        self._connection = connection
        self._path = path

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """All of what is written within, or nothing; other writers wait."""
        with one_line(self._path):
            self._connection.execute("begin immediate")
            try:
                yield self
            except BaseException:
                if self._connection.in_transaction:  # a full disk has undone it already
                    self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def alerts(self, *, closed: bool = False) -> list[Alert]:
        """Alerts that are open, in the order of their opening; with `closed`, all there ever were."""
        where = "" if closed else "where closed_at is null"
        return [
            Alert(*row)
            for row in self._rows(f"select {ALERT_COLUMNS} from alerts {where} order by opened_at, finding_id, episode")
        ]

    def newest(self, finding_id: str) -> Alert | None:
        """The last alert about a finding, open or closed."""
        query = f"select {ALERT_COLUMNS} from alerts where finding_id = ? order by episode desc limit 1"
        return next((Alert(*row) for row in self._rows(query, finding_id)), None)

    def open(self, finding: Finding, episode: int) -> Alert:
        """Enter an alert about a finding."""
        alert = Alert(
            finding.finding_id,
            episode,
            finding.kind,
            finding.tier,
            finding.subject,
            finding.severity,
            text_of(finding.opened_at),
            finding.reason,
        )
        self._write(
            "insert into alerts (finding_id, episode, kind, tier, subject, severity, opened_at, reason)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            alert.finding_id,
            alert.episode,
            alert.kind,
            alert.tier,
            alert.subject,
            alert.severity,
            alert.opened_at,
            alert.reason,
        )
        return alert

    def update(self, alert: Alert) -> None:
        """Replace what is known of an alert."""
        self._write(
            "update alerts set tier = ?, subject = ?, severity = ?, reason = ?, closed_at = ?, acknowledged_by = ?,"
            " acknowledged_at = ?, acknowledgement = ? where finding_id = ? and episode = ?",
            alert.tier,
            alert.subject,
            alert.severity,
            alert.reason,
            alert.closed_at,
            alert.acknowledged_by,
            alert.acknowledged_at,
            alert.acknowledgement,
            alert.finding_id,
            alert.episode,
        )

    def write_message(self, alert: Alert, note: Note, now: datetime) -> int:
        """Enter a message; nobody is addressed yet."""
        return self._write(
            "insert into messages (finding_id, episode, event, severity, title, body, written_at)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            alert.finding_id,
            alert.episode,
            note.event,
            note.severity,
            note.title,
            note.body,
            text_of(now),
        )

    def write_letter(self, subject: str, edition: int, note: Note, now: datetime) -> int:
        """Enter a message that is about no finding; nobody is addressed yet."""
        return self._write(
            "insert into messages (finding_id, episode, event, severity, title, body, written_at, attachment)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            subject,
            edition,
            note.event,
            note.severity,
            note.title,
            note.body,
            text_of(now),
            note.attachment,
        )

    def was_written(self, subject: str) -> bool:
        """Whether there is a message about a subject."""
        return next(self._rows("select 1 from messages where finding_id = ? limit 1", subject), None) is not None

    def standing_message(self, alert: Alert) -> int:
        """The newest message that says how an open alert stands."""
        query = (
            "select max(message_id) from messages where finding_id = ? and episode = ?"
            " and event in ('opened', 'worsened')"
        )
        return int(next(self._rows(query, alert.finding_id, alert.episode))[0])

    def severities_told(self, alert: Alert) -> set[str]:
        """How pressing an open alert has been said to be."""
        query = "select distinct severity from messages where finding_id = ? and episode = ?"
        return {severity for (severity,) in self._rows(query, alert.finding_id, alert.episode)}

    def address(self, message_id: int, channel: str) -> None:
        """Note that a channel has to get a message; nothing if that stands already."""
        self._write(
            "insert into deliveries (message_id, channel) values (?, ?) on conflict do nothing", message_id, channel
        )

    def addressed(self, alert: Alert) -> set[str]:
        """The channels that were told of an alert, or are to be told."""
        query = (
            "select distinct channel from deliveries join messages using (message_id)"
            " where finding_id = ? and episode = ?"
        )
        return {channel for (channel,) in self._rows(query, alert.finding_id, alert.episode)}

    def waiting(self) -> list[Waiting]:
        """What has not been delivered, in the order in which it was written."""
        query = (
            f"select {WAITING_COLUMNS} from deliveries join messages using (message_id)"
            " where delivered_at is null order by message_id, channel"
        )
        return [Waiting(row[0], row[1], Note(*row[2:7]), *row[7:]) for row in self._rows(query)]

    def deliveries(self, alert: Alert) -> list[dict[str, Any]]:
        """Who was sent what about an alert: event, channel, delivered_at, attempts, answer; in order."""
        names = ("event", "channel", "delivered_at", "attempts", "answer")
        query = (
            f"select {', '.join(names)} from deliveries join messages using (message_id)"
            " where finding_id = ? and episode = ? order by message_id, channel"
        )
        return [dict(zip(names, row, strict=True)) for row in self._rows(query, alert.finding_id, alert.episode)]

    def mark(self, waiting: Sequence[Waiting], now: datetime, failure: str | None) -> None:
        """Note an attempt: delivered, or with the answer that says why not."""
        for each in waiting:
            self._write(
                "update deliveries set attempts = attempts + 1, last_attempt_at = ?, answer = ?, delivered_at = ?"
                " where message_id = ? and channel = ?",
                text_of(now),
                failure,
                None if failure else text_of(now),
                each.message_id,
                each.channel,
            )

    def last_look(self) -> datetime | None:
        """Up to which instant events were known when findings were last compared."""
        found = next(self._rows("select max(as_of) from looks"), (None,))[0]
        return datetime.fromisoformat(found.removesuffix("Z")) if found else None

    def note_look(self, as_of: datetime, now: datetime) -> None:
        """Note that findings as of an instant were compared."""
        self._write("delete from looks")
        self._write("insert into looks values (?, ?)", text_of(as_of), text_of(now))

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        with one_line(self._path):
            return iter(self._connection.execute(query, values).fetchall())

    def _write(self, query: str, *values: object) -> int:
        with one_line(self._path):
            return self._connection.execute(query, values).lastrowid or 0


def text_of(instant: datetime) -> str:
    """An instant as the ledger keeps it; it sorts as it follows in time."""
    return f"{instant.replace(tzinfo=None, microsecond=0).isoformat()}Z"


@contextmanager
def open_ledger(state: Path) -> Iterator[Ledger]:
    """The record in a workspace's `.plumbline`, made where there is none.

    Raises:
        LedgerError: it cannot be opened.
    """
    path = state / FILE_NAME
    with connect(path) as connection:
        yield Ledger(connection, path)


@contextmanager
def copy_of_ledger(state: Path) -> Iterator[Ledger]:
    """A copy of the record in memory, to look at or to try things on; empty where there is none.

    Raises:
        LedgerError: it cannot be read.
    """
    path = state / FILE_NAME
    with copy_in_memory(path) as connection:
        yield Ledger(connection, path)
