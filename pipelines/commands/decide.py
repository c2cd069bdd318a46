"""`plumbline decide`: records what is done about a verdict, a gate, a finding or an exception."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

KINDS = ("verdict", "gate", "finding", "exception")


@click.command()
@click.argument("subject")
@click.option("--action", required=True, metavar="TEXT", help="What is done.")
@click.option("--owner", required=True, metavar="NAME", help="Who does it.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Until when (a date in the workspace's time zone).")
@click.option("--kind", type=click.Choice(KINDS), help="What SUBJECT is, where its id does not tell.")
@click.option("--note", metavar="TEXT", help="Anything else.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of text.")
@click.pass_obj
def command(
    workspace_folder: Path,
    subject: str,
    action: str,
    owner: str,
    due: datetime | None,
    kind: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Record in the register of decisions what is done about SUBJECT.

    SUBJECT is the id of a verdict (`plumbline check --json`), a gate (PHASE/CRITERION/TIER or PHASE/TIER), a finding
    (`plumbline alerts`) or an exception. The next build knows of it.
    """
    from pipelines.decide import decide
    from schemas.workspace import load_workspace

    workspace = load_workspace(workspace_folder)
    row = decide(workspace, subject, action, owner, due.date() if due else None, kind, note)
    if as_json:
        click.echo(json.dumps(row, indent=1, ensure_ascii=False))
    else:
        click.echo(
            f"{row['decision_id']}: {row['subject_kind']} {subject}, {action} ({owner}); written to the register"
        )
        if workspace.as_of:
            click.echo(f"This workspace shows {workspace.as_of:%Y-%m-%d}, so that is when it was decided.")
