"""`plumbline serve-hooks`: the receiver of signed webhooks."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipelines.hooks.receiver import Answered


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8480, show_default=True, help="0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on; TLS is a proxy's work.")
@click.option("--json", "as_json", is_flag=True, help="The log as one JSON object a line.")
@click.pass_obj
def command(workspace_folder: Path, port: int, host: str, as_json: bool) -> int:
    """Receive signed deliveries of GitHub, GitLab, PagerDuty or any pipeline at /hooks/NAME.

    Senders and where their secrets are read from stand in plumbline.toml as [[hooks]]. A delivery is on disk before it
    is answered; the next ingest or build takes it in. One line of log a delivery, on standard output. Stops with
    Ctrl-C, after the deliveries at hand.
    """
    from pipelines.hooks.server import serve_hooks
    from schemas.workspace import load_workspace

    def log(answered: "Answered") -> None:
        click.echo(json.dumps(answered.as_facts()) if as_json else answered.as_text())

    return serve_hooks(load_workspace(workspace_folder), host, port, log)
