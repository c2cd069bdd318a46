"""The demo workspace's configuration."""

from pathlib import Path

from sample_data.company import CUT, UNITS
from sample_data.truths import BASELINE_END, BASELINE_START
from sample_data.workspace import workspace_toml
from schemas.workspace import load_workspace


def test_the_workspace_is_valid_and_names_a_baseline_for_every_tier(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text(workspace_toml())
    workspace = load_workspace(tmp_path)
    assert workspace.as_of == CUT
    assert {(each.start, each.end) for each in workspace.baselines.values()} == {(BASELINE_START, BASELINE_END)}
    assert set(workspace.baselines) == {1, 2, 3, 4}


def test_the_baselines_end_before_anything_changes() -> None:
    assert min(unit.onboarded for unit in UNITS if unit.onboarded) >= BASELINE_END


def test_every_production_environment_is_named(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text(workspace_toml())
    assert {unit.environment for unit in UNITS} == set(load_workspace(tmp_path).production.environments)
