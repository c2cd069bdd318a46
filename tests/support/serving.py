"""Servers in processes of their own, on free ports, ended with the test."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

SECONDS_TO_START = 90
SECONDS_TO_END = 30


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(arguments: Sequence[str], health: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Runs `python ARGUMENTS` while the block lasts, from when the address `health` answers."""
    server = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        _wait(health, server)
        yield
    finally:
        server.terminate()
        server.communicate(timeout=SECONDS_TO_END)


@contextmanager
def dashboard_of(
    root: Path, *options: str, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a workspace's dashboard."""
    port = port or free_port()
    command = ["-m", "pipelines.cli", "--workspace", str(root), "serve", "--port", str(port), *options]
    address = f"http://127.0.0.1:{port}"
    with serving(command, f"{address}/_stcore/health", environment):
        yield address


def _wait(address: str, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"the server ended: {server.communicate()[0]}")
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail("the server did not start")
