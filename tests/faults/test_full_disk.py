"""A disk that fills up while files are loaded: one line, exit 2, and what was there before is there after."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.support.workspaces import load_files, new_workspace, query

ROWS = 150_000


def _limit(size: int) -> Callable[[], None]:
    """Let no file of the child grow beyond a size, which fails as a full disk does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [100_000, 6_000_000], ids=["while the raw file is kept", "while the rows are written"])
def test_nothing_is_kept_of_a_load_that_found_no_room(tmp_path: Path, size: int) -> None:
    workspace = new_workspace(tmp_path / "workspace")
    load_files(workspace, {"repositories.csv": "repo_id\nr1\n"})
    raw = sorted(workspace.raw.iterdir())
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    ids = pl.int_range(ROWS, eager=True)
    frame = pl.DataFrame({
        "change_id": ids.hash(7).cast(pl.String), "repo_id": "r" + (ids % 7).cast(pl.String), "state": ["open"] * ROWS,
        "opened_at": ["2026-01-01T00:00:00Z"] * ROWS,
    })  # fmt: skip
    written = io.BytesIO()
    frame.write_parquet(written)
    (incoming / "changes.parquet").write_bytes(written.getvalue())
    assert 100_000 < len(written.getvalue()) < 6_000_000
    command = [sys.executable, "-m", "pipelines.cli", "--workspace", str(workspace.root), "load", str(incoming)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=_limit(size), check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "the disk is full" in done.stderr
    assert query(workspace, "SELECT (SELECT count(*) FROM repositories) AS r, (SELECT count(*) FROM changes) AS c") == [
        {"r": 1, "c": 0}
    ]
    assert sorted(workspace.raw.iterdir()) == raw
