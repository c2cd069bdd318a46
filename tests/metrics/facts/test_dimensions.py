"""Codes of repositories, services and teams: by name, or those that an earlier build gave."""

import duckdb
import pytest

from metrics.facts import FactSettings, build_control_facts, prepare_inputs
from metrics.facts.build import create_facts, create_steps, create_surroundings
from metrics.facts.dimensions import DIMENSIONS
from tests.support.events import LATER, Events, at, frame_of


@pytest.fixture
def events() -> Events:
    """Two repositories of one service; what several of them share is told of both."""
    organisation = Events()
    for repository, team in (("b", "blue"), ("a", "amber")):
        organisation.add("repositories", repo_id=repository, service="s", team=team)
        organisation.change(0, 5, repo_id=repository, intent_id="shared")
    organisation.add("intents", intent_id="shared", approved_at=at(0))
    organisation.add("incidents", service="s", opened_at=at(1))
    return organisation


def numbered(*repositories: str, services: tuple[str, ...] = ("s",), teams: tuple[str, ...]) -> dict[str, str]:
    """What an earlier build numbered in this order, as SQL to select from."""
    names = dict(zip(DIMENSIONS, (repositories, services, teams), strict=True))
    rows = {name: ", ".join(f"({code}, '{each}')" for code, each in enumerate(names[name])) for name in DIMENSIONS}
    return {name: f"(values {rows[name]}) as known({', '.join(columns)})" for name, columns in DIMENSIONS.items()}


def facts(events: Events, known: dict[str, str]) -> duckdb.DuckDBPyConnection:
    connection, settings = duckdb.connect(config={"threads": 1}), FactSettings()
    prepare_inputs(connection, {table: frame_of(table, rows) for table, rows in events.rows.items() if rows})
    create_surroundings(connection, settings, LATER, known)
    create_steps(connection, settings, LATER)
    create_facts(connection, settings, LATER, materialise=True)
    build_control_facts(connection)
    return connection


def codes(connection: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """The names of each dimension by code, which are dense."""
    found = []
    for dimension, (code, name) in DIMENSIONS.items():
        rows = connection.execute(f"select {code}, {name} from {dimension} order by {code}").fetchall()
        assert [number for number, _ in rows] == list(range(len(rows)))
        found.append([each for _, each in rows])
    return found


def test_what_is_known_keeps_its_code_and_what_is_new_gets_the_next_ones_by_name(events: Events) -> None:
    for name in ("z", "aa", "c"):
        events.add("repositories", repo_id=name, team=f"team {name}")
    known = numbered("b", "a", teams=("blue", "amber"))
    assert codes(facts(events, known)) == [
        ["b", "a", "aa", "c", "z"],
        ["s", "aa", "c", "z"],
        ["blue", "amber", "team aa", "team c", "team z"],
    ]


@pytest.mark.parametrize(
    "known",
    [
        numbered("gone", "b", "a", teams=("blue", "amber")),
        numbered("b", "a", services=("s", "gone"), teams=("blue", "amber")),
        numbered("b", "a", teams=("blue", "amber", "gone")),
        {},
    ],
)
def test_where_anything_is_gone_all_codes_follow_the_names(events: Events, known: dict[str, str]) -> None:
    assert codes(facts(events, known)) == [["a", "b"], ["s"], ["amber", "blue"]]


def test_the_first_of_several_repositories_is_that_by_name(events: Events) -> None:
    found = facts(events, numbered("b", "a", teams=("blue", "amber")))
    assert found.execute("select _repo, _team from intent_facts").fetchall() == [(1, 1)]
    assert found.execute("select _repo, _team from incident_facts").fetchall() == [(1, 1)]
