"""A receiver on loopback, and senders that sign as the hosts do."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from pipelines.hooks.prepared import prepared_hooks
from pipelines.hooks.receiver import Answered, receiver
from pipelines.hooks.spool import Spool
from pipelines.local_server import LOOPBACK, free_port
from schemas.workspace import Workspace, load_workspace

SECRET = "made-up-hook-secret-0123456789"
CONFIGURATION = """
name = "test"

[[sources]]
kind = "github"
name = "github"
repositories = ["acme/payments", "Acme/Ledger"]
defect_labels = ["bug"]

[[hooks]]
kind = "github"
name = "github"
source = "github"
secret_env = "SECRET"

[[hooks]]
kind = "deployments"
name = "deploys"
secret_env = "SECRET"
"""


def hook_workspace(folder: Path, configuration: str = CONFIGURATION) -> Workspace:
    """A workspace with hooks."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plumbline.toml").write_text(configuration, encoding="utf-8")
    return load_workspace(folder)


def hexadecimal(body: bytes, secret: str = SECRET) -> str:
    """As GitHub, PagerDuty and the generic event sign."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github_headers(event: str, body: bytes, delivery: str = "72d3162e-cc78-11e3") -> dict[str, str]:
    """As GitHub sends them."""
    return {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={hexadecimal(body)}",
        "Content-Type": "application/json",
    }


def standard_headers(body: bytes, key: bytes, now: float, identifier: str = "msg_1") -> dict[str, str]:
    """As the Standard Webhooks specification has them."""
    signed = f"{identifier}.{int(now)}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": identifier, "webhook-timestamp": str(int(now)), "webhook-signature": f"v1,{signature}"}


@dataclass
class Sending:
    """A receiver that runs, and its log."""

    address: str
    log: list[Answered] = field(default_factory=list)

    def post(self, hook: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send a body as it is."""
        return httpx.post(f"{self.address}/hooks/{hook}", content=body, headers=dict(headers))

    def github(self, event: str, payload: Mapping[str, Any], delivery: str = "72d3162e-cc78-11e3") -> httpx.Response:
        """Send an event as GitHub does."""
        body = json.dumps(payload).encode()
        return self.post("github", body, github_headers(event, body, delivery))

    def deployment(self, payload: object) -> httpx.Response:
        """Send a deployment of one's own."""
        body = json.dumps(payload).encode()
        return self.post("deploys", body, {"X-Plumbline-Signature-256": f"sha256={hexadecimal(body)}"})


@contextmanager
def receiving(workspace: Workspace, environment: Mapping[str, str] | None = None, **more: Any) -> Iterator[Sending]:  # noqa: ANN401
    """The receiver of a workspace over HTTP on a free loopback port."""
    port = free_port(0)
    sending = Sending(f"http://{LOOPBACK}:{port}")
    hooks = prepared_hooks(workspace, {"SECRET": SECRET} if environment is None else environment)
    application = receiver(hooks, Spool(workspace.state), sending.log.append, **more)
    server = uvicorn.Server(uvicorn.Config(application, host=LOOPBACK, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield sending
    finally:
        server.should_exit = True
        thread.join()
