"""The facts as a whole: their columns, their way to Parquet, and building them again."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from metrics.facts import FACTS, FactSettings, build_facts, prepare_inputs, write_facts
from metrics.facts.assemble import DURATIONS
from metrics.facts.build import pieces_of_changes
from schemas.published import all_tables
from tests.support.events import Events, Facts, at, facts_of, frame_of
from tests.support.random_events import random_events

ROWS = random_events(5)


def connection_with_events() -> duckdb.DuckDBPyConnection:
    """A database with the events of a random organisation."""
    connection = duckdb.connect()
    prepare_inputs(connection, {table: frame_of(table, rows) for table, rows in ROWS.items()})
    return connection


@pytest.fixture(scope="module")
def facts() -> Facts:
    """The facts of a random organisation."""
    return facts_of(ROWS)


@pytest.mark.parametrize("fact", ["change_facts", "deployment_facts", "incident_facts"])
def test_published_columns_come_first_and_the_others_are_internal(facts: Facts, fact: str) -> None:
    columns = [row[0] for row in facts.connection.execute(f"describe {fact}").fetchall()]
    published = [column.name for column in all_tables()[fact].table_columns()]
    assert columns[: len(published)] == published
    assert all(column.startswith("_") for column in columns[len(published) :])


@pytest.mark.parametrize("fact", FACTS)
def test_there_is_a_row_for_each_and_only_one(facts: Facts, fact: str) -> None:
    table = {"change_facts": "changes", "deployment_facts": "deployments", "incident_facts": "incidents"}.get(
        fact, "defects"
    )
    counted = facts.connection.execute(f"select count(*) from {fact}").fetchone()
    assert counted == (len(ROWS[table]),)
    assert len(facts.table(fact)) == len(ROWS[table])


@pytest.mark.parametrize("duration", DURATIONS)
def test_a_duration_follows_from_instants_of_its_own_row(facts: Facts, duration: str) -> None:
    """A refresh tells rows apart by these instants alone."""
    compared = f"select {duration}, {DURATIONS[duration]} from change_facts"
    held = facts.connection.execute(compared).fetchall()
    assert any(given is not None for given, _ in held)
    assert all(given == computed for given, computed in held)


def test_codes_are_dense_and_name_their_dimension(facts: Facts) -> None:
    named = "select repo_id, _repo, team, _team from repo_dimension order by _repo"
    rows = facts.connection.execute(named).fetchall()
    assert [row[1] for row in rows] == list(range(len(rows)))
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    teams = dict(facts.connection.execute("select team, _team from team_dimension").fetchall())
    assert teams == {"blue": 0, "red": 1}
    assert all(row[3] == teams.get(row[2]) for row in rows)
    mismatch = (
        "select count(*) from change_facts join repo_dimension r using (_repo) where r.repo_id <> change_facts.repo_id"
    )
    assert facts.connection.execute(mismatch).fetchone() == (0,)


def test_parquet_holds_the_same_and_then_stands_for_it(facts: Facts, tmp_path: Path) -> None:
    connection = connection_with_events()
    build_facts(connection, FactSettings(), datetime(2027, 1, 1, tzinfo=UTC), materialise=False)
    files = write_facts(connection, tmp_path)
    assert set(files) == set(FACTS)
    for fact, file in files.items():
        assert Facts(connection).table(fact) == facts.table(fact)
        assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    left = connection.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert {name for (name,) in left}.isdisjoint({"milestones", "change_links", "deployment_outcomes"})


def test_changes_come_in_order_and_in_pieces(facts: Facts) -> None:
    connection = connection_with_events()
    cut = datetime(2027, 1, 1, tzinfo=UTC)
    build_facts(connection, FactSettings(), cut, materialise=False)
    pieces = pieces_of_changes(connection, FactSettings(), cut, most=5)
    assert len(pieces) > 1
    found = [row for query in pieces for row in Facts(connection).table(f"({query})").values()]
    assert {row["change_id"]: row for row in found} == facts.table("change_facts")
    places = [(row["_repo"], row["opened_at"]) for row in found]
    assert places == sorted(places)
    assert len(pieces_of_changes(connection, FactSettings(), cut)) == 1


def test_no_changes_make_one_empty_piece() -> None:
    connection = duckdb.connect()
    prepare_inputs(connection, {})
    build_facts(connection, FactSettings(), at(0), materialise=False)
    (piece,) = pieces_of_changes(connection, FactSettings(), at(0))
    assert connection.execute(piece).fetchall() == []


def test_building_again_replaces(facts: Facts) -> None:
    connection = connection_with_events()
    for materialise in (False, True, False):
        build_facts(connection, FactSettings(), datetime(2027, 1, 1, tzinfo=UTC), materialise=materialise)
        assert Facts(connection).table("change_facts") == facts.table("change_facts")


def test_the_cut_may_be_given_in_any_zone() -> None:
    events = Events()
    change = events.change(0, 10)
    east = timezone(timedelta(hours=9))
    assert events.build(cut=at(10).replace(tzinfo=UTC).astimezone(east)).change(change)["state"] == "merged"
    assert events.build(cut=at(9).replace(tzinfo=UTC).astimezone(east)).change(change)["state"] == "open"


def test_the_zone_of_the_session_does_not_matter(facts: Facts) -> None:
    connection = connection_with_events()
    connection.execute("set timezone = 'Asia/Kolkata'")
    build_facts(connection, FactSettings(), datetime(2027, 1, 1, tzinfo=UTC))
    assert Facts(connection).table("change_facts") == facts.table("change_facts")


def test_the_order_of_rows_and_the_number_of_threads_do_not_matter(facts: Facts) -> None:
    backwards = {table: rows[::-1] for table, rows in ROWS.items()}
    connection = duckdb.connect(config={"threads": 4})
    prepare_inputs(connection, {table: frame_of(table, rows) for table, rows in backwards.items()})
    build_facts(connection, FactSettings(), datetime(2027, 1, 1, tzinfo=UTC))
    for fact in FACTS:
        assert Facts(connection).table(fact) == facts.table(fact)


def test_no_events_give_no_facts() -> None:
    built = facts_of({})
    assert all(built.table(fact) == {} for fact in FACTS)
