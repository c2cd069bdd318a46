"""Rows laid over the parts of a table stand in place of those with their keys, whoever reads the table, and however."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.snapshots import newest
from metrics.facts.controls import CONTROL_FACTS
from pipelines.build_store import BuildStore, Cut
from pipelines.export_table import export_table
from pipelines.garbage import remove_unnamed_parts
from pipelines.metric_workers import connected
from pipelines.snapshot_reader import open_snapshot
from pipelines.warehouse import Warehouse
from schemas.snapshot import FORMAT, FORMAT_WITH_OVERLAYS, Part, SnapshotFolder, SnapshotTable
from schemas.workspace import Workspace
from tests.schemas.test_snapshot import MANIFEST
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
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_filters_and_columns_reach_every_file(store: BuildStore) -> None:
    base = written(store, [{1: (1, "a"), 4: (1, "c")}, {2: (2, "b")}])
    relation = store.folder.relation(laid_over(store, base, {2: (3, "b"), 3: (4, "a"), 4: (4, "c")}))
    (plan,) = duckdb.sql(f"explain (format json) select number from {relation} where word = 'b'").fetchall()
    scans = list(scans_of(json.loads(plan[1])))
    assert len(scans) == 3
    for scan in scans:
        assert "word='b'" in str(scan["Filters"])
        assert scan["Projections"] == "number"


def scans_of(plan: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, object]]:
    """What a plan says of each file that it reads."""
    for node in plan:
        if node["name"].strip() == "READ_PARQUET":
            yield node["extra_info"]
        yield from scans_of(node["children"])


def test_rows_come_in_one_order_whatever_is_asked_of_them(store: BuildStore) -> None:
    """Columns that are fetched one query after another stand side by side."""
    rows = "select i::ubigint as key, (i * 7919 % 1000)::integer as number, 'a' as word from range({}, {}) as t(i)"
    pieces = {"000": rows.format(0, 400_000), "001": rows.format(400_000, 700_000)}
    base = store.write_pieces(TABLE, pieces).parts
    over = f"select key, number + 1 as number, word from ({rows.format(0, 710_000)}) where key % 20 = 3 order by key"
    table = store.write_over(TABLE, base, over, key="key", order_by=("key",))
    with duckdb.connect() as connection:
        connection.execute("set threads = 4")
        fetched = f"select {{}} from {store.folder.relation(table)} where number between 10 and 900"
        numbers = connection.execute(fetched.format("number")).fetchnumpy()["number"]
        for columns in ("key", "word, key", "key, number % 3 as third"):
            keys = connection.execute(fetched.format(columns)).fetchnumpy()["key"].astype(int)
            assert ((keys * 7919 % 1000 + (keys % 20 == 3)) == numbers).all()


def test_a_build_finds_again_what_it_has_laid_over(workspace: Workspace, store: BuildStore) -> None:
    base = written(store, [{1: (1, "a"), 2: (2, "b")}])
    table = laid_over(store, base, {2: (3, "b"), 3: (4, "c")})
    store._write_registry()
    with store.beside() as beside:
        assert rows_of_table(beside) == {1: (1, "a"), 2: (3, "b"), 3: (4, "c")}
    again = BuildStore(workspace, CUT, CUT.as_of)
    assert again.tables()[TABLE] == table
    assert again.relation(TABLE) == store.relation(TABLE)
    path = store.folder.parts / table.files[-1].name
    path.rename(path.with_suffix(".aside"))
    assert TABLE not in BuildStore(workspace, CUT, CUT.as_of).tables()
    path.with_suffix(".aside").rename(path)


def rows_of_table(store: BuildStore) -> Rows:
    return {key: (number, word) for key, number, word in store.connection.execute(f"from {TABLE}").fetchall()}


def test_a_table_written_anew_has_nothing_laid_over_it(store: BuildStore) -> None:
    laid_over(store, written(store, [{1: (1, "a")}]), {1: (2, "a")})
    assert store.write(TABLE, query_of({5: (5, "e")})).overlay is None
    assert rows_of_table(store) == {5: (5, "e")}


def test_what_is_laid_over_and_what_is_under_it_are_kept(store: BuildStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.garbage.GRACE_SECONDS", -1.0)
    base = written(store, [{1: (1, "kept")}])
    first, second = (laid_over(store, base, {1: (2, word)}) for word in ("named", "in work"))
    manifest = replace(MANIFEST, tables={TABLE: first})
    store.folder.manifests.mkdir(exist_ok=True)
    store.folder.manifest_path(manifest.snapshot_id).write_text(manifest.to_json(), encoding="utf-8")
    removed = remove_unnamed_parts(store.folder, {TABLE: second})
    assert not {part.name for part in (*first.files, *second.files)} & set(removed)
    removed = remove_unnamed_parts(store.folder, {})
    assert {part.name for part in second.files} & set(removed) == {second.files[-1].name}
    assert rows_of(store.folder.relation(first)) == {1: (2, "named")}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, demo_workspace: Workspace) -> tuple[Workspace, Workspace]:
    """The sample organisation's snapshot, and one of the same rows of which some lie over others."""
    ours = SnapshotFolder(demo_workspace.state)
    manifest = ours.current()
    assert manifest is not None
    made = [new_workspace(tmp_path_factory.mktemp(name)) for name in ("plain", "over")]
    facts = f"select * from {ours.relation(manifest.tables['change_facts'])}"
    order = ("_repo", "opened_at", "change_id")
    ordered = f"order by {', '.join(order)}"
    for workspace, is_over in zip(made, (False, True), strict=True):
        with Warehouse.open(workspace, write=True):
            pass
        with BuildStore(workspace, CUT, CUT.as_of) as store:
            if is_over:
                wrong = f"select * replace (size_lines + 1 as size_lines) from ({facts}) where size_lines % 9 <> 4"
                base = store.write_pieces(
                    "change_facts",
                    {"000": f"{wrong} and _repo < 5 {ordered}", "001": f"{wrong} and _repo >= 5 {ordered}"},
                ).parts
                table = store.write_over("change_facts", base, f"{facts} {ordered}", key="change_id", order_by=order)
            else:
                table = store.write("change_facts", facts, order_by=order)
            folder = store.folder
            for path in ours.parts.glob("*.parquet"):
                if not (folder.parts / path.name).exists():
                    (folder.parts / path.name).hardlink_to(path)
            folder.manifests.mkdir()
            told = replace(manifest, tables={**manifest.tables, "change_facts": table})
            folder.manifest_path(told.snapshot_id).write_text(told.to_json(), encoding="utf-8")
            folder.pointer.write_text(told.snapshot_id + "\n", encoding="utf-8")
    plain, over = made
    return plain, over


def test_the_sample_lies_over_what_is_wrong(two: tuple[Workspace, Workspace]) -> None:
    formats = []
    for workspace in two:
        text = SnapshotFolder(workspace.state).manifests.glob("*.json").__next__().read_text()
        formats.append((json.loads(text)["format"], '"overlay"' in text))
    assert formats == [(FORMAT, False), (FORMAT_WITH_OVERLAYS, True)]


@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_an_export_is_the_same_file(two: tuple[Workspace, Workspace], form: str, tmp_path: Path) -> None:
    for workspace, name in zip(two, ("plain", "over"), strict=True):
        export_table(workspace, "change_facts", tmp_path / name, form)
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "over").read_bytes()
    assert (tmp_path / "plain").stat().st_size > 100_000


def test_commands_and_pages_read_the_same_rows(two: tuple[Workspace, Workspace]) -> None:
    asked = "select count(*) as changes, sum(size_lines) as lines, min(change_id) as first from change_facts"
    told = []
    for workspace in two:
        with open_snapshot(workspace) as snapshot:
            (row,) = snapshot.rows(asked)
        page = newest(SnapshotFolder(workspace.state))
        assert page.rows(asked).to_dicts() == [row]
        assert page.rows_of("change_facts") == row["changes"]
        few = newest(SnapshotFolder(workspace.state), ("checkout",)).rows(f"{asked} where tier >= 3").to_dicts()
        told.append((row, few))
    assert told[0] == told[1]


def test_a_process_that_measures_sees_them(two: tuple[Workspace, Workspace]) -> None:
    counted = []
    for workspace in two:
        folder = SnapshotFolder(workspace.state)
        manifest = folder.current()
        assert manifest is not None
        relations = {"change_facts": folder.relation(manifest.tables["change_facts"])}
        relations |= {name: f"(select 1 as nothing where false) as {name}" for name in CONTROL_FACTS}
        relations["defect_facts"] = "(select null as _change_id, null as _change_author_kind)"
        with connected(relations, include_bots=False) as connection:
            counted.append(connection.execute("select count(*), sum(size_lines) from measured_changes").fetchone())
    assert counted[0] == counted[1]
