"""The warehouse while a pull runs: one thread writes what the others bring, and lets others in between.

Fetching takes hours, writing moments. The threads that fetch hand over what is to be done with the warehouse and go
on; the desk opens it for what is waiting, and closes it again, so that a build or a dashboard need not wait for a host.
"""

import contextlib
import fcntl
import os
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, TypeVar

from pipelines.connectors.transport import Stopped
from pipelines.warehouse import Warehouse, translated_errors
from schemas.errors import WarehouseLocked
from schemas.workspace import Workspace

HELD_AT_MOST = 3.0
"""Seconds for which the warehouse is held while there is always more to write."""
LINGER = 0.05
"""Seconds for which it is held while there is nothing to write, for opening it costs as much."""
PAUSE = 0.25
"""Seconds between two attempts to open it."""
PATIENCE = 3_600
"""Attempts before a pull gives up on a warehouse that somebody else holds: a quarter of an hour."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class _Task:
    """What is to be done by the desk's thread; `needs_warehouse` where it is more than to tell somebody."""

    run: Callable[[Any], Any]
    needs_warehouse: bool
    result: Future[Any] | None = None

    def do(self, warehouse: Warehouse | None) -> None:
        """Run it, and hand on what it found."""
        try:
            found = self.run(warehouse)
        except BaseException:
            if self.result is not None:
                self.result.cancel()
            raise
        if self.result is not None:
            self.result.set_result(found)


class Desk:
    """Does for several threads what needs the warehouse, in the order in which they ask, on the thread of `serve`.

    Args:
        workspace: Whose warehouse.
        pause: Waits that many seconds.
        on_wait: Told the seconds and the reason before the warehouse is waited for.
        room: How many tasks may wait before those who bring more have to.
    """

    def __init__(
        self,
        workspace: Workspace,
        pause: Callable[[float], None],
        on_wait: Callable[[float, str], None],
        room: int = 256,
    ) -> None:
        self._workspace = workspace
        self._pause = pause
        self._on_wait = on_wait
        self._tasks: queue.Queue[_Task | None] = queue.Queue(room)
        self._closed = False

    def post(self, run: Callable[[Warehouse], object]) -> None:
        """Have something done with the warehouse, some time soon; what goes wrong ends the pull."""
        self._put(_Task(run, needs_warehouse=True))

    def ask(self, run: Callable[[Warehouse], Result]) -> Result:
        """Have something done with the warehouse after all that was handed over before, and wait for its result."""
        result: Future[Result] = Future()
        self._put(_Task(run, needs_warehouse=True, result=result))
        while not self._closed:
            try:
                return result.result(timeout=PAUSE)
            except TimeoutError:
                continue
            except CancelledError:
                break
        raise Stopped

    def tell(self, run: Callable[[], object]) -> None:
        """Have something done on the desk's thread that needs no warehouse."""
        self._put(_Task(lambda _: run(), needs_warehouse=False))

    def fail(self, failure: BaseException) -> None:
        """Raise something on the desk's thread, and so end the pull."""

        def raise_it() -> None:
            raise failure

        with contextlib.suppress(Stopped):  # if the pull has ended already, it was for something else
            self.tell(raise_it)

    def finish(self) -> None:
        """Let `serve` return when everything handed over so far is done."""
        self._tasks.put(None)

    def serve(self) -> None:
        """Do what is handed over until `finish`."""
        while (task := self._tasks.get()) is not None:
            if not task.needs_warehouse:
                task.do(None)
                continue
            with self.warehouse() as warehouse:
                held_until = time.monotonic() + HELD_AT_MOST
                task.do(warehouse)
                while time.monotonic() < held_until and (more := self._next_soon()) is not None:
                    more.do(warehouse)

    def call_off(self) -> None:
        """Turn away all who wait, and all who come: the pull has failed or was interrupted."""
        self._closed = True

    @contextlib.contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """The warehouse, open for writing, as soon as nobody else holds it.

        Raises:
            WarehouseLocked: Somebody held it all the time.
        """
        for attempt in range(PATIENCE):
            try:
                opened = Warehouse.open(self._workspace, write=True)
            except WarehouseLocked as held:
                if attempt == 0:
                    self._on_wait(PATIENCE * PAUSE, f"the warehouse at most ({held.what})")
                self._pause(PAUSE)
            else:
                break
        else:
            opened = Warehouse.open(self._workspace, write=True)
        with opened:
            yield opened

    def _put(self, task: _Task) -> None:
        while not self._closed:
            try:
                return self._tasks.put(task, timeout=PAUSE)
            except queue.Full:
                continue
        raise Stopped

    def _next_soon(self) -> _Task | None:
        try:
            task = self._tasks.get(timeout=LINGER)
        except queue.Empty:
            return None
        if task is None:
            self._tasks.put(None)  # the end is for `serve`
        return task


@contextlib.contextmanager
def only_pull(workspace: Workspace) -> Iterator[None]:
    """Be the only pull of a workspace: two would ask the hosts for the same, and write each other's cursors.

    Raises:
        WarehouseLocked: Another process is pulling.
    """
    path = workspace.state / "ingest.lock"
    with translated_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            what = f"{holder} is pulling into this workspace"
            raise WarehouseLocked(what, str(path), "wait until it is done, then run this again") from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
