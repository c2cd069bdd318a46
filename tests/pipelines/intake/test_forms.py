"""Every table goes in from every form alike, and a file that cannot be parsed is told by file and line."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest

from pipelines.warehouse import Warehouse
from schemas.errors import InputError
from schemas.events import all_tables
from schemas.tables import EventTable
from tests.support.workspaces import as_ndjson, as_text, frame, load_files, new_workspace, query, sample_rows

REVIEWS = "review_id,change_id,state,submitted_at\nv1,c1,approved,2026-01-01T10:00:00Z\n"


def _as_csv(rows: list[dict[str, Any]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(rows[0])
    writer.writerows([as_text(value) for value in row.values()] for row in rows)
    return written.getvalue()


def _as_parquet(table: type[EventTable], rows: list[dict[str, Any]]) -> bytes:
    written = io.BytesIO()
    frame(table, rows).write_parquet(written)
    return written.getvalue()


@pytest.mark.parametrize("form", [".parquet", ".csv", ".csv.gz", ".ndjson", ".ndjson.gz"])
def test_every_table_goes_in_alike_from_every_form(tmp_path: Path, form: str) -> None:
    files: dict[str, str | bytes] = {}
    expected = {name: sample_rows(table) for name, table in all_tables().items()}
    for name, rows in expected.items():
        if form == ".parquet":
            files[f"{name}{form}"] = _as_parquet(all_tables()[name], rows)
        else:
            text = (_as_csv(rows) if form.startswith(".csv") else as_ndjson(rows)).encode()
            files[f"{name}{form}"] = gzip.compress(text) if form.endswith(".gz") else text
    workspace = new_workspace(tmp_path)
    report = load_files(workspace, files)
    assert [each.quarantined for each in report.tables] == [0] * 25
    with Warehouse.open(workspace, write=False) as warehouse:
        for name, rows in expected.items():
            columns = ", ".join(f'"{column}"' for column in rows[0])
            assert warehouse.rows(f"SELECT {columns} FROM warehouse.{name} ORDER BY record") == rows


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("reviews.csv", REVIEWS + "v2,c1,approved\n", 3),
        ("reviews.csv", REVIEWS + "v2,c1,approved,2026-01-01T10:00:00Z,more\n", 3),
        ("reviews.csv", REVIEWS + 'v2,"c1,approved,2026-01-01T10:00:00Z\n', 3),
        ("reviews.csv", REVIEWS.encode() + b"v2,c\xff,approved,2026-01-01T10:00:00Z\n", 3),
        ("reviews.csv", "", 1),
        ("reviews.csv", "review_id,review_id\na,b\n", 1),
        ("reviews.csv", "review_id,\na,b\n", 1),
        ("reviews.csv.gz", gzip.compress(REVIEWS.encode() * 500, mtime=0)[:60], 1),
        ("reviews.csv.gz", b"not packed at all", 1),
        ("reviews.ndjson", '{"review_id": "v1"}\n{"review_id": \n', 2),
        ("reviews.ndjson", '{"review_id": "v1"}\n[1]\n', 2),
        ("reviews.ndjson", b'{"review_id": "v1"}\n{"review_id": "\xff"}\n', 2),
        ("reviews.parquet", b"PAR1 torn", None),
        ("reviews.parquet", b"", None),
        ("reviews.parquet.gz", b"PAR1", None),
    ],
)
def test_torn_file_ends_the_load_and_nothing_of_it_is_kept(
    tmp_path: Path, name: str, content: str | bytes, line: int | None
) -> None:
    workspace = new_workspace(tmp_path)
    load_files(workspace, {"repositories.csv": "repo_id\nr1\n"})
    raw = sorted(workspace.raw.iterdir())
    with pytest.raises(InputError) as caught:
        load_files(
            workspace,
            {"changes.csv": "change_id,repo_id,state,opened_at\nc1,r1,open,2026-01-01T00:00:00Z\n", name: content},
        )
    message = str(caught.value)
    assert f"{name}:{line}: " in message if line else f"{name}" in message
    assert "\n" not in message
    assert "/raw/" not in message
    assert query(workspace, "SELECT * FROM changes") == []
    assert len(query(workspace, "SELECT * FROM warehouse.loads")) == 1
    assert sorted(workspace.raw.iterdir()) == raw


def test_lines_may_end_as_on_windows_and_hold_quotes_and_line_breaks(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    text = '\ufeffrepo_id,name,team\r\nr1,"a ""b"", c\r\nd",\r\nr2,x,y\r\n'
    load_files(workspace, {"repositories.csv": text})
    assert query(workspace, "SELECT repo_id, name, team, record FROM repositories ORDER BY 1") == [
        {"repo_id": "r1", "name": 'a "b", c\r\nd', "team": None, "record": 1},
        {"repo_id": "r2", "name": "x", "team": "y", "record": 2},
    ]


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    report = load_files(new_workspace(tmp_path), {"repositories.csv": "repo_id,name\n", "reviews.ndjson": ""})
    assert [(each.table, each.read) for each in report.tables] == [("repositories", 0), ("reviews", 0)]
