"""Immutable Parquet files named by their content: written aside, hashed, renamed; so a part is whole or absent."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from schemas.snapshot import Part

if TYPE_CHECKING:
    import polars as pl  # commands that write no frame do not wait for it

ROWS_PER_GROUP = 122_880
ENCODING = "parquet_version v2, compression zstd, compression_level 1, dictionary_size_limit 4000"
"""Instants as differences, numbers byte by byte, then the fastest level of zstd: smaller than higher levels on plain
values, and written in less time. A column of more values than the limit is not first tried as a dictionary."""

FINITE = "plumbline.finite"
"""Under this key a part that was a frame names its columns of finite numbers."""


def write_part(connection: duckdb.DuckDBPyConnection, query: str, folder: Path) -> Part:
    """Write what a query gives as one part, in the query's order.

    The same rows in the same order give the same bytes: a part carries neither a clock nor a name. An equal part that
    exists already is kept.

    Args:
        connection: where the query runs.
        query: a SELECT; the caller orders it.
        folder: the folder of parts; made if missing.
    """
    with _new_part(folder) as draft:
        _copy(connection, query, draft)
    return draft.part


def write_parts(connection: duckdb.DuckDBPyConnection, queries: Sequence[str], folder: Path) -> list[Part]:
    """Write what each query gives as a part; while one runs, the part before is named and brought to the disk."""
    with ThreadPoolExecutor(1) as beside, ExitStack() as drafts:
        waiting = []
        for query in queries:
            ending = ExitStack()
            draft = ending.enter_context(_new_part(folder))
            drafts.push(ending)
            _copy(connection, query, draft)
            waiting.append((draft, beside.submit(ending.pop_all().close)))
        for _, ended in waiting:
            ended.result()
    return [draft.part for draft, _ in waiting]


def _copy(connection: duckdb.DuckDBPyConnection, query: str, draft: "_Draft") -> None:
    """What a query gives, as the draft's rows."""
    options = f"format parquet, {ENCODING}, row_group_size {ROWS_PER_GROUP}"
    with _order_kept(connection):
        copied = connection.execute(f"copy ({query}) to '{quoted(draft.path)}' ({options})").fetchone()
    draft.rows = int(copied[0]) if copied else 0


def write_frame(frame: "pl.DataFrame", folder: Path) -> Part:
    """Write a frame as one part, its rows as they stand; text that is coded stays so, without a copy.

    The file says which columns hold finite numbers alone: the extremes in its footer leave out what is no number.
    """
    with _new_part(folder) as draft:
        metadata = {FINITE: ",".join(_finite(frame))}
        options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": ROWS_PER_GROUP}
        frame.write_parquet(draft.path, metadata=metadata, **options)
        draft.rows = frame.height
    return draft.part


@dataclass
class _Draft:
    """A part that is being written."""

    path: Path
    rows: int = 0
    finished: Part | None = None

    @property
    def part(self) -> Part:
        """The part, once it is whole."""
        assert self.finished is not None  # noqa: S101 -- set where the block that writes it ends
        return self.finished


@contextmanager
def _new_part(folder: Path) -> Iterator[_Draft]:
    """A file to write, which bears the name of its content when the block ends; of an equal part the old one stays."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid.uuid4().hex}.tmp"
    draft = _Draft(temporary)
    try:
        yield draft
        digest, size = _digest(temporary)
        draft.finished = Part(digest, draft.rows, size)
        target = folder / draft.finished.name
        if not target.exists():
            _flush(temporary)
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _finite(frame: "pl.DataFrame") -> list[str]:
    """The columns of numbers that have neither infinities nor what is no number; nulls do not count."""
    import polars.selectors as cs

    # In one step: each operation on a column by itself costs polars as much as a small table does.
    (held,) = frame.select(cs.float().is_finite().all()).to_dicts() or ({},)
    return [name for name, is_finite in held.items() if is_finite]


def scan(paths: Sequence[Path]) -> str:
    """The SQL that reads parts as one relation, in their order."""
    return f"read_parquet([{paths_sql(paths)}])"


def paths_sql(paths: Sequence[Path]) -> str:
    """Paths as the inside of an SQL list."""
    return ", ".join(f"'{quoted(path)}'" for path in paths)


def quoted(path: Path) -> str:
    """A path as the inside of an SQL string."""
    return str(path).replace("'", "''")


def replace_text(path: Path, text: str) -> None:
    """Replace a small file in one step: a reader sees the old text or the new, never a part of it."""
    replace_bytes(path, text.encode())


def read_record(path: Path) -> dict[str, Any]:
    """A small JSON object that an earlier build wrote; empty where there is none, or none that can be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stored if isinstance(stored, dict) else {}


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
