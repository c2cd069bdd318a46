"""The file of the ledger: its tables, how it is opened, and what SQLite complains about in one line."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from schemas.errors import PlumblineError

FILE_NAME = "alerts.sqlite"
FORMAT = 2
"""Version of the tables; a newer one than this is refused."""
SECONDS_FOR_OTHERS = 30.0
"""How long another process may hold the file before this one gives up."""

TABLES = """
    create table if not exists alerts (
      finding_id text not null, episode integer not null, kind text not null, tier text, subject text not null,
      severity text not null, opened_at text not null, reason text not null, closed_at text,
      acknowledged_by text, acknowledged_at text, acknowledgement text,
      primary key (finding_id, episode)
    );
    create table if not exists messages (
      message_id integer primary key autoincrement, finding_id text not null, episode integer not null,
      event text not null, severity text not null, title text not null, body text not null, written_at text not null,
      attachment text
    );
    create table if not exists deliveries (
      message_id integer not null references messages, channel text not null, attempts integer not null default 0,
      last_attempt_at text, answer text, delivered_at text,
      primary key (message_id, channel)
    );
    create table if not exists looks (as_of text not null, looked_at text not null);
"""

MIGRATIONS = {1: "alter table messages add column attachment text;"}
"""What brings the tables of an older version to the next."""


class LedgerError(PlumblineError):
    """The record of alerts cannot be read or written."""


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, made where there is none.

    Raises:
        LedgerError: it cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with one_line(path):
        connection = sqlite3.connect(path, timeout=SECONDS_FOR_OTHERS, isolation_level=None)
    with closing(connection):
        with one_line(path):
            # A message must have reached the disk before anything is sent on its strength.
            connection.execute("pragma synchronous = full")
        _prepare(connection, path)
        yield connection


@contextmanager
def copy_in_memory(path: Path) -> Iterator[sqlite3.Connection]:
    """What the file holds, in memory; nothing where there is no file.

    Raises:
        LedgerError: it cannot be read.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        if path.exists():
            # Read and write, because what a crash left half written is undone by whoever opens the file next.
            address = f"{path.resolve().as_uri()}?mode=rw"
            with one_line(path), closing(sqlite3.connect(address, uri=True, timeout=SECONDS_FOR_OTHERS)) as original:
                original.backup(copy)
        _prepare(copy, path)
        yield copy


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    with one_line(path):
        (version,) = connection.execute("pragma user_version").fetchone()
        if version < FORMAT:
            older = MIGRATIONS.get(version, "")
            connection.executescript(f"begin immediate; {older} {TABLES} pragma user_version = {FORMAT}; commit;")
    if version > FORMAT:
        raise LedgerError("was written by a newer version of Plumbline", str(path), "install that version again")


@contextmanager
def one_line(path: Path) -> Iterator[None]:
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
            advice = "see that the file is whole; without it all open findings are told anew"
        raise LedgerError(message, str(path), advice) from error
