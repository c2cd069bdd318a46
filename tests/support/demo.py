"""The sample organisation, built once for all tests, also where several processes share the work."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.demo import make_demo
from pipelines.intake.load import load_folder
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace


def built_demo(factory: pytest.TempPathFactory) -> Workspace:
    """The demo workspace with its snapshot; whoever comes first builds it, the others wait."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with _alone(shared / "demo.lock"):
        folder = shared / "demo"
        if SnapshotFolder.of_workspace(folder).current_id() is None:
            workspace = make_demo(folder)
            with Warehouse.open(workspace, write=True) as warehouse:
                load_folder(warehouse, folder / "events")
            run_build(workspace)
        return load_workspace(folder)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
