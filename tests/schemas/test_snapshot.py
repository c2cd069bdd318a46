"""Manifests are read as they were written, and refused when they come from a later version."""

from pathlib import Path

import pytest

from schemas.snapshot import FORMAT, FORMAT_WITH_OVERLAYS, Manifest, Part, SnapshotFolder, SnapshotTable

MANIFEST = Manifest(
    snapshot_id="20260101T000000Z-00000000",
    created_at="2026-01-01T00:00:00Z",
    as_of="2026-01-01T00:00:00Z",
    known_at=None,
    workspace="Größe",
    timezone="Europe/Berlin",
    definitions={"lead_time": "1"},
    tables={
        "change_facts": SnapshotTable((Part("a", 2, 10), Part("b", 3, 20))),
        "teams": SnapshotTable((), internal=True),
    },
)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert MANIFEST.tables["change_facts"].rows == 5


def test_a_manifest_of_a_later_format_is_refused() -> None:
    later = MANIFEST.to_json().replace(f'"format": {FORMAT}', f'"format": {FORMAT_WITH_OVERLAYS + 1}')
    with pytest.raises(ValueError, match="newer than this version"):
        Manifest.from_json(later)


def test_no_snapshot_before_the_first_build(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    assert folder.current_id() is None
    assert folder.current() is None


def test_the_pointer_names_the_current_snapshot(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.manifests.mkdir(parents=True)
    folder.manifest_path(MANIFEST.snapshot_id).write_text(MANIFEST.to_json(), encoding="utf-8")
    folder.pointer.write_text(MANIFEST.snapshot_id + "\n", encoding="utf-8")
    assert folder.current() == MANIFEST
