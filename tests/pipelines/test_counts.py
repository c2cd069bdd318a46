"""Counts that are carried over from the build before are those of all rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines.counts
from pipelines.build_store import BuildStore
from pipelines.counts import RECORD, write_counts
from pipelines.warehouse import Warehouse
from tests.pipelines.test_rows_laid_over import CUT, TABLE, laid_over, written
from tests.support.workspaces import new_workspace

QUERY = "select word, count(*) as many from {source} where number > 0 group by word"


def counts(store: BuildStore, query: str = QUERY) -> list[tuple[Any, ...]]:
    """What is written, which has to be what counting all rows gives."""
    write_counts(store, "counts", TABLE, query, order_by=("word",), count="many")
    found = store.connection.execute(f"from {store.relation('counts')}").fetchall()
    whole = query.format(source=store.relation(TABLE))
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
    """Whether the next counts would be made of all rows."""
    asked = pipelines.counts._counts(store, "counts", TABLE, query, "many")
    return asked == query.format(source=store.relation(TABLE))


def test_new_rows_are_added_and_replaced_ones_taken_away(store: BuildStore) -> None:
    base = written(store, [{1: (1, "a"), 2: (1, "b")}, {3: (5, "a"), 4: (-1, "a"), 5: (1, "c")}])
    assert counts(store) == [("a", 2), ("b", 1), ("c", 1)]
    laid_over(store, base, {2: (1, "a"), 4: (1, "a"), 5: (None, "c"), 6: (1, "d")})
    assert not is_whole(store)
    assert counts(store) == [("a", 4), ("d", 1)]
    laid_over(store, base, {1: (1, "d"), 2: (1, "a"), 4: (1, "a"), 5: (None, "c"), 6: (1, "d")})
    assert counts(store) == [("a", 3), ("d", 2)]


def test_what_was_made_of_other_parts_is_counted_whole(store: BuildStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [{1: (1, "a")}, {2: (-1, "a")}]
    written(store, pieces)
    counts(store)
    assert not is_whole(store)
    assert is_whole(store, QUERY.replace("> 0", "> 1")), "another question"
    part = store.tables()["counts"].parts[0]
    written(store, [{1: (1, "a"), 2: (2, "b")}])
    assert is_whole(store), "other parts"
    written(store, pieces)
    (store.folder.parts / part.name).unlink()
    assert is_whole(store), "a file that is gone"
    (store.folder.state / RECORD).write_text("{")
    assert counts(store) == [("a", 1)]
    assert not is_whole(store)
    monkeypatch.setattr(store, "is_full", True)
    assert is_whole(store), "everything is asked for"
