"""The demo workspace: the sample organisation, its registers, and a plumbline.toml that fits."""

from pathlib import Path

from schemas.errors import InputError
from schemas.workspace import FILE_NAME, Workspace, load_workspace

MARK = "sample-organisation"
"""A file that says that a folder was made by `plumbline demo`, which may then renew it."""


def make_demo(folder: Path) -> Workspace:
    """Write the sample organisation as a workspace: events beside it, ready to be loaded, registers in their place.

    Args:
        folder: made if missing; what an earlier demo left there is renewed, anything else is left alone.

    Raises:
        InputError: the folder holds a workspace that no demo made.
    """
    from sample_data.organisation import write
    from sample_data.workspace import workspace_toml

    if (folder / FILE_NAME).exists() and not (folder / MARK).exists():
        raise InputError("is a workspace of your own", str(folder / FILE_NAME), "run the demo in another folder")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `plumbline demo`, which renews this folder; delete it as you like.\n", "utf-8")
    (folder / FILE_NAME).write_text(workspace_toml(), "utf-8")
    write(folder)
    return load_workspace(folder)
