"""Rows laid over the parts of a table stand in place of those with their keys, whoever reads the table, and however."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.build_store import BuildStore, Cut
from pipelines.warehouse import Warehouse
from schemas.snapshot import Part, SnapshotTable
from schemas.workspace import Workspace
from tests.support.workspaces import new_workspace

CUT = Cut(datetime.fromisoformat("2026-07-01T00:00:00"))
TABLE = "numbers"
Rows = Mapping[int, tuple[int | None, str]]
"""A number and a word by key."""
ROWS = st.dictionaries(st.integers(0, 40), st.tuples(st.none() | st.integers(-9, 9), st.sampled_from("abc")))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = new_workspace(tmp_path_factory.mktemp("over"))
    with Warehouse.open(made, write=True):
        pass
    return made


@pytest.fixture(scope="module")
def store(workspace: Workspace) -> Iterator[BuildStore]:
    with BuildStore(workspace, CUT, CUT.as_of) as opened:
        yield opened


def query_of(rows: Rows) -> str:
    """A query that gives rows in the order of their keys."""
    values = [f"({key}, {'null' if number is None else number}, '{word}')" for key, (number, word) in rows.items()]
    listed = ", ".join(values or ["(0, 0, '')"])
    some = "" if values else " where false"
    columns = "key::ubigint as key, number::integer as number, word"
    return f"select {columns} from (values {listed}) as given(key, number, word){some} order by key"


def written(store: BuildStore, pieces: Sequence[Rows]) -> tuple[Part, ...]:
    """The parts of a table, whose keys are apart."""
    return store.write_pieces(TABLE, {f"{number:03}": query_of(piece) for number, piece in enumerate(pieces)}).parts


def laid_over(store: BuildStore, base: Sequence[Part], rows: Rows) -> SnapshotTable:
    return store.write_over(TABLE, base, query_of(rows), key="key", order_by=("key",))


def rows_of(relation: str, where: str = "true") -> Rows:
    """The rows that a relation gives on a connection of its own; each key stands once."""
    found = duckdb.sql(f"select key, number, word from {relation} where {where}").fetchall()
    assert len({key for key, _, _ in found}) == len(found)
    return {key: (number, word) for key, number, word in found}


def apart(pieces: Sequence[Rows]) -> list[Rows]:
    """Pieces without the keys of those before."""
    seen: set[int] = set()
    told: list[Rows] = []
    for piece in pieces:
        told.append({key: row for key, row in piece.items() if key not in seen})
        seen |= piece.keys()
    return told


@given(st.lists(ROWS, min_size=1, max_size=3).map(apart), ROWS, ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_relation_is_what_a_dictionary_would_be(
    store: BuildStore, pieces: list[Rows], first: Rows, second: Rows
) -> None:
    folder, base = store.folder, written(store, pieces)
    whole = {key: row for piece in pieces for key, row in piece.items()}
    one, two = laid_over(store, base, first), laid_over(store, base, {**first, **second})
    for table, over in ((one, first), (two, {**first, **second})):
        merged = {**whole, **over}
        assert rows_of(folder.relation(table)) == rows_of(folder.relation(table, by_name=True)) == merged
        assert table.rows == len(merged)
        assert rows_of(folder.not_replaced(table)) == {key: row for key, row in whole.items() if key not in over}
        some = {key: row for key, row in merged.items() if row[1] == "a" and row[0] is not None}
        assert rows_of(folder.relation(table), "word = 'a' and number is not null") == some
    assert rows_of(store.relation(TABLE)) == {**whole, **first, **second}
    assert SnapshotTable.from_json(json.loads(json.dumps(two.json()))) == two
    plain = SnapshotTable(base)
    for before, after in ((plain, one), (one, two), (plain, two), (two, one), (one, one)):
        assert_others_are_the_same(store, before, after)


def assert_others_are_the_same(store: BuildStore, before: SnapshotTable, after: SnapshotTable) -> None:
    """Rows that may differ hold all that do."""
    folder = store.folder
    differing = folder.where_differing(before, after)
    assert differing is not None
    were, are = rows_of(folder.relation(before)), rows_of(folder.relation(after))
    some = rows_of(differing[0]), rows_of(differing[1])
    assert some[0].items() <= were.items()
    assert some[1].items() <= are.items()
    assert {key: row for key, row in were.items() if key not in some[0]} == {
        key: row for key, row in are.items() if key not in some[1]
    }
