"""Server time of the dashboard's pages, and the memory of its sessions: `python -m tests.bench.dashboard WORKSPACE…`.

Each workspace is served as `plumbline serve` serves it. Server time is that of one run of the script, as the browser's
own protocol sees it: a session connects over the websocket, asks for a page and waits until the run has finished. The
first run of a page in a fresh server reads the snapshot; later sessions find what it read. Memory is the resident
memory of the server's process tree with one session and with twenty, each of which has been to every page.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from dashboard.views import all_views
from tests.support.serving import dashboard_of, free_port

SESSIONS = 20
AGAIN = 5
MEBIBYTE = 2**20


@dataclass
class Session:
    """One reader's connection, which stays open."""

    socket: ClientConnection

    async def see(self, page: str, query: str = "") -> float:
        """Ask for a page; the seconds until its run has finished.

        Raises:
            RuntimeError: the page raised an error.
        """
        ask = BackMsg()
        ask.rerun_script.page_name = page
        ask.rerun_script.query_string = query
        started = time.perf_counter()
        await self.socket.send(ask.SerializeToString())
        while True:
            answer = await self.socket.recv()
            message = ForwardMsg()
            message.ParseFromString(answer if isinstance(answer, bytes) else answer.encode())
            if message.WhichOneof("type") == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                raise RuntimeError(f"{page}: {message.delta.new_element.exception.message}")
            if message.WhichOneof("type") == "script_finished":
                return time.perf_counter() - started


async def opened(address: str) -> Session:
    """A new session, before its first page."""
    url = address.replace("http://", "ws://") + "/_stcore/stream"
    return Session(await connect(url, subprotocols=["streamlit"], max_size=None, origin=address))  # type: ignore[list-item, arg-type]


def memory() -> int:
    """Resident bytes of the dashboard's server, found among our own children."""
    tree = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in tree.splitlines()[1:]]
    found, grown = {str(os.getpid())}, True
    while grown:
        more = {pid for pid, parent, *_ in rows if parent in found} - found
        grown = bool(more)
        found |= more
    return sum(int(rss) * 1024 for pid, _, rss, args in rows if pid in found and "-m dashboard" in args)


async def measure(address: str) -> tuple[dict[str, tuple[float, float]], list[int]]:
    """First and later server time of every page; memory with one session, and with each of twenty."""
    paths = [view.path for view in all_views()]
    first = await opened(address)
    cold = {path: await first.see(path) for path in paths}
    sessions, sizes = [first], [memory()]
    warm: dict[str, list[float]] = {path: [] for path in paths}
    for number in range(1, SESSIONS):
        session = await opened(address)
        sessions.append(session)
        for path in paths:
            took = await session.see(path)
            if number <= AGAIN:
                warm[path].append(took)
        sizes.append(memory())
    for session in sessions:
        await session.socket.close()
    return {path: (cold[path], statistics.median(warm[path])) for path in paths}, sizes


def report(names: Sequence[str], found: Sequence[tuple[dict[str, tuple[float, float]], list[int]]]) -> None:
    """The figures of all workspaces as one table."""
    table = Table(title="Server time of a page in seconds: first run, median of later sessions", box=None)
    table.add_column("page")
    for name in names:
        table.add_column(name, justify="right")
    for view in all_views():
        table.add_row(view.path, *(f"{pages[view.path][0]:.2f}  {pages[view.path][1]:.2f}" for pages, _ in found))
    table.add_row("memory, 1 session", *(f"{sizes[0] / MEBIBYTE:,.0f} MiB" for _, sizes in found))
    table.add_row(f"memory, {SESSIONS} sessions", *(f"{sizes[-1] / MEBIBYTE:,.0f} MiB" for _, sizes in found))
    growth = [(sizes[-1] - sizes[0]) / (SESSIONS - 1) / MEBIBYTE for _, sizes in found]
    table.add_row("each further session", *(f"{each:,.1f} MiB" for each in growth))
    Console(highlight=False).print(table)


def main(workspaces: Sequence[Path]) -> None:
    """Measure every workspace on a server of its own."""
    found = []
    for workspace in workspaces:
        with ExitStack() as stack:
            address = stack.enter_context(dashboard_of(workspace.resolve(), port=free_port()))
            found.append(asyncio.run(measure(address)))
    report([workspace.name for workspace in workspaces], found)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or sys.exit("name workspaces that were built"))
