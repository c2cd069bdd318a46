"""`plumbline export`: a published table, whole."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("table")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output by default."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv", "json"]),
    help="By default what the file's name ends in, else CSV.",
)
@click.pass_obj
def command(workspace_folder: Path, table: str, output: Path | None, form: str | None) -> None:
    """Write the published TABLE of the newest snapshot: the contract's columns, instants in UTC."""
    from pipelines.export_table import export_table
    from schemas.workspace import load_workspace

    ending = output.suffix.removeprefix(".") if output else ""
    export_table(
        load_workspace(workspace_folder), table, output, form or (ending if ending in ("parquet", "json") else "csv")
    )
