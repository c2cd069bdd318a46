"""Registers are read again when they change, and a row that vanished from its file is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.intake.known_at import rebuild_known_at
from pipelines.intake.registers import load_registers, registers_changed
from pipelines.warehouse import Warehouse
from schemas.errors import ConfigurationError
from schemas.workspace import Workspace
from tests.support.workspaces import NOON, load_files, new_workspace, query, write_files

HEAD = "repo_id,tier,valid_from\n"


def _read(workspace: Workspace, day: int, **files: str) -> int:
    write_files(workspace.registers_folder, {f"{name}.csv": content for name, content in files.items()})
    with Warehouse.open(workspace, write=True) as warehouse:
        reports = load_registers(warehouse, now=NOON + timedelta(days=day))
        assert not registers_changed(warehouse)
    return len(reports)


def _tiers(workspace: Workspace) -> dict[str, int]:
    return {row["repo_id"]: row["tier"] for row in query(workspace, "SELECT repo_id, tier FROM tier_assignments")}


def test_a_register_is_the_full_state_of_its_file(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    load_files(workspace, {"tier_assignments.csv": HEAD + "loaded,1,2026-01-01\n"})
    assert _read(workspace, 1, tier_assignments=HEAD + "a,4,2026-01-01\nb,3,2026-01-01\n") == 1
    assert _read(workspace, 2) == 0
    assert _tiers(workspace) == {"loaded": 1, "a": 4, "b": 3}
    _read(workspace, 3, tier_assignments=HEAD + "a,2,2026-01-01\n")
    assert _tiers(workspace) == {"loaded": 1, "a": 2}
    _read(workspace, 4, tier_assignments=HEAD + "a,2,2026-01-01\nb,3,2026-01-01\n")
    assert _tiers(workspace) == {"loaded": 1, "a": 2, "b": 3}
    (workspace.registers_folder / "tier_assignments.csv").unlink()
    _read(workspace, 5)
    assert _tiers(workspace) == {"loaded": 1}
    assert _read(workspace, 6) == 0


def test_a_row_that_was_broken_keeps_its_last_good_version_and_is_told_until_mended(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    _read(workspace, 1, tier_assignments=HEAD + "a,4,2026-01-01\n")
    _read(workspace, 2, tier_assignments=HEAD + "a,5,2026-01-01\n")
    assert _tiers(workspace) == {"a": 4}
    assert query(workspace, 'SELECT "column", source FROM warehouse.quarantine') == [
        {"column": "tier", "source": "registers/tier_assignments.csv"}
    ]
    _read(workspace, 3, tier_assignments=HEAD + "b,3,2026-01-01\n")
    assert query(workspace, "FROM warehouse.quarantine") == []
    assert _tiers(workspace) == {"b": 3}


def test_a_register_of_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tiers\.csv: is no register; registers are attestations"):
        _read(new_workspace(tmp_path), 1, tiers="a\n")


def test_what_was_known_at_an_instant_is_rebuilt_from_the_kept_files(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    head = "repo_id,name,observed_at\n"
    load_files(
        workspace, {"repositories.csv": head + "r1,old,2026-01-01T00:00:00Z\nr2,old,2026-01-01T00:00:00Z\n"}, NOON
    )
    _read(workspace, 1, tier_assignments=HEAD + "r1,4,2026-01-01\n")
    load_files(workspace, {"repositories.csv": head + "r1,new,2026-01-05T00:00:00Z\n"}, NOON + timedelta(days=2))
    load_files(workspace, {"repositories.csv": "repo_id,name\nr3,late\n"}, NOON + timedelta(days=3))
    _read(workspace, 4, tier_assignments=HEAD + "r1,2,2026-01-01\nr2,2,2026-01-01\n")

    def known(instant: datetime) -> tuple[dict[str, str], dict[str, int]]:
        target = tmp_path / "known.duckdb"
        rebuild_known_at(workspace, instant, target)
        with Warehouse.open(workspace, write=False, path=target) as warehouse:
            warehouse.create_event_views()
            names = {row["repo_id"]: row["name"] for row in warehouse.rows("SELECT repo_id, name FROM repositories")}
            return names, {
                row["repo_id"]: row["tier"] for row in warehouse.rows("SELECT repo_id, tier FROM tier_assignments")
            }

    assert known(datetime(2025, 1, 1, tzinfo=UTC)) == ({}, {})
    assert known(datetime(2026, 1, 2, tzinfo=UTC)) == ({"r1": "old", "r2": "old"}, {})
    assert known(NOON + timedelta(days=2)) == ({"r1": "new", "r2": "old"}, {"r1": 4})
    assert known(NOON + timedelta(days=9)) == ({"r1": "new", "r2": "old", "r3": "late"}, {"r1": 2, "r2": 2})
