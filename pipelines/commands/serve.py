"""`plumbline serve`: the dashboard on the newest snapshot."""

from pathlib import Path

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8501, show_default=True, help="0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface; others than this need a log-in.")
@click.pass_obj
def command(workspace_folder: Path, port: int, host: str) -> int:
    """Serve the dashboard, and follow to newer snapshots by itself.

    On this machine it is open. Beyond it (--host) it refuses to start until [access] in plumbline.toml says who may
    see it; people then log in at your OIDC provider.
    """
    from pipelines.dashboard_server import serve_dashboard
    from schemas.workspace import load_workspace

    return serve_dashboard(load_workspace(workspace_folder), port, host=host)
