"""Immutable Parquet files named by their content: written aside, hashed, renamed; so a part is whole or absent."""

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from schemas.snapshot import Part

ROWS_PER_GROUP = 122_880


def write_part(connection: duckdb.DuckDBPyConnection, query: str, folder: Path) -> Part:
    """Write what a query gives as one part, in the query's order.

    The same rows in the same order give the same bytes: a part carries neither a clock nor a name. An equal part that
    exists already is kept.

    Args:
        connection: where the query runs.
        query: a SELECT; the caller orders it.
        folder: the folder of parts; made if missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        options = f"format parquet, compression zstd, row_group_size {ROWS_PER_GROUP}"
        with _order_kept(connection):
            copied = connection.execute(f"copy ({query}) to '{quoted(temporary)}' ({options})").fetchone()
        digest, size = _digest(temporary)
        part = Part(digest, int(copied[0]) if copied else 0, size)
        target = folder / part.name
        if not target.exists():
            _flush(temporary)
            temporary.replace(target)
        return part
    finally:
        temporary.unlink(missing_ok=True)


def scan(paths: Sequence[Path]) -> str:
    """The SQL that reads parts as one relation, in their order."""
    names = ", ".join(f"'{quoted(path)}'" for path in paths)
    return f"read_parquet([{names}])"


def quoted(path: Path) -> str:
    """A path as the inside of an SQL string."""
    return str(path).replace("'", "''")


def replace_text(path: Path, text: str) -> None:
    """Replace a small file in one step: a reader sees the old text or the new, never a part of it."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace a small file in one step, as `replace_text` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _order_kept(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows leave in the order in which they come, although the warehouse may let them go in any to save memory."""
    (before,) = connection.execute("select current_setting('preserve_insertion_order')").fetchone() or (True,)
    connection.execute("set preserve_insertion_order = true")
    try:
        yield
    finally:
        connection.execute(f"set preserve_insertion_order = {before}")


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, path.stat().st_size


def _flush(path: Path) -> None:
    """Bring a file to the disk before a manifest may name it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
