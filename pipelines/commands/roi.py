"""`plumbline roi`: the ROI report of the newest snapshot, by quarter or at a phase's end."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--quarter", metavar="YYYYQn", help="Which quarter; by default the last that was complete at the snapshot's cut."
)
@click.option("--phase", help="A phase of the rollout instead: the report at its end.")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder to write to; here by default.",
)
@click.option("--format", "forms", default="html,pdf", show_default=True, help="Forms, separated by commas.")
@click.option(
    "--issue", is_flag=True, help="Keep it with its snapshot, for the dashboard, and send it to the channels."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of lines.")
@click.pass_obj
def command(
    workspace_folder: Path,
    quarter: str | None,
    phase: str | None,
    folder: Path | None,
    forms: str,
    *,
    issue: bool,
    as_json: bool,
) -> None:
    """Write the ROI report, one file a form: what improved, what was traded off, what it is worth, how sure that is.

    Money comes from the assumptions in plumbline.toml, [value], and from the registers team_capacity and spend.
    """
    from pipelines.brief_output import progress, show
    from pipelines.issue_brief import issue_report
    from pipelines.write_brief import write_report
    from schemas.workspace import load_workspace

    workspace = load_workspace(workspace_folder)
    names = [name.strip() for name in forms.split(",")]
    with progress() as tell:
        told = issue_report(workspace, quarter, phase, tell).told if issue else []
        written = write_report(workspace, quarter, phase, folder or Path(), names, tell)
    show(written, "phase" if phase else "quarter", told, as_json=as_json)
    if not as_json and written.summary:
        click.echo(f"{written.title}: {written.summary[-1]}")
