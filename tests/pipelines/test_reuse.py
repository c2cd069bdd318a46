"""A build that takes over what the one before has measured publishes what a build of everything would."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

import pipelines.fact_tables
import pipelines.reuse
from metrics.definitions import all_metrics
from pipelines.build_store import BuildStore, Cut
from pipelines.carried_sums import CarriedSums
from pipelines.export_table import export_table
from pipelines.garbage import remove_unnamed_parts
from pipelines.intake.load import load_folder
from pipelines.kept_facts import made_again
from pipelines.reuse import RECORD, kept_parts, reused, settled_contrasts
from pipelines.run_build import run_build
from pipelines.warehouse import Warehouse
from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace, load_workspace
from tests.support.workspaces import new_workspace

FIRST = datetime(2024, 11, 4, 8)  # noqa: DTZ001 -- UTC, zone-less
CUT = datetime(2026, 8, 26, 12, tzinfo=UTC)
DAYS = (CUT.replace(tzinfo=None) - FIRST).days
LATER = CUT + timedelta(days=4)
LAST = CUT + timedelta(days=40)
CHANGES = 400
REPOSITORIES = [f"host:acme/r{number}" for number in range(6)]


def events(seed: int, count: int, first_day: float, last_day: float) -> dict[str, pl.DataFrame]:
    """Changes opened in some days since the first, with reviews, deployments and what went wrong."""
    random = np.random.default_rng(seed)
    opened = [FIRST + timedelta(days=float(day)) for day in np.sort(random.uniform(first_day, last_day, count))]
    merged = [
        start + timedelta(hours=float(hours))
        for start, hours in zip(opened, random.lognormal(2, 1, count), strict=True)
    ]
    repositories = random.choice(REPOSITORIES, count)
    names = [f"{seed}-{number}" for number in range(count)]
    changes = pl.DataFrame(
        {
            "change_id": names,
            "repo_id": repositories,
            "author": random.choice(["ann", "bob", "cem"], count),
            "ai_use": random.choice(["none", "assisted", "authored"], count),
            "state": "merged",
            "opened_at": opened,
            "merged_at": merged,
            "additions": random.integers(1, 300, count),
            "deletions": 1,
        }
    )
    deployed = changes.sample(fraction=0.4, seed=seed)
    deployments = deployed.select(
        "repo_id",
        deployment_id="change_id",
        status=pl.lit("success"),
        started_at=pl.col("merged_at") + timedelta(hours=1),
        finished_at=pl.col("merged_at") + timedelta(hours=2),
    )
    return {
        "changes": changes,
        "deployments": deployments,
        "reviews": changes.select(
            "change_id",
            review_id="change_id",
            reviewer=pl.Series(random.choice(["dan", "eve", "fay"], count)),
            state=pl.lit("approved"),
            submitted_at=pl.col("opened_at") + (pl.col("merged_at") - pl.col("opened_at")) / 2,
        ),
        "incidents": deployments.sample(fraction=0.1, seed=seed).select(
            "repo_id", incident_id="deployment_id", opened_at=pl.col("finished_at") + timedelta(hours=3)
        ),
        "defects": changes.sample(fraction=0.1, seed=seed).select(
            "repo_id",
            defect_id="change_id",
            found_in=pl.lit("production"),
            category=pl.lit("logic"),
            opened_at=pl.col("merged_at") + timedelta(days=4),
            caused_by_change_id="change_id",
        ),
    }


def load(workspace: Workspace, tables: dict[str, pl.DataFrame]) -> None:
    folder = workspace.root / "events"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    with Warehouse.open(workspace, write=True) as warehouse:
        load_folder(warehouse, folder)


def tables_of(workspace: Workspace) -> dict[str, str]:
    """The rows of every table that the last build has made, as SQL."""
    with BuildStore(workspace, Cut(CUT), CUT) as build:
        assert "metric_values" in build.built
        names = build.built.keys() - {"brief_documents"}  # which names its snapshot
        return {name: build.relation(name) for name in names}


def settled_comparisons(workspace: Workspace) -> Path:
    """The part with the comparisons that the next build may name again."""
    built = json.loads((workspace.state / "build.json").read_text())
    (part,) = built["comparisons"]["partitions"]["settled"]
    return SnapshotFolder(workspace.state).parts / f"{part['sha256']}.parquet"


def different_tables(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Tables of which one build has rows that the other has not, to the last bit."""
    assert one.keys() == other.keys()
    rows = "select 1 from (from {0} except all from {1}) limit 1"
    sides = {name: (one[name], other[name]) for name in one if one[name] != other[name]}
    return [
        name
        for name, (left, right) in sides.items()
        if duckdb.sql(rows.format(left, right)).fetchone() or duckdb.sql(rows.format(right, left)).fetchone()
    ]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Twenty-two months of a small organisation, built once as if it were a large one."""
    made = new_workspace(tmp_path_factory.mktemp("reuse"), 'timezone = "Europe/Berlin"')
    registers = {
        "repositories": pl.DataFrame({"repo_id": REPOSITORIES, "team": ["red", "red", "blue", "blue", "green", None]}),
        "tier_assignments": pl.DataFrame(
            {"repo_id": REPOSITORIES[:5], "tier": [1, 2, 2, 3, 4], "valid_from": FIRST - timedelta(days=90)}
        ),
    }
    load(made, registers | events(1, CHANGES, 0, DAYS - 5))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pipelines.reuse, "CHANGES_WORTH_KEEPING", 1)
        patched.setattr(pipelines.fact_tables, "CHANGES_WORTH_FOLLOWING", 1)
        run_build(made, as_of=CUT)
        yield made


def assert_refresh_is_full(workspace: Workspace, cut: datetime = CUT) -> str | None:
    """Build on what is kept, then everything; tells what was taken over."""
    run_build(workspace, as_of=cut)
    refreshed, said = tables_of(workspace), reused(workspace.state)
    run_build(workspace, as_of=cut, full=True)
    assert reused(workspace.state) is None
    assert different_tables(refreshed, tables_of(workspace)) == []
    return said


def test_new_events(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made, is_carried = CarriedSums.content, dict[tuple[str, bool], bool]()

    def noted(self: CarriedSums, build: BuildStore) -> str:
        query = made(self, build)
        is_carried[self.name, build.is_full] = query != self.query.format(source=build.relation(self.source))
        return query

    monkeypatch.setattr(CarriedSums, "content", noted)
    load(workspace, events(2, 40, DAYS - 5, DAYS))
    said = assert_refresh_is_full(workspace)
    assert said is not None
    assert "measured again since 2026-0" in said
    names = ("team_months", "link_counts", "review_counts")
    assert is_carried == {(name, is_full): not is_full for name in names for is_full in (False, True)}


def test_nothing_new(workspace: Workspace) -> None:
    before = tables_of(workspace)
    run_build(workspace, as_of=CUT)
    assert str(reused(workspace.state)).endswith("metrics, as they were")
    assert different_tables(before, tables_of(workspace)) == []


def test_comparisons_of_settled_windows_are_named_again(workspace: Workspace) -> None:
    before = settled_comparisons(workspace)
    load(workspace, events(6, 10, DAYS - 3, DAYS))
    run_build(workspace, as_of=CUT)
    assert settled_comparisons(workspace) == before
    assert pl.read_parquet(before)["note"].str.contains("Control changes since").sum() == 0
    control = {"control_change_id": ["c1"], "layer": ["gates"], "summary": ["Two eyes more"]}
    load(workspace, {"control_changes": pl.DataFrame(control | {"effective_at": [FIRST + timedelta(days=200)]})})
    assert assert_refresh_is_full(workspace) is not None
    told = pl.read_parquet(settled_comparisons(workspace))["note"].str.contains("Control changes since")
    assert told.sum() > 0


def arrived(name: str, team: str, tier: int) -> dict[str, pl.DataFrame]:
    """A repository of which there was nothing before, and what it brings."""
    mine = {"repo_id": [name]}
    registers = {
        "repositories": pl.DataFrame(mine | {"team": [team]}),
        "tier_assignments": pl.DataFrame(mine | {"tier": [tier], "valid_from": [FIRST + timedelta(days=DAYS)]}),
    }
    told = events(7 + tier, 12, DAYS, DAYS + 4)
    return registers | {
        table: rows.with_columns(repo_id=pl.lit(name)) if "repo_id" in rows.columns else rows
        for table, rows in told.items()
    }


def test_a_later_cut_and_repositories_and_teams_that_are_new(workspace: Workspace, tmp_path: Path) -> None:
    """By their names they come before and between the others."""
    load(workspace, events(3, 20, DAYS, DAYS + 4))
    for name, team, tier in (("host:acme/a", "amber", 1), ("host:acme/r30", "cyan", 2), ("host:acme/z", "red", 3)):
        load(workspace, arrived(name, team, tier))
    run_build(workspace, as_of=LATER)
    assert str(made_again(workspace.state)).startswith("facts of all but")
    assert "measured again since 2026-0" in str(reused(workspace.state))
    refreshed, exported = tables_of(workspace), []
    for is_full in (False, True):
        if is_full:
            run_build(workspace, as_of=LATER, full=True)
        for table in ("change_facts", "deployment_facts"):
            export_table(workspace, table, tmp_path / table, "csv")
            exported.append((tmp_path / table).read_bytes())
    assert exported[:2] == exported[2:]
    assert different_tables(refreshed, tables_of(workspace)) == []


def test_a_new_quarter_and_late_events_of_the_one_before(workspace: Workspace) -> None:
    load(workspace, events(4, 12, DAYS - 50, DAYS))
    load(workspace, events(5, 40, DAYS + 4, DAYS + 38))
    assert assert_refresh_is_full(workspace, LAST) is not None


def test_corrections_of_long_ago_a_tier_that_changes_and_settings_that_do(workspace: Workspace) -> None:
    rows = events(1, CHANGES, 0, DAYS - 5)
    old = rows["changes"].slice(40, 2).with_columns(merged_at=pl.col("merged_at") + timedelta(hours=9))
    gone = {
        "deployments": rows["deployments"].sort("finished_at").slice(50, 3).with_columns(deleted=True),
        "reviews": rows["reviews"].tail(2).with_columns(deleted=True),
    }
    moved = pl.DataFrame({"repo_id": REPOSITORIES[5:], "tier": [4], "valid_from": [FIRST + timedelta(days=600)]})
    load(workspace, {"changes": old, "tier_assignments": moved} | gone)
    configuration = workspace.root / "plumbline.toml"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(f"{text}\n[links]\nincident_attribution_hours = 2\n", encoding="utf-8")
    assert_refresh_is_full(load_workspace(workspace.root), LAST)


def test_what_the_next_build_needs_is_not_removed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.garbage.GRACE_SECONDS", -1.0)
    folder = SnapshotFolder(workspace.state)
    remove_unnamed_parts(folder, {})
    kept = kept_parts(workspace.state)
    assert len(kept) > len(all_metrics())
    assert all((folder.parts / name).exists() for name in kept)


def test_what_was_kept_and_is_gone_is_measured(workspace: Workspace) -> None:
    before = tables_of(workspace)
    stored = json.loads((workspace.state / RECORD).read_text())
    part = stored["metrics"]["pr_cycle_time"]["ledger"][0]["sha256"]
    (SnapshotFolder(workspace.state).parts / f"{part}.parquet").unlink()
    run_build(load_workspace(workspace.root), as_of=LAST)
    assert reused(workspace.state) is None
    after = tables_of(workspace)
    # What only a build reads has been removed with what no snapshot names.
    assert different_tables(before, {name: after[name] for name in before}) == []


def test_what_another_version_of_the_program_kept_is_nothing_in_whatever_form(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = workspace.state / RECORD
    text = record.read_text()
    assert kept_parts(workspace.state) != set()
    record.write_text(json.dumps({"program": "another", "metrics": {"pr_cycle_time": []}, "relations": {"a": []}}))
    assert kept_parts(workspace.state) == set()
    assert settled_contrasts(workspace.state) == ()
    monkeypatch.setattr(pipelines.reuse, "program", lambda: "a newer one")
    record.write_text(text)
    assert kept_parts(workspace.state) == set()


def test_a_record_that_cannot_be_read_is_none(workspace: Workspace) -> None:
    (workspace.state / RECORD).write_text("{")
    assert reused(workspace.state) is None
    assert kept_parts(workspace.state) == set()


def test_a_small_organisation_keeps_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines.reuse, "CHANGES_WORTH_KEEPING", 200_000)
    run_build(workspace, as_of=CUT)
    assert not (workspace.state / RECORD).exists()
    assert reused(workspace.state) is None
