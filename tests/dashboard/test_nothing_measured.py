"""A figure without its records says what is missing and what would bring it; it is never a zero."""

from pathlib import Path

import pytest

from pipelines.intake.load import load_folder
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from schemas.workspace import load_workspace
from tests.support.dashboard import open_page, text_of
from tests.support.small_workspace import CONFIGURATION, small_events

NO_GATES = (
    "Not measured: no gate results or gate policies loaded; load gate_results or connect a source of checks, such as"
    " a code host, and fill in the register gate_policies."
)
NO_DEPLOYMENTS = "Not measured: no deployments loaded; load deployments or connect a source of deployments"


def changes_only(root: Path, *tables: str) -> Path:
    """A workspace into which only some tables were loaded."""
    (root / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    workspace = load_workspace(root)
    events = root / "events"
    events.mkdir()
    for name in tables:
        small_events()[name].write_parquet(events / f"{name}.parquet")
    with Warehouse.open(workspace, write=True) as warehouse:
        load_folder(warehouse, events)
    run_build(workspace)
    return root


def test_every_page_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = changes_only(tmp_path, "changes", "tier_assignments")
    tier = text_of(open_page(monkeypatch, root, "tier", tier="3"))
    assert NO_GATES in tier
    assert NO_DEPLOYMENTS in tier
    stability = text_of(open_page(monkeypatch, root, "stability"))
    assert stability.count(NO_DEPLOYMENTS) >= 3
    assert "Not measured: no incidents loaded; load incidents or connect a source of incidents" in stability


def test_without_a_tier_the_register_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = changes_only(tmp_path, "changes")
    assert "Say in the register tier_assignments which tier each repository has" in text_of(
        open_page(monkeypatch, root, "stability")
    )
