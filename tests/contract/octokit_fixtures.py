"""GitHub as Octokit recorded it, over loopback HTTP: what the client makes of Link headers that a stranger wrote.

npm install --prefix /tmp/octokit @octokit/fixtures-server
python -m tests.contract.octokit_fixtures /tmp/octokit/node_modules
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from pipelines.connectors.transport import HostClient

SERVER = Path("@octokit") / "fixtures-server" / "bin" / "server.js"
RECORDED_TOKEN = "0000000000000000000000000000000000000001"
"""What the recording was made with; the server answers nobody else."""


@contextmanager
def serving(node_modules: Path) -> Iterator[str]:
    """The fixtures server on a free port; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    fixtures = node_modules / "@octokit" / "fixtures" / "scenarios" / "**" / "normalized-fixture.json"
    command = ["node", str(node_modules / SERVER), "--port", str(port), "--fixtures-url", address]
    command += ["--fixtures", str(fixtures), "--log-level", "silent"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    httpx.get(address, timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def issues(address: str) -> tuple[list[Any], int]:
    """The issues of the scenario paginate-issues, and the requests that they took."""
    loaded = httpx.post(f"{address}/fixtures", json={"scenario": "paginate-issues"}, timeout=30).json()
    headers = {"Accept": "application/vnd.github.v3+json"}
    token = SecretStr(RECORDED_TOKEN)
    with HostClient("octokit", loaded["url"], token, headers=headers, authorization="token {}".format) as client:
        found = client.list("repos/octokit-fixture-org/paginate-issues/issues", {"per_page": 3})
        return found, client.requests


def main() -> int:
    """Print what came; 1 where it is not the 13 issues on 5 pages."""
    with serving(Path(sys.argv[1])) as address:
        found, requests = issues(address)
    numbers = sorted(item["number"] for item in found)
    print(f"paginate-issues: {len(found)} issues ({len(set(numbers))} distinct) in {requests} requests: {numbers}")
    return 0 if (len(set(numbers)), len(found), requests) == (13, 13, 5) else 1


if __name__ == "__main__":
    sys.exit(main())
