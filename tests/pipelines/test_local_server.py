"""What a server started ends with it, whatever it does about a polite request."""

import subprocess
import sys

import pytest

from pipelines import local_server

PARENT = """
import signal, subprocess, sys, time
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; print('child', flush=True); time.sleep(600)"])
time.sleep(600)
"""


@pytest.mark.parametrize("manner", ["polite", "deaf"])
def test_the_children_of_a_server_end_with_it(manner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "STOP_SECONDS", 0.2)
    command = [sys.executable, "-c", PARENT, manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"child\n"
        local_server._stop(server)
        assert server.returncode is not None
        # Both wrote into this pipe; it ends when the last of them is gone.
        assert server.stdout.read() == b""
