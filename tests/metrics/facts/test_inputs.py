"""Event tables from frames: columns and tables that are missing are filled as the contract says."""

from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from metrics.facts import FactSettings, build_facts, inputs, prepare_inputs
from schemas.events import all_tables
from schemas.sql import text_hash_sql
from tests.support.events import START, Events, at


def test_absent_tables_are_empty_and_complete() -> None:
    connection = duckdb.connect()
    prepare_inputs(connection, {})
    for name, model in all_tables().items():
        columns = {row[0] for row in connection.execute(f"describe {name}").fetchall()}
        assert columns >= {column.name for column in model.table_columns()}
        assert columns >= {column.hashed_name for column in model.table_columns() if column.hashed_name}
        assert connection.execute(f"select count(*) from {name}").fetchone() == (0,)


def test_absent_columns_take_their_defaults() -> None:
    connection = duckdb.connect()
    repositories = pl.DataFrame({"repo_id": ["a", "b"], "service": [None, "shop"]})
    prepare_inputs(connection, {"repositories": repositories})
    rows = connection.execute(
        "select repo_id, service, archived, team, deleted from repositories order by 1"
    ).fetchall()
    assert rows == [("a", "a", False, None, False), ("b", "shop", False, None, False)]


def test_keys_are_hashes_and_null_where_the_id_is() -> None:
    connection = duckdb.connect()
    frame = pl.DataFrame({"incident_id": ["i"], "opened_at": [START]})
    prepare_inputs(connection, {"incidents": frame})
    row = connection.execute(
        "select incident_key = hash(md5_number('i')), caused_by_change_key, repo_key from incidents"
    ).fetchone()
    assert row == (True, None, None)


def test_tombstones_are_left_out() -> None:
    connection = duckdb.connect()
    frame = pl.DataFrame({"repo_id": ["a", "b"], "deleted": [True, False]})
    prepare_inputs(connection, {"repositories": frame})
    assert connection.execute("select repo_id from repositories").fetchall() == [("b",)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_zoned_instants_become_utc(zone: str) -> None:
    connection = duckdb.connect()
    connection.execute("set timezone = 'America/New_York'")
    moment = datetime(2026, 1, 5, 12, tzinfo=UTC)
    frame = pl.DataFrame({"incident_id": ["i"], "opened_at": [moment]})
    frame = frame.with_columns(pl.col("opened_at").dt.convert_time_zone(zone))
    prepare_inputs(connection, {"incidents": frame})
    assert connection.execute("select opened_at from incidents").fetchone() == (at(12),)


def test_arrow_tables_and_relations_serve_as_well() -> None:
    connection = duckdb.connect()
    relation = connection.sql("select 'c' as change_id, 's' as sha, timestamp '2026-01-05' as authored_at")
    prepare_inputs(connection, {"repositories": pa.table({"repo_id": ["a"]}), "commits": relation})
    assert connection.execute("select repo_id from repositories").fetchall() == [("a",)]
    assert connection.execute("select sha_key = hash(md5_number('s')) from commits").fetchall() == [(True,)]


def test_unknown_tables_and_missing_columns_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^pulls: no event table of that name"):
        prepare_inputs(duckdb.connect(), {"pulls": pl.DataFrame({"a": [1]})})
    with pytest.raises(ValueError, match=r"^incidents: the column opened_at is missing and has no default; add it$"):
        prepare_inputs(duckdb.connect(), {"incidents": pl.DataFrame({"incident_id": ["i"]})})


def test_preparing_twice_replaces() -> None:
    connection = duckdb.connect()
    relation = connection.sql("select 'a' as repo_id")
    prepare_inputs(connection, {"repositories": pl.DataFrame({"repo_id": ["z"]})})
    prepare_inputs(connection, {"repositories": relation})
    assert connection.execute("select repo_id from repositories").fetchall() == [("a",)]
    events = Events()
    events.incident(1)
    prepare_inputs(connection, events.frames())
    assert connection.execute("select count(*) from repositories").fetchone() == (0,)


ALIKE = ("bench:org/r12941#1092477", "bench:org/r12946#1092470")
"""Ids that DuckDB's own hash takes for the same."""


def test_ids_that_look_alike_have_keys_of_their_own() -> None:
    connection = duckdb.connect()
    plain = connection.execute("select count(distinct hash(id)) from (select unnest(?) as id)", [list(ALIKE)])
    assert plain.fetchall() == [(1,)]
    opened = [datetime(2026, 1, 1, tzinfo=UTC)] * len(ALIKE)
    changes = pl.DataFrame({"change_id": ALIKE, "repo_id": "r", "state": "open", "opened_at": opened})
    prepare_inputs(connection, {"changes": changes})
    assert connection.execute("select count(distinct change_key) from changes").fetchall() == [(2,)]


def test_half_a_million_ids_in_a_row_have_keys_of_their_own() -> None:
    numbered = "select 'git.example:shop/cart-' || (i % 700) || '#' || i as id from range(500000) t(i)"
    distinct = duckdb.connect().execute(f"select count(distinct {text_hash_sql('id')}) from ({numbered})")
    assert distinct.fetchall() == [(500_000,)]


def test_large_frames_have_the_key_of_each_row_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "ROWS_PER_BATCH", 100)
    ids = [f"shop#{number}" if number % 7 else None for number in range(5_000)]
    frame = pl.DataFrame({"change_id": ids, "repo_id": "shop", "state": "open", "opened_at": START})
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    prepare_inputs(connection, {"changes": frame})
    expected = f"case when change_id is not null then {text_hash_sql('change_id')} end"
    rows = connection.execute(
        f"select count(*), count(change_key) from changes where change_key is not distinct from {expected}"
    ).fetchall()
    assert rows == [(5_000, 4_285)]


@pytest.mark.parametrize("kind", [pl.String(), pl.Categorical(), pl.Int64(), pl.Null()])
@pytest.mark.parametrize("as_table", [False, True])
def test_large_frames_have_the_keys_of_their_repositories_beside_them(
    monkeypatch: pytest.MonkeyPatch, kind: pl.DataType, as_table: bool
) -> None:
    monkeypatch.setattr(inputs, "ROWS_PER_BATCH", 100)
    ids = [None if number % 7 == 0 or kind == pl.Null() else str(number % 5) for number in range(1_000)]
    numbered = [f"shop#{number}" for number in range(1_000)]
    frame = pl.DataFrame({"incident_id": numbered, "opened_at": START, "repo_id": pl.Series(ids).cast(kind)})
    connection = duckdb.connect()
    prepare_inputs(connection, {"incidents": frame.to_arrow() if as_table else frame})
    expected = f"case when repo_id is not null then {text_hash_sql('repo_id')} end"
    query = f"select count(*), count(repo_key) from incidents where repo_key is not distinct from {expected}"
    assert connection.execute(query).fetchall() == [(1_000, sum(each is not None for each in ids))]


def test_frames_that_are_looked_at_and_frames_that_are_copied_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    events = Events()
    for number in range(1, 6):
        events.incident(number)
    copied, viewed = duckdb.connect(), duckdb.connect()
    prepare_inputs(copied, events.frames())
    monkeypatch.setattr(inputs, "ROWS_PER_BATCH", 1)
    prepare_inputs(viewed, events.frames())
    kinds = "select count(*) from duckdb_tables() where table_name = 'incidents'"
    assert [each.execute(kinds).fetchone() for each in (copied, viewed)] == [(1,), (0,)]
    for name in all_tables():
        described = [
            each.execute(f"select column_name, column_type from (describe {name})") for each in (copied, viewed)
        ]
        assert described[0].fetchall() == described[1].fetchall()
        rows = [each.execute(f"select * from {name} order by all").fetchall() for each in (copied, viewed)]
        assert rows[0] == rows[1]


def test_large_frames_without_a_column_are_refused_and_the_connection_keeps_its_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inputs, "ROWS_PER_BATCH", 1)
    connection = duckdb.connect(config={"threads": 3})
    frame = pl.DataFrame({"repo_id": ["shop", "cart"], "state": "open", "opened_at": START})
    with pytest.raises(ValueError, match="changes: the column change_id is missing"):
        prepare_inputs(connection, {"changes": frame})
    prepare_inputs(connection, {"changes": frame.with_columns(change_id=pl.Series(["shop#1", "cart#1"]))})
    assert connection.execute("select current_setting('threads'), count(change_key) from changes").fetchall() == [
        (3, 2)
    ]


def test_tombstones_of_tiers_are_stated() -> None:
    connection = duckdb.connect()
    tiers = pl.DataFrame({"repo_id": "shop", "tier": [2, 3], "valid_from": START, "deleted": [True, False]})
    prepare_inputs(connection, {"tier_assignments": tiers})
    assert connection.execute("select tier from tier_assignments").fetchall() == [(3,)]
    assert connection.execute("select tier, deleted from tier_statements order by 1").fetchall() == [
        (2, True),
        (3, False),
    ]


def test_facts_of_large_frames_whose_joins_leave_little() -> None:
    """Scans of Arrow refuse filters that joins hand down, on text and keys: frames beyond a batch are joined anyway."""
    count = inputs.ROWS_PER_BATCH + 1
    ids = [f"shop#{number}" for number in range(count)]
    opened = [START + timedelta(minutes=number) for number in range(count)]
    merged = [instant + timedelta(hours=9) for instant in opened]
    same = {"repo_id": "shop", "author": "ann", "author_kind": "human", "state": "merged", "ai_use": "none"}
    changes = pl.DataFrame({"change_id": ids, "opened_at": opened, "merged_at": merged, "closed_at": merged})
    reviewed = ids[::3]
    reviews = pl.concat(
        pl.DataFrame(
            {
                "review_id": [f"{change}-{reviewer}" for change in reviewed],
                "change_id": reviewed,
                "submitted_at": [instant + timedelta(hours=hours) for instant in opened[::3]],
            }
        ).with_columns(reviewer=pl.lit(reviewer), reviewer_kind=pl.lit("human"), state=pl.lit("approved"))
        for hours, reviewer in enumerate(("bea", "cem", "dee"), start=1)
    )
    with duckdb.connect() as connection:
        frames = {
            "changes": changes.with_columns(*(pl.lit(word).alias(name) for name, word in same.items()), number=1),
            "reviews": reviews,
            "repositories": pl.DataFrame({"repo_id": ["shop"]}),
        }
        prepare_inputs(connection, frames)
        build_facts(connection, FactSettings(), merged[-1])
        found = connection.execute("select count(*), sum(reviewer_count) from change_facts").fetchone()
    assert found == (count, reviews.height)
