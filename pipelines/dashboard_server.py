"""The dashboard as a server: Streamlit, open on the loopback interface, behind a log-in everywhere else."""

import importlib.util
import os
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.dashboard_secrets import secrets_file
from pipelines.local_server import LOOPBACK, free_port, serve
from schemas.access_settings import SERVED_VARIABLE, Served, is_loopback
from schemas.errors import InputError
from schemas.workspace import FILE_NAME, Workspace

DEFAULT_PORT = 8501
EVERY_INTERFACE = ("0.0.0.0", "::")  # noqa: S104 -- recognised, never chosen


def serve_dashboard(workspace: Workspace, port: int, *, host: str = LOOPBACK, opens: bool = False) -> int:
    """Serve the newest snapshot of a workspace until stopped.

    With `[access]` in the workspace's settings people log in, on whatever interface it is served.

    Args:
        workspace: whose snapshots.
        port: 0 for any free one.
        host: the interface to listen on; one beyond this machine needs `[access]`.
        opens: whether to open a browser, where there is a screen.

    Raises:
        InputError: the port is taken, the server ended, or the host lies beyond this machine and nobody could log in.
        ConfigurationError: the client's secret for the log-in is not where the settings say.
    """
    access = workspace.access
    if access is None and not is_loopback(host):
        raise InputError(
            "serves beyond this machine, and without a log-in everybody there could read it",
            f"--host {host}",
            f"say who may see it under [access] in {workspace.root / FILE_NAME}, or leave --host out",
        )
    port = free_port(port, host)
    options = _options(host, port)
    with ExitStack() as stack:
        if access is not None:
            options["secrets.files"] = str(stack.enter_context(secrets_file(workspace, access, os.environ)))
            # Behind a proxy the browser's origin is the public address; Streamlit must know it to accept it.
            options["browser.serverAddress"] = urlsplit(access.address).hostname or host
        flags = [f"--{name}={value}" for name, value in options.items()]
        shown = LOOPBACK if host in EVERY_INTERFACE else f"[{host}]" if ":" in host else host
        return serve(
            ["dashboard", "run", str(_app()), *flags],
            f"http://{shown}:{port}",
            "/_stcore/health",
            {
                "PLUMBLINE_WORKSPACE": str(workspace.root),
                "PYTHONSAFEPATH": "1",  # a folder called dashboard where the user stands is not ours
                SERVED_VARIABLE: Served(access=access, show_names=workspace.dashboard.show_names).model_dump_json(),
            },
            says=f"Dashboard of {workspace.name}" + (f", log-in at {access.address}" if access else ""),
            opens=opens,
        )


def _options(host: str, port: int) -> dict[str, str]:
    return {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "logger.level": "warning",
    }


def _app() -> Path:
    """The dashboard's script, found without importing it: it is another layer."""
    found = importlib.util.find_spec("dashboard")
    assert found is not None  # noqa: S101 -- part of this distribution
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).with_name("app.py")
