"""Nothing that a manifest, a pin or a build in work names is ever removed."""

import os
from dataclasses import replace
from pathlib import Path

from pipelines.garbage import GRACE_SECONDS, SNAPSHOTS_KEPT, remove_unnamed_parts
from schemas.snapshot import Part, SnapshotFolder, SnapshotTable
from tests.schemas.test_snapshot import MANIFEST


def folder_with(tmp_path: Path, snapshots: int) -> SnapshotFolder:
    """Snapshots 0 (oldest) to N-1, each with a part called like its number, all long past the time of grace."""
    folder = SnapshotFolder(tmp_path)
    folder.parts.mkdir()
    folder.manifests.mkdir()
    for number in range(snapshots):
        table = SnapshotTable((Part(f"part{number}", 1, 1),))
        manifest = replace(MANIFEST, snapshot_id=f"{number:04}", tables={"change_facts": table})
        write_old(folder.manifest_path(manifest.snapshot_id), manifest.to_json())
        write_old(folder.parts / table.parts[0].name, "")
    folder.pointer.write_text(f"{snapshots - 1:04}\n")
    return folder


def write_old(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    before = path.stat().st_mtime - 2 * GRACE_SECONDS
    os.utime(path, (before, before))


def test_the_newest_snapshots_are_kept_with_their_parts(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, SNAPSHOTS_KEPT + 2)
    assert sorted(remove_unnamed_parts(folder, {})) == ["0000.json", "0001.json", "part0.parquet", "part1.parquet"]
    assert folder.current() is not None
    assert len(list(folder.parts.iterdir())) == SNAPSHOTS_KEPT


def test_a_pinned_snapshot_is_kept_for_good(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, SNAPSHOTS_KEPT + 2)
    folder.pins.mkdir()
    (folder.pins / "0000").write_text("brief of January\n")
    assert sorted(remove_unnamed_parts(folder, {})) == ["0001.json", "part1.parquet"]


def test_parts_of_the_build_in_work_and_young_files_are_kept(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 1)
    write_old(folder.parts / "work.parquet", "")
    write_old(folder.parts / "stray.parquet", "")
    (folder.parts / "young.parquet").write_text("")
    assert remove_unnamed_parts(folder, {"t": SnapshotTable((Part("work", 1, 1),))}) == ["stray.parquet"]
