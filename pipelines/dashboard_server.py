"""The dashboard as a local server: Streamlit on the loopback interface, with nothing sent anywhere."""

import importlib.util
from pathlib import Path

from pipelines.local_server import LOOPBACK, free_port, serve
from schemas.workspace import Workspace

DEFAULT_PORT = 8501


def serve_dashboard(workspace: Workspace, port: int, *, opens: bool = False) -> int:
    """Serve the newest snapshot of a workspace until stopped.

    Args:
        workspace: whose snapshots.
        port: 0 for any free one.
        opens: whether to open a browser, where there is a screen.

    Raises:
        InputError: the port is taken, or the server ended.
    """
    port = free_port(port)
    options = {
        "server.address": LOOPBACK,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "logger.level": "warning",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return serve(
        ["streamlit", "run", str(_app()), *flags],
        f"http://{LOOPBACK}:{port}",
        "/_stcore/health",
        {"PLUMBLINE_WORKSPACE": str(workspace.root)},
        says=f"Dashboard of {workspace.name}",
        opens=opens,
    )


def _app() -> Path:
    """The dashboard's script, found without importing it: it is another layer."""
    found = importlib.util.find_spec("dashboard")
    assert found is not None  # noqa: S101 -- part of this distribution
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).with_name("app.py")
