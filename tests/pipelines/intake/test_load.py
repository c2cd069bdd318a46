"""The rules of intake, one by one."""

# ruff: noqa: DTZ001 -- the warehouse keeps instants in UTC without a zone

from __future__ import annotations

import hashlib
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import InputError
from schemas.workspace import Workspace
from tests.support.workspaces import NOON, as_ndjson, load_files, new_workspace, query

CHANGES = "change_id,repo_id,state,opened_at,merged_at,closed_at,additions\n"


def _quarantine(workspace: Workspace) -> list[tuple[Any, ...]]:
    rows = query(workspace, 'SELECT key, "column", value, reason FROM warehouse.quarantine ORDER BY record, "column"')
    return [tuple(row.values()) for row in rows]


def _parquet(**columns: list[Any]) -> bytes:
    written = io.BytesIO()
    pl.DataFrame(columns).write_parquet(written)
    return written.getvalue()


def test_bad_rows_go_to_quarantine_with_reasons_and_the_good_ones_go_in(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    text = (
        CHANGES
        + "c1,r1,merged,2026-01-01T10:00:00Z,2026-01-02T10:00:00Z,2026-01-02T10:00:00Z,5\n"
        + "c2,r1,closed,2026-01-01T10:00:00Z,,,\n"
        + "c3,r1,reopened,2026-01-01T10:00:00Z,,,\n"
        + "c4,r1,open,2026-01-01T10:00:00,,,\n"
        + "c5,r1,open,2026-02-30T10:00:00Z,,,\n"
        + ",r1,open,2026-01-01T10:00:00Z,,,\n"
        + "c7,r1,merged,2026-01-01T10:00:00Z,2025-12-31T10:00:00Z,,-1\n"
        + "c8,r1,open,2026-01-01T10:00:00Z,,,3.5\n"
    )
    report = load_files(workspace, {"changes.csv": text})
    (table,) = report.tables
    assert (table.read, table.new, table.quarantined) == (8, 1, 7)
    allowed = "is not one of open, merged, closed"
    instant = "is not an instant with a time zone, such as 2026-10-31T12:00:00Z"
    assert _quarantine(workspace) == [
        ("c2", "closed_at", None, "is missing on a closed change"),
        ("c3", "state", "reopened", allowed),
        ("c4", "opened_at", "2026-01-01T10:00:00", instant),
        ("c5", "opened_at", "2026-02-30T10:00:00Z", instant),
        (None, "change_id", None, "is missing"),
        ("c7", "additions", "-1", "is less than 0"),
        ("c7", "merged_at", "2025-12-31T10:00:00Z", "is earlier than opened_at"),
        ("c8", "additions", "3.5", "is not a whole number"),
    ]
    load_files(workspace, {"changes.csv": text}, datetime(2026, 3, 2, tzinfo=UTC))
    assert len(_quarantine(workspace)) == 8


def test_a_row_leaves_quarantine_when_a_good_version_comes(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    load_files(
        workspace, {"changes.csv": CHANGES + "c1,r1,gone,2026-01-01T10:00:00Z,,,\nc2,r1,gone,2026-01-01T10:00:00Z,,,\n"}
    )
    load_files(
        workspace, {"changes.csv": CHANGES + "c1,r1,open,2026-01-01T10:00:00Z,,,\n"}, datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert [key for key, *_ in _quarantine(workspace)] == ["c2"]


def test_a_file_without_a_needed_column_is_quarantined_whole(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    report = load_files(
        workspace, {"reviews.csv": "id,change_id,state,submitted_at\nv1,c1,approved,2026-01-01T00:00:00Z\n"}
    )
    assert (report.tables[0].quarantined, report.tables[0].unknown_columns) == (1, ("id",))
    assert _quarantine(workspace) == [(None, "review_id", None, "is missing: the file has no such column")]


def test_orphans_are_counted_and_join_when_the_parent_arrives(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    head = "review_id,change_id,state,submitted_at\n"
    reviews = f"{head}v1,c1,approved,2026-01-01T11:00:00Z\nv2,c9,approved,2026-01-01T11:00:00Z\n"
    report = load_files(workspace, {"reviews.csv": reviews})
    assert report.tables[0].orphans == {"change_id": 2}
    report = load_files(workspace, {"changes.csv": CHANGES + "c1,r1,open,2026-01-01T10:00:00Z,,,\n"})
    assert report.orphans == {"changes": {"repo_id": 1}, "reviews": {"change_id": 1}}
    joined = query(workspace, "SELECT review_id FROM reviews JOIN changes USING (change_key)")
    assert joined == [{"review_id": "v1"}]


def test_every_row_can_be_traced_to_its_raw_record(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    text = "repo_id,name,shape\nr1,a,x\nr2,b,y\n"
    report = load_files(workspace, {"repositories.csv": text})
    assert report.tables[0].unknown_columns == ("shape",)
    (row,) = query(
        workspace,
        "SELECT record, source, stream, fetched_at, raw_file FROM repositories JOIN warehouse.loads USING (load_id)"
        " WHERE repo_id = 'r2'",
    )
    assert row == {
        "record": 2, "source": "files", "stream": "repositories.csv", "fetched_at": NOON.replace(tzinfo=None),
        "raw_file": f"{hashlib.sha256(text.encode()).hexdigest()}.csv",
    }  # fmt: skip
    assert (workspace.raw / row["raw_file"]).read_text() == text


def test_ids_may_be_integers_and_defaults_stand_for_absent_columns(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    load_files(workspace, {
        "changes.parquet": _parquet(change_id=[7], repo_id=[1.0], state=["open"], opened_at=[datetime(2026, 1, 1, 9)]),
        "repositories.ndjson": '{"repo_id": 1, "archived": true}\n{"repo_id": 2}\n',
        "deployments.csv": "deployment_id,repo_id,status,environment\nd1,1,in_progress,prod\n"
        "d2,1,in_progress,staging\n",
    })  # fmt: skip
    assert query(workspace, "SELECT change_id, repo_id, ai_use, author_kind, kind, labels, deleted FROM changes") == [
        {
            "change_id": "7",
            "repo_id": "1",
            "ai_use": "unknown",
            "author_kind": "human",
            "kind": "unknown",
            "labels": None,
            "deleted": False,
        }
    ]
    assert query(workspace, "SELECT repo_id, service, archived FROM repositories ORDER BY 1") == [
        {"repo_id": "1", "service": "1", "archived": True},
        {"repo_id": "2", "service": "2", "archived": False},
    ]
    assert query(workspace, "SELECT environment, kind, is_production FROM deployments ORDER BY 1") == [
        {"environment": "prod", "kind": "release", "is_production": True},
        {"environment": "staging", "kind": "release", "is_production": False},
    ]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01T10:00:00Z", datetime(2026, 1, 1, 10)),
        ("2026-01-01 10:00:00z", datetime(2026, 1, 1, 10)),
        ("2026-01-01T10:00Z", datetime(2026, 1, 1, 10)),
        ("2026-01-01T10:00:00.123456789Z", datetime(2026, 1, 1, 10, 0, 0, 123456)),
        ("2026-01-01T10:00:00,5Z", datetime(2026, 1, 1, 10, 0, 0, 500000)),
        ("2026-01-01T10:00:00+05:30", datetime(2026, 1, 1, 4, 30)),
        ("2026-01-01T10:00+0530", datetime(2026, 1, 1, 4, 30)),
        ("2026-01-01T10:00:00 -08", datetime(2026, 1, 1, 18)),
        ("2026-01-01T10:00:00", None),
        ("2026-01-01", None),
        ("1767261600", None),
        ("yesterday", None),
    ],
)
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_instants_in_text_need_a_zone(tmp_path: Path, text: str, instant: datetime | None, form: str) -> None:
    workspace = new_workspace(tmp_path)
    row = {"change_id": "c1", "repo_id": "r1", "state": "open", "opened_at": text}
    content = (
        as_ndjson([row])
        if form == "ndjson"
        else ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n"
    )
    load_files(workspace, {f"changes.{form}": content})
    assert [each["opened_at"] for each in query(workspace, "FROM changes")] == ([instant] if instant else [])
    assert len(_quarantine(workspace)) == (0 if instant else 1)


def test_zones_of_parquet_and_bare_dates_of_registers(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path, 'timezone = "Europe/Berlin"')
    noon = pl.Series([datetime(2026, 7, 1, 12)]).dt.replace_time_zone("America/New_York")
    written = io.BytesIO()
    pl.DataFrame({"change_id": ["c1"], "repo_id": ["r"], "state": ["open"], "opened_at": noon}).write_parquet(written)
    load_files(workspace, {
        "changes.parquet": written.getvalue(),
        "tier_assignments.csv": "repo_id,tier,valid_from,valid_to\nr,4,2026-07-01,2026-12-01T00:00:00Z\n",
        "coverage.parquet": _parquet(kind=["tests"], source=["x"], since=[date(2026, 1, 1)]),
        "test_runs.parquet": _parquet(test_run_id=["t"], repo_id=["r"], outcome=["passed"], ran_at=[date(2026, 1, 1)]),
        "spend.csv": "spend_id,month,category,amount\ns1,2026-01-01,licences,10\n"
        "s2,2026-01-02,licences,10\ns3,2026-01-01,x,nan\n",
    })  # fmt: skip
    assert query(workspace, "SELECT opened_at FROM changes") == [{"opened_at": datetime(2026, 7, 1, 16)}]
    assert query(workspace, "SELECT valid_from FROM tier_assignments") == [{"valid_from": datetime(2026, 6, 30, 22)}]
    assert query(workspace, "SELECT since FROM coverage") == [{"since": datetime(2025, 12, 31, 23)}]
    assert query(workspace, "SELECT spend_id, amount, currency FROM spend") == [
        {"spend_id": "s1", "amount": 10.0, "currency": "USD"}
    ]
    assert {(key, column) for key, column, *_ in _quarantine(workspace)} == {
        ("t", "ran_at"),
        ("s2", "month"),
        ("s3", "amount"),
    }


def test_json_values_of_the_wrong_kind_are_told(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    base = {"repo_id": "r1", "state": "open", "opened_at": "2026-01-01T00:00:00Z"}
    rows: list[dict[str, Any]] = [
        {"change_id": "c1", **base, "labels": ["a", "b;c"], "title": None, "number": "12"},
        {"change_id": "c2", **base, "title": {"text": "x"}},
        {"change_id": "c3", **base, "labels": {"a": 1}},
        {"change_id": "c4", **base, "kind": None},
        {"change_id": "c5", **base, "labels": "a; b"},
    ]
    load_files(workspace, {"changes.ndjson": as_ndjson(rows)})
    assert query(workspace, "SELECT change_id, labels, number, kind FROM changes ORDER BY 1") == [
        {"change_id": "c1", "labels": ["a", "b;c"], "number": 12, "kind": "unknown"},
        {"change_id": "c5", "labels": ["a", "b"], "number": None, "kind": "unknown"},
    ]
    assert _quarantine(workspace) == [
        ("c2", "title", '{"text":"x"}', "is not text"),
        ("c3", "labels", '{"a":1}', "is not a list of texts"),
        ("c4", "kind", None, "is missing"),
    ]


def test_folders_that_cannot_be_loaded_are_told(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    with pytest.raises(InputError, match="holds no event file"):
        load_files(workspace, {"change.csv": "a\n"})
    report = load_files(workspace, {"change.csv": "a\n", "notes.txt": "", "repositories.csv": "repo_id\nr\n"})
    assert report.ignored == ("change.csv",)
