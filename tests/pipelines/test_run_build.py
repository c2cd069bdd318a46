"""A build publishes all or nothing, and the same input gives the same parts."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

import pipelines.stages.facts
import pipelines.stages.verdicts
from metrics.definitions import all_metrics
from metrics.verdicts import SCHEMA, Verdicts
from pipelines.alerts.ledger import copy_of_ledger
from pipelines.build_store import BuildStore, Cut
from pipelines.cli import run
from pipelines.run_build import run_build
from pipelines.snapshot_reader import open_snapshot
from pipelines.stages_in_order import TableRejected
from schemas.errors import NoSnapshot, PlumblineError, WarehouseError, WarehouseLocked
from schemas.snapshot import Manifest, SnapshotFolder
from schemas.workspace import Workspace, load_workspace
from tests.support.small_workspace import CHANGES, CONFIGURATION, built_small_workspace, make_small_workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The small workspace, built once by `first`."""
    return make_small_workspace(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def first(workspace: Workspace) -> Manifest:
    return run_build(workspace)


def hashes(manifest: Manifest) -> dict[str, list[str]]:
    """What the tables hold; the brief is left out, since it names its snapshot."""
    tables = {name: table for name, table in manifest.tables.items() if name != "brief_documents"}
    return {name: [part.sha256 for part in table.parts] for name, table in tables.items()}


WITHOUT_PANDAS = """
import sys
from pathlib import Path
from pipelines.run_build import run_build
from schemas.workspace import load_workspace

run_build(load_workspace(Path(sys.argv[1])))
print("pandas" in sys.modules)
"""


def test_a_build_asks_the_database_nothing_for_which_pandas_is_imported(tmp_path: Path) -> None:
    folder = make_small_workspace(tmp_path).root
    asked = [sys.executable, "-c", WITHOUT_PANDAS, str(folder)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.split()[-1] == "False"


def test_a_build_publishes_what_it_says(workspace: Workspace, first: Manifest) -> None:
    assert SnapshotFolder(workspace.state).current() == first
    assert first.tables["change_facts"].rows == CHANGES
    assert first.as_of == "2026-07-01T00:00:00Z"
    assert first.definitions["pr_cycle_time"]
    with open_snapshot(workspace) as snapshot:
        rows = snapshot.rows(
            "select n, value from metric_values where metric = 'pr_cycle_time' and grain = 'quarter' and tier = '3'"
            " and segment_kind = 'all' and statistic = 'mean' order by window_start"
        )
        facts = snapshot.rows(
            "select count(*) as merged from change_facts where merged_at < timestamp '2026-03-31 22:00'"
        )
    assert rows[0]["n"] == facts[0]["merged"]
    assert 2 < float(str(rows[0]["value"])) < 8


def test_a_build_compares_its_findings_with_what_was_told(workspace: Workspace, first: Manifest) -> None:
    with copy_of_ledger(workspace.state) as ledger:
        assert ledger.last_look() == datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)


def test_two_builds_of_the_same_input_give_the_same_parts(workspace: Workspace, first: Manifest) -> None:
    assert hashes(run_build(workspace)) == hashes(first)


def test_a_cut_leaves_out_what_happened_later(workspace: Workspace, first: Manifest) -> None:
    manifest = run_build(workspace, as_of=datetime(2026, 3, 1, tzinfo=UTC))
    assert 0 < manifest.tables["change_facts"].rows < CHANGES
    assert manifest.as_of == "2026-03-01T00:00:00Z"
    assert first.snapshot_id != manifest.snapshot_id


def test_nothing_was_known_before_it_was_loaded(workspace: Workspace, first: Manifest) -> None:
    manifest = run_build(workspace, known_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert manifest.tables["change_facts"].rows == 0
    assert manifest.known_at == "2026-01-01T00:00:00Z"
    assert not list((workspace.state / "tmp").glob("known-at*"))


@pytest.mark.parametrize(
    "error", [PlumblineError("the register overlaps", "row 3", "mend it"), duckdb.IOException("disk")]
)
def test_a_failing_asset_leaves_the_last_snapshot(
    workspace: Workspace, first: Manifest, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    served = SnapshotFolder(workspace.state).current_id()

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pipelines.stages.facts, "make_facts", fail)
    with pytest.raises(type(error), match=str(error)):
        run_build(workspace)
    assert SnapshotFolder(workspace.state).current_id() == served


def test_a_table_that_breaks_its_schema_is_not_published(
    workspace: Workspace, first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = SnapshotFolder(workspace.state).current_id()
    row = {name: "text" for name, kind in SCHEMA.items() if kind == pl.String()}
    frame = pl.DataFrame([row | {"grain": "month", "claim": "none", "status": "splendid"}], schema=SCHEMA).with_columns(
        pl.col(pl.Date).fill_null(date(2026, 1, 1)), is_provisional=pl.lit(value=False)
    )
    monkeypatch.setattr(pipelines.stages.verdicts, "judged", lambda *_, **__: Verdicts([], frame))
    with pytest.raises(TableRejected, match="splendid"):
        run_build(workspace)
    assert SnapshotFolder(workspace.state).current_id() == served


def test_a_changed_register_counts_in_the_next_build(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = built_small_workspace(tmp_path_factory, tmp_path)
    workspace.registers_folder.mkdir(exist_ok=True)
    register = workspace.registers_folder / "tier_assignments.csv"
    register.write_text("repo_id,service,tier,valid_from\nhost:acme/one,,1,2020-01-01\nhost:acme/two,,4,2020-01-01\n")
    with pytest.raises(PlumblineError, match="two tiers at once"):
        run_build(workspace)
    register.write_text("service,tier,valid_from\nhost:acme/one,1,2020-01-01\n")
    run_build(workspace)
    with open_snapshot(workspace) as snapshot:
        tiers = snapshot.rows("select tier, count(*) as n from change_facts group by tier order by tier")
    assert tiers == [{"tier": 1, "n": CHANGES / 2}, {"tier": 3, "n": CHANGES / 2}]


def test_without_anything_loaded_the_error_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text(CONFIGURATION)
    with pytest.raises(WarehouseError, match="plumbline load"):
        run_build(load_workspace(tmp_path))
    with pytest.raises(NoSnapshot, match="plumbline build"), open_snapshot(load_workspace(tmp_path)):
        pass


def test_two_builds_do_not_run_at_once(workspace: Workspace, first: Manifest) -> None:
    cut = datetime.fromisoformat("2026-07-01T00:00:00")
    with (
        BuildStore(workspace, Cut(cut), cut),
        pytest.raises(WarehouseLocked, match="another build"),
    ):
        run_build(workspace)


def test_a_named_baseline_stays_frozen_until_it_is_changed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace = built_small_workspace(tmp_path_factory, tmp_path)
    log = json.loads((workspace.state / "baselines.json").read_text())
    run_build(workspace)
    assert json.loads((workspace.state / "baselines.json").read_text()) == log
    (tmp_path / "plumbline.toml").write_text(CONFIGURATION.replace("2026-03-31", "2026-02-28"))
    run_build(load_workspace(tmp_path))
    changed = json.loads((workspace.state / "baselines.json").read_text())
    assert [entry["end"] for entry in changed] == ["2026-03-31", "2026-02-28"]


def test_a_metric_without_rows_says_why_on_the_command_line(
    workspace: Workspace, first: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert first.tables["metric_gaps"].internal
    run_build(workspace)  # the tests before have looked at other cuts
    assert run(["--workspace", str(workspace.root), "status", "--json"]) == 0
    gaps = {gap["metric"]: gap for gap in json.loads(capsys.readouterr().out)["metrics_without_rows"]}
    reason = "no test runs loaded; load test_runs or connect a source of test runs, such as a build server"
    assert gaps["flaky_test_rate"] == {
        "metric": "flaky_test_rate",
        "tier": "all",
        "tables": ["test_runs"],
        "reason": reason,
    }
    with open_snapshot(workspace) as snapshot:
        measured = {row["metric"] for row in snapshot.rows("select distinct metric from metric_values")}
    assert set(all_metrics()) == measured | {name for name, gap in gaps.items() if gap["tier"] == "all"}
    assert not measured & {name for name, gap in gaps.items() if gap["tier"] == "all"}
    assert run(["--workspace", str(workspace.root), "metrics", "flaky_test_rate"]) == 0
    assert reason in " ".join(capsys.readouterr().out.split())
    assert run(["--workspace", str(workspace.root), "metrics", "throughput", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["without_figures"] == []
