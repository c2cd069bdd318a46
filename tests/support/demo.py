"""The sample organisation, built once for all tests, also where several processes share the work."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.workspace import Workspace, load_workspace
from tests.support.once import made_once


def built_demo(factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that `plumbline demo` makes, with its snapshot; whoever comes first builds it, the others wait."""
    return load_workspace(made_once(factory, "demo", _make))


def _make(folder: Path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "demo", "--no-serve"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"the sample organisation could not be built: {done.stderr}")
