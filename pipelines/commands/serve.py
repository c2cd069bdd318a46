"""`plumbline serve`: the dashboard on the newest snapshot."""

from pathlib import Path

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8501, show_default=True, help="0 takes any free one.")
@click.pass_obj
def command(workspace_folder: Path, port: int) -> int:
    """Serve the dashboard on this machine, and follow to newer snapshots by itself."""
    from pipelines.dashboard_server import serve_dashboard
    from schemas.workspace import load_workspace

    return serve_dashboard(load_workspace(workspace_folder), port)
