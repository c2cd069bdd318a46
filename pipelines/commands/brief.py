"""`plumbline brief`: the monthly stability brief of the newest snapshot."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--month", metavar="YYYY-MM", help="Which month; by default the last that was complete at the snapshot's cut."
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder to write to; here by default.",
)
@click.option("--format", "forms", default="html,md", show_default=True, help="Forms, separated by commas.")
@click.option(
    "--issue", is_flag=True, help="Keep it with its snapshot, for the dashboard, and send it to the channels."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of lines.")
@click.pass_obj
def command(
    workspace_folder: Path, month: str | None, folder: Path | None, forms: str, *, issue: bool, as_json: bool
) -> None:
    """Write the monthly stability brief, one file a form: verdicts by tier, what moved, what was done, what is next.

    A brief whose figures differ from the one made before is a new edition, says what changed, and leaves that one.
    """
    from pipelines.brief_output import progress, show
    from pipelines.issue_brief import issue_brief
    from pipelines.write_brief import write_brief
    from schemas.workspace import load_workspace

    workspace = load_workspace(workspace_folder)
    names = [name.strip() for name in forms.split(",")]
    with progress() as tell:
        told = issue_brief(workspace, month, tell).told if issue else []
        written = write_brief(workspace, month, folder or Path(), names, tell)
    show(written, "month", told, as_json=as_json)
