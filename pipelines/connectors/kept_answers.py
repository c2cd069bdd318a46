"""Answers kept with their ETag, so that a host that honours it need not send (nor GitHub count) them again.

Only what connectors ask for conditionally is kept: few addresses that every pull asks for, not what a bulk reading
brings. Losing the file costs requests and nothing else.
"""

import contextlib
import gzip
import hashlib
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MAXIMUM_ANSWERS = 20_000
"""The longest unused go first beyond this."""

_TABLE = """CREATE TABLE IF NOT EXISTS answers
    (request TEXT PRIMARY KEY, etag TEXT NOT NULL, link TEXT NOT NULL, body BLOB NOT NULL, used INTEGER NOT NULL)"""


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it can be had again: its validator, its Link header (or nothing) and its body."""

    etag: str
    link: str
    body: bytes


class KeptAnswers:
    """A file of answers by request; usable from several threads. A file that is damaged is begun anew."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._open(path)
        except sqlite3.DatabaseError:
            path.unlink()
            self._connection = self._open(path)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_TABLE)
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock, closing(self._connection) as connection, contextlib.suppress(sqlite3.Error):
            oldest_kept = "SELECT used FROM answers ORDER BY used DESC LIMIT 1 OFFSET ?"
            connection.execute(f"DELETE FROM answers WHERE used <= ({oldest_kept})", [MAXIMUM_ANSWERS])

    @staticmethod
    def name(address: str, authorization: str, accept: str) -> str:
        """What a request is filed under: whoever asks with another token may be shown something else."""
        return hashlib.sha256("\n".join((address, authorization, accept)).encode()).hexdigest()

    def get(self, name: str) -> KeptAnswer | None:
        """The answer kept under a name; none where the file has become unreadable, which costs a request."""
        try:
            with self._lock:
                sql = "SELECT etag, link, body FROM answers WHERE request = ?"
                row = self._connection.execute(sql, [name]).fetchone()
            return KeptAnswer(row[0], row[1], gzip.decompress(row[2])) if row else None
        except (sqlite3.Error, OSError, EOFError):
            return None

    def keep(self, name: str, answer: KeptAnswer, now: float) -> None:
        """Keep an answer, in place of an earlier one; what cannot be kept is asked for again."""
        row = [name, answer.etag, answer.link, gzip.compress(answer.body, mtime=0), int(now)]
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)
