"""The receiver as a server: uvicorn in this process, until somebody stops it."""

import os
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn

from pipelines.hooks.prepared import prepared_hooks
from pipelines.hooks.receiver import Answered, receiver
from pipelines.hooks.spool import Spool
from pipelines.local_server import free_port
from schemas.errors import ConfigurationError
from schemas.workspace import FILE_NAME, Workspace

SECONDS_TO_FINISH = 10
"""How long deliveries at hand may still take when the receiver is stopped."""


def serve_hooks(workspace: Workspace, host: str, port: int, log: Callable[[Answered], None]) -> int:
    """Receive until stopped; returns the exit status.

    Args:
        workspace: whose hooks.
        host: the interface to listen on.
        port: 0 for any free one.
        log: told of every answer.

    Raises:
        ConfigurationError: no hook is configured, or one is wrong or without its secret.
        InputError: the port is taken.
    """
    hooks = prepared_hooks(workspace, os.environ)
    if not hooks:
        where = str(workspace.root / FILE_NAME)
        raise ConfigurationError(
            "no hook is configured", where, "add a [[hooks]] table, see docs/how-to/receive-webhooks.md"
        )
    for hook in hooks:
        hook.secrets()  # better told now than to the first sender
    port = free_port(port, host)
    application = receiver(hooks, Spool(workspace.state), log)
    server = _Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        ),
        [f"{hook.settings.kind} deliveries to http://{_shown(host)}:{port}/hooks/{hook.name}" for hook in hooks],
    )
    # Whoever ends us by a signal means the same as Ctrl-C; uvicorn finishes what is at hand, then raises it again.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run()
    except KeyboardInterrupt:
        return 0
    return 0 if server.started else 2


class _Server(uvicorn.Server):
    """Says its addresses once it listens, on standard error: standard output is the log."""

    def __init__(self, config: uvicorn.Config, lines: list[str]) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print("\n".join([*self._lines, "Stop with Ctrl-C"]), file=sys.stderr, flush=True)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
