"""`plumbline init`: a new workspace."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.pass_obj
def command(workspace_folder: Path, folder: Path | None) -> None:
    """Make a workspace in FOLDER (here by default): a commented plumbline.toml and empty registers."""
    from pipelines.new_workspace import make_workspace

    root = folder or workspace_folder
    made = make_workspace(root)
    click.echo(f"made {root / 'plumbline.toml'} and {len(made)} empty registers in {root / 'registers'}")
    click.echo(
        "next: say in plumbline.toml what your environments are, then `plumbline load DIR` and `plumbline build`"
    )
