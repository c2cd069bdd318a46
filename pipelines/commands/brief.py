"""`plumbline brief`: the monthly stability brief of the newest snapshot."""

from __future__ import annotations

import json
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
    default=Path(),
    help="Folder to write to; here by default.",
)
@click.option("--format", "forms", default="html,md", show_default=True, help="Forms, separated by commas.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output instead of lines.")
@click.pass_obj
def command(workspace_folder: Path, month: str | None, folder: Path, forms: str, as_json: bool) -> None:
    """Write the monthly stability brief, one file a form: verdicts by tier, what moved, what was done, what is next."""
    from pipelines.write_brief import write_brief
    from schemas.workspace import load_workspace

    written = write_brief(load_workspace(workspace_folder), month, folder, [name.strip() for name in forms.split(",")])
    if as_json:
        click.echo(
            json.dumps(
                {
                    "month": written.month,
                    "snapshot_id": written.snapshot_id,
                    "files": [str(file) for file in written.files],
                },
                indent=1,
            )
        )
    else:
        for file in written.files:
            click.echo(str(file))
