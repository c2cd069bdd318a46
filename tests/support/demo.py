"""The sample organisation, built once for all tests, also where several processes share the work."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace


def built_demo(factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that `plumbline demo` makes, with its snapshot; whoever comes first builds it, the others wait."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with _alone(shared / "demo.lock"):
        folder = shared / "demo"
        if SnapshotFolder.of_workspace(folder).current_id() is None:
            command = [sys.executable, "-m", "pipelines.cli", "demo", "--no-serve"]
            done = subprocess.run(command, cwd=shared, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.fail(f"the sample organisation could not be built: {done.stderr}")
        return load_workspace(folder)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
