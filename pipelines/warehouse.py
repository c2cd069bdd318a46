"""The warehouse: event tables, loads and quarantine in one embedded DuckDB file, attached under a fixed name.

Everything else speaks SQL to the catalog ``warehouse`` and never to the file, so that another catalog (DuckLake) can be
attached under the same name. One process writes at a time; readers come in while nobody writes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import duckdb

from schemas.errors import InputError, PlumblineError, StorageFull, WarehouseError, WarehouseLocked
from schemas.quoting import literal
from schemas.workspace import Workspace

CATALOG = "warehouse"
MEMORY_LIMIT = "4GiB"
"""Beyond this DuckDB spills to the workspace's own temporary folder."""
LEAST_MEMORY = "128MiB"
"""To this it is cut down when what it has read is given back."""

_LOCKED = re.compile(r"lock", re.IGNORECASE)
_FULL = re.compile(r"no space left|disk quota|file too large|max_temp_directory_size|could not write", re.IGNORECASE)
_TORN = re.compile(
    r"not a valid DuckDB database|corrupt|checksum|could not read enough bytes|magic bytes|truncated", re.IGNORECASE
)


class Warehouse:
    """An open warehouse. Made by :meth:`open`, used as a context manager.

    Attributes:
        connection: DuckDB connection, session time zone UTC, with the catalog ``warehouse`` attached.
        workspace: The workspace that the warehouse belongs to.
        writable: Whether it was opened for writing.
    """

    def __init__(
        self, workspace: Workspace, connection: duckdb.DuckDBPyConnection, lock: IO[str] | None, *, writable: bool
    ) -> None:
        """Take over what :meth:`open` has opened."""
        self.workspace, self.connection, self.writable = workspace, connection, writable
        self._lock = lock

    @classmethod
    def open(cls, workspace: Workspace, *, write: bool, path: Path | None = None) -> Warehouse:
        """Open the workspace's warehouse.

        Args:
            workspace: Whose warehouse.
            write: Whether to write; the file is made, and an older one brought up to date, where need be.
            path: Another file of the same form, such as one that was rebuilt as known at some instant.

        Raises:
            WarehouseLocked: Another process writes it, or, when writing, reads it.
            WarehouseError: The file is missing (when reading), torn, or of a later version.
            StorageFull: There is no room to open it.
        """
        file = path or workspace.warehouse_path
        if not write and not file.exists():
            raise WarehouseError("nothing has been loaded yet", str(file), "load events with `plumbline load DIR`")
        lock = _take_lock(file, write=write)
        try:
            connection = _connect(workspace, file, write=write)
            warehouse = cls(workspace, connection, lock, writable=write)
            if write:
                from pipelines.warehouse_schema import migrate  # brings the models, which a mere reader can do without

                migrate(connection, warehouse.transaction)
        except BaseException:
            if lock:
                lock.close()
            raise
        return warehouse

    def beside(self) -> Warehouse:
        """The same warehouse on another connection of this process, for statements that run at the same time.

        What is temporary on this connection is not seen there. To be closed before this one.
        """
        connection = self.connection.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        return Warehouse(self.workspace, connection, None, writable=self.writable)

    def close(self) -> None:
        """Close the connection and let others in."""
        self.connection.close()
        if self._lock:
            self._lock.close()

    def __enter__(self) -> Warehouse:
        """Return the warehouse itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all of what is done inside, or nothing; what DuckDB cannot do is told in one line."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            with translated_errors(self.workspace.warehouse_path):
                yield
                self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # a failed commit has already rolled back
                self.connection.execute("ROLLBACK")
            raise

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Result of a query as dictionaries, for small results."""
        result = self.connection.execute(sql, parameters or [])
        names = [each[0] for each in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def create_event_views(self, schema: str = "main") -> None:
        """Make a view of each event table, by its own name, in the connection's temporary catalog.

        The views hold the contract's columns, the 64-bit keys and the provenance, without tombstones. Columns that an
        older file lacks are filled with their defaults, and ``deployments.is_production`` by the workspace's rule.

        Args:
            schema: Schema of the in-memory catalog in which the views are made.
        """
        from pipelines.warehouse_schema import view_selects

        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name, select in view_selects(self.connection, self.workspace.production).items():
            self.connection.execute(f"CREATE OR REPLACE VIEW {schema}.{name} AS {select}")


@contextmanager
def translated_errors(where: Path) -> Iterator[None]:
    """Turn what the database or the system says about ``where`` into one line of ours."""
    try:
        yield
    except duckdb.Error as error:
        raise translate(error, where) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _full(where) from error
        raise InputError(
            error.strerror or str(error), str(error.filename or where), "check it and try again"
        ) from error


def translate(error: duckdb.Error, where: Path) -> PlumblineError:
    """An error of the database as one of ours."""
    message = str(error).splitlines()[0]
    if isinstance(error, duckdb.OutOfMemoryException) or _FULL.search(message):
        return _full(where)
    if _TORN.search(message):
        return WarehouseError(
            "the file is damaged",
            str(where),
            "move it away, then load and ingest again; what came before is still under .plumbline/raw",
        )
    return WarehouseError(f"the database refused: {message}", str(where), "if it persists, report it with this line")


def _full(where: Path) -> StorageFull:
    return StorageFull(
        "the disk is full; nothing of this step was kept", str(where), "make room (or free memory) and run it again"
    )


def _take_lock(file: Path, *, write: bool) -> IO[str] | None:
    """Hold a lock beside the file: the database's own tells nothing between two openings within one process."""
    path = file.with_suffix(".lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8")
    except OSError as error:
        if not write and error.errno in (errno.EROFS, errno.EACCES):
            return None  # a read-only copy of a workspace has no writer either
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(file) from error
        raise WarehouseError(error.strerror or "cannot be opened", str(path), "check the folder's rights") from error
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if write else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        holder = handle.read().strip()
        handle.close()
        raise _locked(file, holder, write=write) from error
    if write:
        with contextlib.suppress(OSError):  # the number only serves the message of whoever comes second
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
    return handle


def _locked(file: Path, holder: str, *, write: bool) -> WarehouseLocked:
    alive = holder.isdigit() and Path(f"/proc/{holder}").exists()
    who = f"process {holder}" if alive else "another process"
    doing = "is using the warehouse" if write else "is writing the warehouse"
    return WarehouseLocked(f"{who} {doing}", str(file), "wait until it is done, then run this again")


def forget_what_was_read(connection: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory in which the database keeps blocks of tables; what is asked for again is read again.

    No other statement may be under way on any connection to it, for that would have to do with `LEAST_MEMORY`.
    """
    try:
        connection.execute(f"SET memory_limit = '{LEAST_MEMORY}'")
    except duckdb.OutOfMemoryException:
        pass  # temporary tables take more than that, and there is no room for them on the disk: they stay
    finally:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")


def _connect(workspace: Workspace, file: Path, *, write: bool) -> duckdb.DuckDBPyConnection:
    temporary = workspace.state / "tmp"
    connection = duckdb.connect(":memory:")
    try:
        with translated_errors(file):
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
            connection.execute(f"SET temp_directory = {literal(temporary)}")
            connection.execute("SET enable_progress_bar = false")
            # Kept order makes the checkpoint write every row group twice; a row's place in its file is a column.
            connection.execute("SET preserve_insertion_order = false")
            mode = "" if write else " (READ_ONLY)"
            connection.execute(f"ATTACH {literal(file)} AS {CATALOG}{mode}")
    except BaseException as error:
        connection.close()
        cause = error.__cause__
        if isinstance(cause, duckdb.IOException) and _LOCKED.search(str(cause)):
            found = re.search(r"PID (\d+)", str(cause))
            raise _locked(file, found.group(1) if found else "", write=write) from cause
        raise
    return connection
