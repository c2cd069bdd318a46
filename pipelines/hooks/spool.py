"""Deliveries on disk, from the moment that they are answered until they are in the warehouse.

One SQLite file: a delivery is there whole or not at all, it has reached the disk before `keep` returns, and its
content is its key, so that one that is sent again changes nothing, however late.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas.errors import PlumblineError
from schemas.hook_settings import Hook

FILE_NAME = "hooks.sqlite"
FORMAT = 1
"""Version of the table; a newer one than this is refused."""
SECONDS_FOR_OTHERS = 10.0
"""How long another process may hold the file before this one gives up: the sender waits meanwhile."""
TABLE = """
    create table if not exists deliveries (
      number integer primary key autoincrement, content_hash text not null unique, hook text not null,
      event text not null, received_at text not null, body blob, state text not null, reason text
    );
    create index if not exists deliveries_by_state on deliveries (state, hook, number);
"""


def deliveries(count: int) -> str:
    """`1 delivery`, `1,204 deliveries`."""
    return "1 delivery" if count == 1 else f"{count:,} deliveries"


class SpoolError(PlumblineError):
    """The kept deliveries cannot be read or written."""


@dataclass(frozen=True)
class Delivery:
    """What a sender sent: to which hook, as which event, when it came, and its body as received (JSON)."""

    hook: str
    event: str
    received_at: datetime
    body: bytes

    @property
    def content_hash(self) -> str:
        """The same for the same content, whatever the sender numbers it: numbers are not signed."""
        parts = (self.hook.encode(), self.event.encode(), self.body)
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


@dataclass(frozen=True)
class Waiting:
    """A kept delivery with its number, in the order of arrival."""

    number: int
    delivery: Delivery


class Spool:
    """The file of deliveries of one workspace; made by the first that is kept."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE_NAME

    @property
    def exists(self) -> bool:
        """Whether anything was ever delivered."""
        return self.path.exists()

    def keep(self, delivery: Delivery) -> bool:
        """Write a delivery to disk. False where the same was delivered before: nothing is done then.

        Raises:
            SpoolError: it could not be written.
        """
        with self._open() as connection, _one_line(self.path):
            done = connection.execute(
                "insert or ignore into deliveries (content_hash, hook, event, received_at, body, state)"
                " values (?, ?, ?, ?, ?, 'waiting')",
                [
                    delivery.content_hash,
                    delivery.hook,
                    delivery.event,
                    _as_text(delivery.received_at),
                    delivery.body,
                ],
            )
            return done.rowcount > 0

    def waiting(self, hook: str, limit: int) -> list[Waiting]:
        """The oldest deliveries of a hook that were not taken in yet."""
        if not self.exists:
            return []
        with self._open() as connection, _one_line(self.path):
            rows = connection.execute(
                "select number, event, received_at, body from deliveries where state = 'waiting' and hook = ?"
                " order by number limit ?",
                [hook, limit],
            ).fetchall()
        return [
            Waiting(number, Delivery(hook, event, datetime.fromisoformat(at), body)) for number, event, at, body in rows
        ]

    def settle(self, numbers: Sequence[int], unreadable: dict[int, str]) -> None:
        """Note what became of deliveries: taken in (their bodies are raw records now), or why they cannot be read."""
        with self._open() as connection, _one_line(self.path):
            connection.execute("begin immediate")
            taken = [[number] for number in numbers if number not in unreadable]
            connection.executemany("update deliveries set state = 'taken', body = null where number = ?", taken)
            failed = [[reason, number] for number, reason in unreadable.items()]
            connection.executemany("update deliveries set state = 'unreadable', reason = ? where number = ?", failed)
            connection.execute("commit")

    def counts(self) -> list[dict[str, Any]]:
        """Per hook: deliveries that wait, that were taken, that could not be read, and when the newest came."""
        if not self.exists:
            return []
        with self._open() as connection, _one_line(self.path):
            rows = connection.execute(
                "select hook, sum(state = 'waiting'), sum(state = 'taken'), sum(state = 'unreadable'),"
                " max(received_at), max(case when state = 'unreadable' then reason end)"
                " from deliveries group by hook order by hook"
            ).fetchall()
        names = ("hook", "waiting", "taken", "unreadable", "newest_at", "reason")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def has_waiting(self, hooks: Sequence[Hook]) -> bool:
        """Whether there is anything to take in of these hooks; what was sent to one that is gone stays where it is."""
        names = {hook.name for hook in hooks}
        return any(each["waiting"] and each["hook"] in names for each in self.counts())

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _one_line(self.path):
            connection = sqlite3.connect(self.path, timeout=SECONDS_FOR_OTHERS, isolation_level=None)
        with closing(connection):
            with _one_line(self.path):
                # The sender is told "kept": not only the delivery but the name of the file must have reached the disk.
                connection.execute("pragma synchronous = extra")
                (version,) = connection.execute("pragma user_version").fetchone()
                if version < FORMAT:
                    connection.executescript(f"begin immediate; {TABLE} pragma user_version = {FORMAT}; commit;")
            if version > FORMAT:
                raise SpoolError("was written by a newer version of Plumbline", str(self.path), "install that version")
            yield connection


def _as_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """What SQLite has to complain about, as one line."""
    try:
        yield
    except sqlite3.Error as error:
        message = str(error)
        if "locked" in message:
            advice = "another process is writing it; run it again"
        elif "full" in message:
            advice = "make room and run it again"
        else:
            advice = "see that the file is whole; move it away if not: what was taken in is in the warehouse"
        raise SpoolError(message, str(path), advice) from error
