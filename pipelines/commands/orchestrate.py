"""`plumbline orchestrate`: Dagster's web server with the assets and schedules of the workspace."""

from pathlib import Path

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=3000, show_default=True, help="0 takes any free one.")
@click.pass_obj
def command(workspace_folder: Path, port: int) -> int:
    """Show the assets, run them, and let the schedules build by themselves, until stopped."""
    from pipelines.local_server import LOOPBACK, free_port, serve
    from schemas.workspace import load_workspace

    workspace = load_workspace(workspace_folder)
    home = workspace.state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    port = free_port(port)
    return serve(
        ["dagster", "dev", "-m", "pipelines.definitions", "-h", LOOPBACK, "-p", str(port), "--log-level", "warning"],
        f"http://{LOOPBACK}:{port}",
        "/server_info",
        {
            "DAGSTER_HOME": str(home),
            "PLUMBLINE_WORKSPACE": str(workspace.root),
            # The command that shall replace this one is not part of Dagster itself.
            "PYTHONWARNINGS": "ignore:Function `dev_command` is superseded",
        },
        says=f"Dagster on {workspace.name}",
    )
