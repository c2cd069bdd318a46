"""Sums that are carried over from the build before are those of all rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.build_store import BuildStore
from pipelines.carried_sums import RECORDS, CarriedSums
from pipelines.warehouse import Warehouse
from tests.pipelines.test_rows_laid_over import CUT, TABLE, laid_over, written
from tests.support.workspaces import new_workspace

QUERY = "select word, count(*) as many, sum(number)::bigint as total from {source} where number > 0 group by word"


def sums_by(query: str) -> CarriedSums:
    return CarriedSums("sums", TABLE, query, ("word",), rows="many", others=("total",))


def sums(store: BuildStore) -> list[tuple[Any, ...]]:
    """What is written, which has to be what adding up all rows gives."""
    sums_by(QUERY).write(store)
    found = store.connection.execute(f"from {store.relation('sums')}").fetchall()
    whole = QUERY.format(source=store.relation(TABLE))
    assert found == store.connection.execute(f"select * from ({whole}) order by word").fetchall()
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BuildStore]:
    workspace = new_workspace(tmp_path)
    with Warehouse.open(workspace, write=True):
        pass
    with BuildStore(workspace, CUT, CUT.as_of) as opened:
        yield opened


def is_whole(store: BuildStore, query: str = QUERY) -> bool:
    """Whether the next sums would be made of all rows."""
    return sums_by(query).content(store) == query.format(source=store.relation(TABLE))


def test_new_rows_are_added_and_replaced_ones_taken_away(store: BuildStore) -> None:
    base = written(store, [{1: (1, "a"), 2: (1, "b")}, {3: (5, "a"), 4: (-1, "a"), 5: (1, "c")}])
    assert sums(store) == [("a", 2, 6), ("b", 1, 1), ("c", 1, 1)]
    laid_over(store, base, {2: (1, "a"), 4: (1, "a"), 5: (None, "c"), 6: (2, "d")})
    assert not is_whole(store)
    assert sums(store) == [("a", 4, 8), ("d", 1, 2)]
    laid_over(store, base, {1: (1, "d"), 2: (1, "a"), 4: (3, "a"), 5: (None, "c"), 6: (2, "d")})
    assert sums(store) == [("a", 3, 9), ("d", 2, 3)]


def test_what_was_made_of_other_parts_is_added_up_whole(store: BuildStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [{1: (1, "a")}, {2: (-1, "a")}]
    written(store, pieces)
    sums(store)
    assert not is_whole(store)
    assert is_whole(store, QUERY.replace("> 0", "> 1")), "another question"
    part = store.tables()["sums"].parts[0]
    written(store, [{1: (1, "a"), 2: (2, "b")}])
    assert is_whole(store), "other parts"
    written(store, pieces)
    (store.folder.parts / part.name).unlink()
    assert is_whole(store), "a file that is gone"
    (store.folder.state / RECORDS / "sums.json").write_text("{")
    assert sums(store) == [("a", 1, 1)]
    assert not is_whole(store)
    monkeypatch.setattr(store, "is_full", True)
    assert is_whole(store), "everything is asked for"
