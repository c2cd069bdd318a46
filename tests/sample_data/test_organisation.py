"""The sample organisation's tables: what the contract asks of them, and that every shape of the field occurs."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sample_data.company import REPOSITORIES, TEAMS, UNITS
from sample_data.organisation import generate, write
from schemas.events import all_tables
from schemas.tables import Column, EventTable

CUT = datetime(2026, 11, 1)  # noqa: DTZ001 -- the tables' instants are zone-less UTC
TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "float": pl.Float64(),
    "boolean": pl.Boolean(),
    "instant": pl.Datetime("us"),
    "date": pl.Date(),
    "list": pl.List(pl.String()),
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return generate()


def completed(frame: pl.DataFrame, model: type[EventTable]) -> pl.DataFrame:
    """The frame with the columns that it leaves to their defaults."""

    def default(column: Column) -> object:
        is_plain = isinstance(column.default, str | bool | int | float)
        return column.default if is_plain and not column.nullable else None

    absent = [column for column in model.table_columns() if column.name not in frame.columns]
    return frame.with_columns(pl.lit(default(each), dtype=TYPES[each.type]).alias(each.name) for each in absent)


@pytest.mark.parametrize("name", all_tables())
def test_every_table_of_the_contract_keeps_its_schema(tables: dict[str, pl.DataFrame], name: str) -> None:
    model = all_tables()[name]
    frame = tables[name]
    assert frame.height > 0
    assert {column.name: column.type for column in model.table_columns()}.keys() >= set(frame.columns)
    model.validate(completed(frame, model))
    assert not frame.select(model.table_key()).is_duplicated().any()


PARENTS = [
    (name, column.name, column.parent)
    for name, model in all_tables().items()
    for column in model.table_columns()
    if column.parent
]


@pytest.mark.parametrize(("table", "column", "parent"), PARENTS)
def test_every_named_parent_exists(tables: dict[str, pl.DataFrame], table: str, column: str, parent: str) -> None:
    parent_table, key = parent.split(".")
    named = tables[table][column].drop_nulls()
    assert not named.is_empty()
    assert named.is_in(tables[parent_table][key].implode()).all()


def test_nothing_happens_after_the_cut(tables: dict[str, pl.DataFrame]) -> None:
    planned = {"expires_at", "review_due", "due_at"}
    for name, frame in tables.items():
        for column, kind in frame.schema.items():
            if isinstance(kind, pl.Datetime) and column not in planned:
                assert frame[column].drop_nulls().lt(CUT).all(), f"{name}.{column}"


def test_the_seed_decides_everything() -> None:
    first, again, other = generate(1), generate(1), generate(2)
    for name in first:
        assert_frame_equal(first[name], again[name])
    assert not first["changes"].equals(other["changes"])


def test_the_company_has_the_promised_size(tables: dict[str, pl.DataFrame]) -> None:
    assert len(REPOSITORIES) == 40
    assert len(TEAMS) == 12
    assert {unit.tier for unit in UNITS} == {1, 2, 3, 4}
    assert {unit.team for unit in UNITS} == {team.name for team in TEAMS}
    assert 20_000 <= tables["changes"].height <= 30_000
    at_least_eight = [sum(unit.tier == tier for unit in UNITS) >= 8 for tier in (1, 2, 3, 4)]
    assert all(at_least_eight), "fewer repositories would leave the intervals to few degrees of freedom"


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("changes", "state", {"open", "merged", "closed"}),
        ("changes", "author_kind", {"human", "bot", "agent"}),
        ("changes", "ai_use", {"none", "assisted", "authored", "unknown"}),
        ("changes", "kind", {"feature", "fix", "hotfix", "revert", "chore", "unknown"}),
        ("deployments", "status", {"success", "failure", "cancelled", "in_progress"}),
        ("deployments", "environment", {"production", "staging", "live"}),
        ("rollbacks", "method", {"redeploy", "revert", "flag"}),
        ("defects", "found_in", {"production", "pre_production"}),
        ("gate_results", "outcome", {"passed", "failed", "overridden", "skipped"}),
        ("gate_results", "control_point", {"pre_commit", "pre_pr", "pre_merge", "post_merge"}),
        ("reviews", "reviewer_kind", {"human", "bot"}),
        ("incidents", "is_security", {True, False}),
    ],
)
def test_every_kind_of_record_occurs(
    tables: dict[str, pl.DataFrame], table: str, column: str, values: set[object]
) -> None:
    assert set(tables[table][column].drop_nulls()) == values


def test_every_kind_of_change_event_occurs(tables: dict[str, pl.DataFrame]) -> None:
    kinds = next(column for column in all_tables()["change_events"].table_columns() if column.name == "kind")
    assert set(tables["change_events"]["kind"]) == set(kinds.allowed)


def test_every_way_of_linking_deployments_occurs(tables: dict[str, pl.DataFrame]) -> None:
    deployments = tables["deployments"]
    merged = tables["changes"]["merge_commit_sha"].drop_nulls()
    linked = deployments.join(tables["deployment_changes"], on="deployment_id", how="semi")
    by_sha = deployments.filter(pl.col("sha").is_in(merged.implode()))
    foreign = deployments.filter(pl.col("sha").is_not_null() & ~pl.col("sha").is_in(merged.implode()))
    silent = tables["repositories"].join(deployments, on="repo_id", how="anti")
    for name, frame in {"explicit": linked, "sha": by_sha, "foreign sha": foreign, "none": silent}.items():
        assert frame["repo_id"].n_unique() >= 2, name
    assert not set(silent["repo_id"]) & set(linked["repo_id"])


def test_no_outcome_is_recorded_of_the_service_that_nothing_watches(tables: dict[str, pl.DataFrame]) -> None:
    unwatched = [unit.repo_id for unit in UNITS if not unit.is_watched]
    assert len(unwatched) == 1
    assert unwatched[0].split("/")[1] not in set(tables["coverage"]["service"])
    for name in ("incidents", "rollbacks", "defects", "gate_results", "test_runs"):
        frame = tables[name]
        repositories = frame["change_id"].str.split("#").list.first() if name == "gate_results" else frame["repo_id"]
        assert unwatched[0] not in set(repositories), name


def test_a_monorepo_holds_services_of_two_tiers(tables: dict[str, pl.DataFrame]) -> None:
    tiers = tables["tier_assignments"].filter(pl.col("service").is_not_null())
    assert tiers["tier"].n_unique() == 2
    assert set(tables["changes"]["service"].drop_nulls()) == set(tiers["service"])


def test_files_hold_the_same_tables(tmp_path: Path, tables: dict[str, pl.DataFrame]) -> None:
    files = write(tmp_path)
    assert files.keys() == tables.keys()
    for name, file in files.items():
        if all_tables()[name].table_about().is_register:
            assert file.parent.name == "registers"
            assert pl.read_csv(file).height == tables[name].height
        else:
            assert_frame_equal(pl.read_parquet(file), tables[name])
    assert "2025-11-03T00:00:00Z" in files["control_changes"].read_text()
