"""Every page on the sample organisation, on a snapshot of an older version, on an empty one, and on none."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dashboard.snapshots import Snapshot
from dashboard.views import all_views
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from pipelines.write_brief import write_brief
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace
from tests.support.dashboard import open_page, text_of

MISSING = (
    *("recommendations", "definition_log", "comparisons", "source_status", "stage_gates", "failure_modes", "findings"),
    *("slowest_changes", "link_counts", "repo_dimension", "constraint_definitions", "record_links", "metric_gaps"),
    *("register_control_changes", "register_exceptions"),
)
"""Tables that an older version did not make."""
YEAR = "2026-Q3-year"
"""The window of the planted truths."""
OPENINGS = {
    "overview": "by risk tier. Events up to",
    "tier": "Where the time goes",
    "flow": "Most of the lead time lies in",
    "stability": "against each tier's baseline, uncontrolled.",
    "ai_cohorts": "AI took part in",
    "rollout": "The checklist of one phase for every tier",
    "integrity": "A constraint says what may not get worse while something else gets better",
    "data_quality": "records came in, and none was turned away.",
    "briefs": "The stability brief of October 2026.",
    "definitions": "What is measured, and what may not get worse.",
}
OLDER = {
    "tier": "made by an earlier version, which did not list them",
    "data_quality": "made by an earlier version, which did not count them",
    "rollout": "No rollout has been recorded",
}
"""What pages say of tables that an older version did not make."""
pytestmark = pytest.mark.timeout(300)  # the first test waits for the sample organisation to be built
PATHS = [view.path for view in all_views()]


@pytest.fixture(scope="module")
def sample(demo_workspace: Workspace) -> Path:
    return demo_workspace.root


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that was built with nothing in it."""
    root = tmp_path_factory.mktemp("empty")
    (root / "plumbline.toml").write_text('name = "Empty"\n', encoding="utf-8")
    workspace = load_workspace(root)
    Warehouse.open(workspace, write=True).close()
    run_build(workspace, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    return root


@pytest.fixture(scope="module")
def older(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's snapshot as an older version might have left it: tables and columns of today are missing."""
    root = tmp_path_factory.mktemp("older")
    ours, theirs = SnapshotFolder.of_workspace(sample), SnapshotFolder.of_workspace(root)
    shutil.copytree(ours.state / "snapshots", theirs.manifests)
    theirs.parts.mkdir()
    manifest = json.loads(theirs.manifest_path(theirs.current_id() or "").read_text(encoding="utf-8"))
    for missing in MISSING:
        del manifest["tables"][missing]
    for table in manifest["tables"].values():
        for part in table["parts"]:
            name = f"{part['sha256']}.parquet"
            frame = pl.read_parquet(ours.parts / name)
            frame.drop("claim", "not_judged", "is_provisional", strict=False).write_parquet(theirs.parts / name)
    # A name of its own: what was read of a snapshot is kept by its name.
    theirs.manifest_path("older").write_text(json.dumps({**manifest, "snapshot_id": "older"}), encoding="utf-8")
    theirs.pointer.write_text("older\n", encoding="utf-8")
    return root


@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_the_sample_organisation_is_drawn(path: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, path))
    assert OPENINGS[path] in said
    assert "Events up to 1 Nov 2026 00:00 UTC" in said
    assert "nan" not in said.split()
    assert "None" not in said.split()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_without_a_snapshot_says_what_to_do(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, tmp_path, path))
    assert "Nothing has been built yet" in said
    assert "plumbline load DIR" in said
    assert "plumbline build" in said


@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_an_empty_snapshot_says_what_is_missing(
    path: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = text_of(open_page(monkeypatch, empty, path))
    if all_views()[PATHS.index(path)].needs_window:
        assert "plumbline load DIR" in said
    assert "Events up to 1 Nov 2026" in said


@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_an_older_snapshot_is_drawn_from_what_it_has(
    path: str, older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = text_of(open_page(monkeypatch, older, path))
    assert "Events up to 1 Nov 2026" in said
    if path in OLDER:
        assert OLDER[path] in said


def test_a_page_of_a_rollout_that_nobody_recorded_says_what_to_do(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, empty, "rollout"))
    assert "Tiers 4, 3, 2 and 1 have not begun." in said
    assert "What is missing" in said


def test_no_page_reads_the_facts_whole(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    rows = Snapshot.rows

    def noted(snapshot: Snapshot, sql: str, *parameters: object) -> pl.DataFrame:
        asked.append(" ".join(sql.split()))
        return rows(snapshot, sql, *parameters)

    monkeypatch.setattr(Snapshot, "rows", noted)
    for path in PATHS:
        text_of(open_page(monkeypatch, sample, path, window=YEAR))
    text_of(open_page(monkeypatch, sample, "tier", team="lending", tier="2"))
    about_facts = [sql for sql in asked if re.search(r"\b(change|deployment)_facts\b", sql)]
    assert about_facts
    assert [sql for sql in about_facts if "repo_id in (" not in sql] == []


def test_the_overview_answers_the_question_first(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, window=YEAR)
    lead = next(element.value for element in app.html if "<h1" in element.value)
    assert re.search(r"Tiers 4, 3 and 2 got faster\. Tiers 3 and 2 paid for it; .*tier 4 did", lead)
    status = {button.key: button.label for button in app.button if (button.key or "").startswith("cell--")}
    assert status["cell--violated--speed_vs_escape--3"].startswith("**Violated** Rollback rate")
    assert status.keys() & {"cell--holds--speed_vs_escape--4", "cell--at_risk--speed_vs_escape--4"}
    assert status["cell--violated--median_vs_tail--2"].startswith("**Violated** 95th percentile of cycle time")
    assert "misleads" in status["cell--violated--mixture_vs_tiers--all"]


def test_a_cell_leads_to_its_explanation_and_the_records_behind_it(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(monkeypatch, sample, window=YEAR)
    app.button(key="cell--violated--median_vs_tail--2").click().run()
    said = text_of(app)
    assert app.query_params["verdict"] == "median_vs_tail:2"
    assert "Tier 2 · Median against tail" in said
    assert "95th percentile of cycle time of changes rose" in said
    assert "10 changes behind cycle time of changes" in said
    assert any("https://git.halyard.example/halyard/" in element.value for element in app.html)


def test_an_address_opens_the_same_view(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, "overview", window="2026-Q3-year", verdict="mixture_vs_tiers:all"))
    assert "The twelve months to September 2026 against" in said
    assert "All tiers mixed · Mixture against tiers" in said


def test_an_address_that_names_nothing_known_falls_back(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "tier", window="1999-Q9", tier="<b>7")
    assert "Tier 4, most critical · Q3 2026" in text_of(app)
    assert app.query_params == {}


def test_a_choice_lasts_from_page_to_page(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample)
    app.selectbox(key="choose-window").select("2026-Q2").run()
    assert app.query_params["window"] == "2026-Q2"
    app.query_params.clear()
    app.run()
    assert app.query_params["window"] == "2026-Q2"


@pytest.mark.parametrize("tier", ["4", "3", "2", "1", "all"])
def test_a_tier_shows_its_metric_tree_with_units_and_numbers(
    tier: str, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page(monkeypatch, sample, "tier", tier=tier)
    said = text_of(app)
    for metric in all_metrics().values():
        if metric.headline:
            assert metric.name in said
    assert "Slowest changes" in said or tier == "all"
    assert "n = " in said
    assert "95 % interval" in said


def test_other_metrics_stand_one_click_below(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, sample, "tier", tier="3")
    assert "Rework share" not in text_of(app)
    app.session_state["more-lagging"] = True
    app.run()
    assert "Rework share" in text_of(app)


def test_a_provisional_window_says_so(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Provisional: the window or its follow-up has not passed." in text_of(
        open_page(monkeypatch, sample, window="2026-Q4")
    )
    assert "Provisional" in text_of(open_page(monkeypatch, sample, "tier", window="2026-Q4", tier="3"))


@pytest.mark.parametrize("definition", [*all_metrics(), *all_constraints()])
def test_every_definition_has_its_sheet(definition: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text_of(open_page(monkeypatch, sample, "definitions", definition=definition))
    if definition in all_metrics():
        metric = all_metrics()[definition]
        assert " ".join(metric.formula.split()) in said
        assert f"{metric.id} {metric.version}" in said
        assert all(" ".join(caveat.split()) in said for caveat in metric.caveats)
    else:
        assert all_constraints()[definition].explanation in said


def test_a_brief_is_read_and_taken_along(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = SnapshotFolder.of_workspace(sample), SnapshotFolder.of_workspace(tmp_path)
    shutil.copytree(ours.manifests, theirs.manifests)
    theirs.parts.symlink_to(ours.parts)
    write_brief(load_workspace(sample), "2026-09", theirs.state / "briefs", ["md", "html"])
    write_brief(load_workspace(sample), "2026-10", theirs.state / "briefs", ["md"])
    app = open_page(monkeypatch, tmp_path, "briefs", brief="2026-09")
    said = text_of(app)
    assert "The stability brief of September 2026." in said
    buttons = [getattr(button, "label", "") for button in app.get("download_button")]
    assert buttons == ["HTML, one file that stands alone", "Markdown"]
    assert "Halyard" in said
    app.selectbox(key="choose-brief").select("2026-10").run()
    assert "The stability brief of October 2026." in text_of(app)


def test_a_newer_snapshot_is_followed(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = SnapshotFolder.of_workspace(sample), SnapshotFolder.of_workspace(tmp_path)
    app = open_page(monkeypatch, tmp_path)
    assert "Nothing has been built yet" in text_of(app)
    shutil.copytree(ours.state / "snapshots", theirs.manifests)
    theirs.parts.symlink_to(ours.parts)
    app.run()
    assert "Are we faster?" in text_of(app)


def test_a_snapshot_of_a_newer_version_or_with_a_damaged_part_is_told(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = SnapshotFolder.of_workspace(sample), SnapshotFolder.of_workspace(tmp_path)
    snapshot_id = ours.current_id() or ""
    manifest = json.loads(ours.manifest_path(snapshot_id).read_text(encoding="utf-8"))
    theirs.manifests.mkdir(parents=True)
    theirs.pointer.write_text("newer\n", encoding="utf-8")
    theirs.manifest_path("newer").write_text(json.dumps({**manifest, "format": 99}), encoding="utf-8")
    said = text_of(open_page(monkeypatch, tmp_path))
    assert "format 99 is newer than this version" in said
    theirs.pointer.write_text("lost\n", encoding="utf-8")
    theirs.manifest_path("lost").write_text(json.dumps({**manifest, "snapshot_id": "lost"}), encoding="utf-8")
    said = text_of(open_page(monkeypatch, tmp_path))
    assert "the snapshot cannot be read" in said
    assert "plumbline build" in said
