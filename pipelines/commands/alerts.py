"""`plumbline alerts`: findings and who has been told; a trial of every channel; what would be sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from schemas.workspace import Workspace

MODES = "--test, --dry-run and --deliver are three things; ask for one at a time"


@click.command()
@click.option("--test", "trial", is_flag=True, help="Send a trial message to every channel and print its answer.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent now; send nothing.")
@click.option("--deliver", is_flag=True, help="Send what waits, without a build.")
@click.option("--all", "closed", is_flag=True, help="List closed alerts as well.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output instead of text.")
@click.pass_obj
def command(workspace_folder: Path, trial: bool, dry_run: bool, deliver: bool, closed: bool, as_json: bool) -> None:
    """List the findings that are open, who took them, and who has been told.

    A finding is told once, when it opens, and again when it gets worse, is taken, or is over; builds send what is new.
    """
    from schemas.workspace import load_workspace

    if trial + dry_run + deliver > 1:
        raise click.UsageError(MODES)
    workspace = load_workspace(workspace_folder)
    if trial:
        _try(workspace, as_json)
    elif dry_run:
        _show_waiting(workspace, as_json)
    elif deliver:
        _deliver(workspace, as_json)
    else:
        _list(workspace, closed, as_json)


def _list(workspace: Workspace, closed: bool, as_json: bool) -> None:
    from pipelines.alerts.listing import alert_lines, listed_alerts

    alerts = listed_alerts(workspace, closed=closed)
    if as_json:
        click.echo(json.dumps(alerts, indent=1, ensure_ascii=False))
        return
    lines = [line for alert in alerts for line in alert_lines(alert)]
    click.echo("\n".join(lines or ["no finding is open"]))
    if not workspace.alerts.channels:
        click.echo("nobody is told: plumbline.toml has no [[alerts.channels]]", err=True)


def _try(workspace: Workspace, as_json: bool) -> None:
    from pipelines.alerts.delivery import World, try_channel
    from pipelines.alerts.wording import trial_note
    from schemas.errors import ConfigurationError, PlumblineError
    from schemas.workspace import FILE_NAME

    channels = workspace.alerts.channels
    where = str(workspace.root / FILE_NAME)
    if not channels:
        raise ConfigurationError("no channel is configured", where, "add an [[alerts.channels]] table")
    world = World()
    wrong = {
        channel.name: try_channel(workspace, channel, trial_note(workspace.name, channel.name, world.now()), world)
        for channel in channels
    }
    if as_json:
        answers = [{"channel": name, "delivered": not answer, "answer": answer} for name, answer in wrong.items()]
        click.echo(json.dumps(answers, indent=1, ensure_ascii=False))
    else:
        for name, answer in wrong.items():
            click.echo(f"{name}: {answer or 'taken'}")
    failed = [name for name, answer in wrong.items() if answer]
    if failed:
        raise PlumblineError(f"the trial was not taken by {', '.join(failed)}", where, "see the answers above")


def _show_waiting(workspace: Workspace, as_json: bool) -> None:
    from pipelines.alerts.after_build import would_send

    waiting = would_send(workspace)
    if as_json:
        rows = [
            {"channel": each.channel, "event": each.note.event, "title": each.note.title, "body": each.note.body}
            for each in waiting
        ]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for each in waiting:
        body = "".join(f"  {line}\n" for line in each.note.body.splitlines())
        click.echo(f"to {each.channel}: {each.note.title}\n{body}")
    messages = "1 message" if len(waiting) == 1 else f"{len(waiting)} messages"
    click.echo(f"{messages} would be sent" if waiting else "nothing would be sent")


def _deliver(workspace: Workspace, as_json: bool) -> None:
    from pipelines.alerts.delivery import deliver

    reports = deliver(workspace)
    if as_json:
        click.echo(json.dumps([vars(report) for report in reports], indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(map(str, reports)) or "nothing waits")
