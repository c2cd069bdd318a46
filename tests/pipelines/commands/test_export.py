"""export: a published table of the newest snapshot, whole, in three forms."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.cli import run
from schemas.snapshot import Manifest, Part, SnapshotFolder, SnapshotTable
from schemas.workspace import Workspace
from tests.support.workspaces import new_workspace

LOG = {
    "kind": ["metric", "constraint"],
    "id": ["a", "b, c"],
    "version": ["1", "2"],
    "effective_at": [datetime(2026, 1, 1, 6, 30), datetime(2026, 1, 2, 0, 0, 0, 500)],  # noqa: DTZ001
    "owner": ["x", "y"],
    "change": ["made", 'says "more"'],
    "_internal": [1, 2],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with a snapshot of one table in two parts."""
    made = new_workspace(tmp_path / "w")
    folder = SnapshotFolder(made.state)
    folder.parts.mkdir(parents=True)
    folder.manifests.mkdir(parents=True)
    parts = []
    for row in pl.DataFrame(LOG).iter_slices(1):
        content = io.BytesIO()
        row.write_parquet(content)
        part = Part(hashlib.sha256(content.getvalue()).hexdigest(), 1, len(content.getvalue()))
        (folder.parts / part.name).write_bytes(content.getvalue())
        parts.append(part)
    manifest = Manifest(
        "s1",
        "2026-01-03T00:00:00Z",
        "2026-01-03T00:00:00Z",
        None,
        "test",
        "UTC",
        {},
        {"definition_log": SnapshotTable(tuple(parts))},
    )
    folder.manifest_path("s1").write_text(manifest.to_json())
    folder.pointer.write_text("s1\n")
    return made


def _export(workspace: Workspace, *arguments: str) -> int:
    return run(["--workspace", str(workspace.root), "export", "definition_log", *arguments])


def test_csv_goes_to_standard_output(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    assert _export(workspace) == 0
    assert capfd.readouterr().out == (
        "kind,id,version,effective_at,owner,change\n"
        "metric,a,1,2026-01-01T06:30:00Z,x,made\n"
        'constraint,"b, c",2,2026-01-02T00:00:00.000500Z,y,"says ""more"""\n'
    )


def test_json_and_parquet_hold_the_same(workspace: Workspace, tmp_path: Path) -> None:
    assert _export(workspace, "-o", str(tmp_path / "log.json")) == 0
    assert _export(workspace, "-o", str(tmp_path / "log.parquet")) == 0
    assert _export(workspace, "--format", "parquet", "-o", str(tmp_path / "log")) == 0
    rows = json.loads((tmp_path / "log.json").read_text())
    assert rows[1]["effective_at"] == "2026-01-02T00:00:00.000500Z"
    frame = pl.read_parquet(tmp_path / "log.parquet")
    assert frame.equals(pl.DataFrame(LOG).drop("_internal"))
    assert frame.equals(pl.read_parquet(tmp_path / "log"))
    assert [row["id"] for row in rows] == frame["id"].to_list()


def test_a_table_that_nothing_filled_is_exported_empty(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--workspace", str(workspace.root), "export", "baselines"]) == 0
    assert capfd.readouterr().out == "tier,baseline_start,baseline_end,frozen_at,set_by,reason\n"


def test_what_cannot_be_exported_is_told(
    workspace: Workspace, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["--workspace", str(workspace.root), "export", "changes"]) == 2
    assert "published are baselines" in capfd.readouterr().err
    assert _export(workspace, "-o", str(tmp_path / "no" / "such" / "log.csv")) == 2
    assert capfd.readouterr().err.count("\n") == 1
    new_workspace(tmp_path / "fresh")
    assert run(["--workspace", str(tmp_path / "fresh"), "export", "baselines"]) == 2
    assert "run `plumbline build`" in capfd.readouterr().err
