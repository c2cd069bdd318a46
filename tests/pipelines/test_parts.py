"""Parts are named by content, written whole or not at all."""

import hashlib
from pathlib import Path

import duckdb
import pytest

from pipelines.parts import replace_text, scan, write_part, write_parts

QUERY = "select i as number, 'name ' || i as name from range({}) t(i) order by number"


def test_a_part_is_named_by_its_content(tmp_path: Path) -> None:
    part = write_part(duckdb.connect(), QUERY.format(1000), tmp_path)
    content = (tmp_path / part.name).read_bytes()
    assert part.sha256 == hashlib.sha256(content).hexdigest()
    assert (part.rows, part.bytes) == (1000, len(content))


@pytest.mark.parametrize("threads", [1, 4])
def test_equal_rows_give_equal_parts_whatever_the_threads(tmp_path: Path, threads: int) -> None:
    many = QUERY.format(300_000)
    one = write_part(duckdb.connect(config={"threads": 1}), many, tmp_path)
    assert write_part(duckdb.connect(config={"threads": threads}), many, tmp_path) == one
    assert [path.name for path in tmp_path.iterdir()] == [one.name]


def test_a_connection_that_lets_rows_go_in_any_order_keeps_them_in_parts(tmp_path: Path) -> None:
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false")
    rows = "select i as number from range(1_000_000) t(i)"
    part = write_part(connection, rows, tmp_path)
    assert part == write_part(duckdb.connect(config={"threads": 1}), rows, tmp_path)
    assert connection.execute("select current_setting('preserve_insertion_order')").fetchall() == [(False,)]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        write_part(duckdb.connect(), "select error('broken') as broken", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_several_parts_are_those_of_each_query_by_itself(tmp_path: Path) -> None:
    queries = [QUERY.format(size) for size in (1000, 10, 1000)]
    parts = write_parts(duckdb.connect(), queries, tmp_path)
    assert parts == [write_part(duckdb.connect(), query, tmp_path) for query in queries]
    assert {path.name for path in tmp_path.iterdir()} == {part.name for part in parts}


def test_of_several_parts_a_failed_one_leaves_nothing_half(tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        write_parts(duckdb.connect(), [QUERY.format(10), "select error('broken') as broken"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [write_part(duckdb.connect(), QUERY.format(10), tmp_path).name]


def test_parts_are_read_in_their_order_from_any_folder(tmp_path: Path) -> None:
    connection = duckdb.connect()
    folder = tmp_path / "o'clock"
    parts = [write_part(connection, f"select {number} as number", folder) for number in (2, 1)]
    rows = connection.execute(f"select number from {scan([folder / part.name for part in parts])}").fetchall()
    assert rows == [(2,), (1,)]


def test_replacing_a_text_leaves_only_the_text(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "current"
    replace_text(path, "one\n")
    replace_text(path, "two\n")
    assert path.read_text() == "two\n"
    assert list(path.parent.iterdir()) == [path]
