"""`plumbline ack`: somebody takes a finding."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("finding_id", metavar="ID")
@click.option("--by", required=True, metavar="NAME", help="Who takes it.")
@click.option("--reason", required=True, metavar="TEXT", help="What is done about it, or why nothing has to be.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, finding_id: str, by: str, reason: str, as_json: bool) -> None:
    """Acknowledge the finding ID, as `plumbline alerts` lists it; whoever was told of it is told of this."""
    from pipelines.alerts.acknowledge import acknowledge
    from schemas.workspace import load_workspace

    alert, reports = acknowledge(load_workspace(workspace_folder), finding_id, by, reason)
    if as_json:
        click.echo(json.dumps({**vars(alert), "state": alert.state}, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{alert.finding_id}: acknowledged by {alert.acknowledged_by} at {alert.acknowledged_at}")
    for report in reports:
        click.echo(str(report), err=True)
