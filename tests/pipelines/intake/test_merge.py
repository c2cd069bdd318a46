"""Whatever the order in which versions arrive, the latest wins; and the same again changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.records import ingest_records
from pipelines.warehouse import Warehouse
from schemas.errors import PlumblineError
from tests.support.workspaces import load_files, new_workspace, query

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One warehouse for all examples: what each leaves behind is rolled back."""
    with Warehouse.open(new_workspace(tmp_path_factory.mktemp("merge")), write=True) as opened:
        yield opened


class _RollBack(PlumblineError):
    """Ends an example."""


def _take_in(
    warehouse: Warehouse, table: str, rows: list[dict[str, Any]], hours: int = 0, complete: tuple[str, ...] = ()
) -> dict[str, int]:
    at = T0 + timedelta(hours=hours)
    schema: dict[str, Any] = (
        {"sha": pl.String, "change_id": pl.String, "authored_at": pl.String} if table == "commits" else {}
    )
    report = ingest_records(
        warehouse, source="s", stream="t", table=table, records=pl.DataFrame(rows, schema=schema or None, orient="row"),
        raw_file="x", fetched_at=at, observed_at=at, complete_set_of=complete,
    )  # fmt: skip
    return {"new": report.new, "changed": report.changed, "unchanged": report.unchanged}


VERSIONS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(versions=VERSIONS, order=st.randoms(use_true_random=False), cuts=st.sets(st.integers(0, 8), max_size=2))
def test_latest_observation_wins_in_any_order(
    warehouse: Warehouse, versions: list[tuple[str, str | None, int, bool]], order: Random, cuts: set[int]
) -> None:
    rows = [
        {"repo_id": key, "name": name, "observed_at": (T0 + timedelta(hours=hour)).isoformat(), "deleted": deleted}
        for key, name, hour, deleted in versions
    ]
    shuffled = list(rows)
    order.shuffle(shuffled)
    edges = [0, *sorted(cuts), len(rows)]
    batches = [shuffled[low:high] for low, high in itertools.pairwise(edges)]
    found = []
    for arrangement in ([rows], [batch for batch in batches if batch]):
        with pytest.raises(_RollBack), warehouse.transaction():
            for batch in arrangement:
                _take_in(warehouse, "repositories", batch)
            state = "SELECT repo_id, name, observed_at, deleted FROM warehouse.repositories ORDER BY 1"
            found.append(warehouse.rows(state))
            again = [_take_in(warehouse, "repositories", batch) for batch in arrangement]
            assert all(each["new"] == each["changed"] == 0 for each in again)
            assert warehouse.rows(state) == found[-1]
            raise _RollBack("done")
    assert found[0] == found[1]
    for row in found[0]:
        latest = max(hour for key, _, hour, _ in versions if key == row["repo_id"])
        assert row["observed_at"] == (T0 + timedelta(hours=latest)).replace(tzinfo=None)
        assert (row["repo_id"], row["name"], latest, row["deleted"]) in versions
    assert {row["repo_id"] for row in found[0]} == {key for key, *_ in versions}


READINGS = st.lists(
    st.tuples(st.integers(0, 4), st.sets(st.sampled_from("abc"))),
    min_size=1,
    max_size=4,
    unique_by=lambda each: each[0],
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(readings=READINGS, order=st.randoms(use_true_random=False))
def test_newest_reading_of_a_set_replaces_it_in_any_order(
    warehouse: Warehouse, readings: list[tuple[int, set[str]]], order: Random
) -> None:
    shuffled = list(readings)
    order.shuffle(shuffled)
    _, expected = max(readings)
    for arrangement in (readings, shuffled):
        with pytest.raises(_RollBack), warehouse.transaction():
            for hour, shas in [*arrangement, arrangement[0]]:
                rows = [{"sha": sha, "change_id": "c1", "authored_at": "2025-12-01T00:00:00Z"} for sha in sorted(shas)]
                _take_in(warehouse, "commits", rows, hour, ("c1",))
            _take_in(
                warehouse,
                "commits",
                [{"sha": "z", "change_id": "c2", "authored_at": "2025-12-01T00:00:00Z"}],
                0,
                ("c2",),
            )
            alive = warehouse.rows("SELECT change_id, sha FROM warehouse.commits WHERE NOT deleted ORDER BY ALL")
            assert alive == [{"change_id": "c1", "sha": sha} for sha in sorted(expected)] + [
                {"change_id": "c2", "sha": "z"}
            ]
            raise _RollBack("done")


def test_counts_add_up_and_a_tombstone_hides_the_row(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    head = "repo_id,name,observed_at,deleted\n"
    first = load_files(
        workspace,
        {
            "repositories.csv": head
            + "r1,a,2026-01-01T00:00:00Z,false\n"
            + "r2,b,2026-01-01T00:00:00Z,false\nr1,a,2026-01-01T00:00:00Z,false\n"
        },
    )
    second = load_files(
        workspace,
        {
            "repositories.csv": head
            + "r1,c,2026-01-02T00:00:00Z,false\nr2,b,2026-01-02T00:00:00Z,true\nr3,d,2026-01-02T00:00:00Z,false\n"
        },
    )
    counts = [(each.tables[0].new, each.tables[0].changed, each.tables[0].unchanged) for each in (first, second)]
    assert counts == [(2, 0, 1), (1, 2, 0)]
    assert [(row["repo_id"], row["name"]) for row in query(workspace, "FROM repositories ORDER BY 1")] == [
        ("r1", "c"),
        ("r3", "d"),
    ]
    load_files(workspace, {"repositories.csv": head + "r2,old,2026-01-01T12:00:00Z,false\n"})
    assert len(query(workspace, "FROM repositories")) == 2


def test_a_file_without_instants_counts_from_its_loading(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    for name, day in (("a", 1), ("b", 2), ("b", 3), ("a", 4)):
        load_files(workspace, {"repositories.csv": f"repo_id,name\nr1,{name}\n"}, T0 + timedelta(days=day))
    (row,) = query(workspace, "SELECT name, observed_at FROM repositories")
    assert row == {"name": "a", "observed_at": datetime(2026, 1, 5)}  # noqa: DTZ001 -- as the warehouse keeps it


def test_key_parts_that_are_null_match_each_other(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    text = "service,tier,valid_from\npay,4,2026-01-01\n"
    load_files(workspace, {"tier_assignments.csv": text})
    report = load_files(
        workspace, {"tier_assignments.csv": text.replace(",4,", ",3,")}, datetime(2026, 4, 1, tzinfo=UTC)
    )
    assert (report.tables[0].new, report.tables[0].changed) == (0, 1)
    assert [row["tier"] for row in query(workspace, "FROM tier_assignments")] == [3]
