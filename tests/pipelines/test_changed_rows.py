"""Rows that only one of two builds has are found, whatever day they are of, and however often they stand there."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import polars as pl
import pytest

from metrics.aggregate import Engine
from metrics.calendar import Calendar
from pipelines.build_engine import RELATIONS
from pipelines.changed_rows import BothSides, Compared, RecentChanges, Sums, changed_rows, new_folder
from pipelines.parts import scan

FIRST = datetime(2026, 3, 1)  # noqa: DTZ001 -- UTC, zone-less
SCHEMA: dict[str, pl.DataType] = {
    "_repo": pl.Int32(),
    "opened_at": pl.Datetime("us"),
    "merged_at": pl.Datetime("us"),
    "size_lines": pl.Int64(),
}
ROWS = pl.DataFrame(
    {
        "_repo": [number % 3 for number in range(60)],
        "opened_at": [None if number == 7 else FIRST + timedelta(hours=number) for number in range(60)],
        "merged_at": [FIRST + timedelta(hours=number + 30) for number in range(60)],
        "size_lines": list(range(60)),
    },
    schema=SCHEMA,
)
BATCHES = {
    "nothing": ROWS,
    "a correction of the last day": ROWS.with_columns(pl.col("size_lines") + (pl.col("size_lines") == 58)),
    "a correction of the first day, and a new row": pl.concat(
        [
            ROWS.with_columns(pl.col("size_lines") + (pl.col("size_lines") == 2)),
            ROWS.tail(1).with_columns(_repo=pl.lit(9, pl.Int32)),
        ]
    ),
    "a row without a day": ROWS.with_columns(pl.col("size_lines") + (pl.col("size_lines") == 7)),
    "a row that is gone": ROWS.filter(pl.col("size_lines") != 40),
    "the same row twice": pl.concat([ROWS, ROWS.slice(50, 1)]),
    "two rows that swap what they have": ROWS.with_columns(
        size_lines=pl.when(pl.col("size_lines") == 57)
        .then(56)
        .when(pl.col("size_lines") == 56)
        .then(57)
        .otherwise("size_lines")
    ),
}


def both_sides(before: dict[str, str], after: dict[str, str]) -> dict[str, BothSides]:
    return {name: BothSides(before[name], after[name]) for name in RELATIONS}


def files_of(changes: pl.DataFrame, folder: Path) -> dict[str, str]:
    """Every relation as SQL, of which the changes alone have rows."""
    folder.mkdir()
    for name in RELATIONS:
        (changes if name == "change_facts" else ROWS.clear()).write_parquet(folder / f"{name}.parquet")
    return {name: scan([folder / f"{name}.parquet"]) for name in RELATIONS}


def counted(rows: pl.DataFrame) -> dict[tuple[object, ...], int]:
    found: dict[tuple[object, ...], int] = {}
    for row in rows.select(list(SCHEMA)).iter_rows():
        found[row] = found.get(row, 0) + 1
    return found


@pytest.mark.parametrize("has_recent", [False, True])
@pytest.mark.parametrize("batch", BATCHES)
def test_rows_that_differ(batch: str, has_recent: bool, tmp_path: Path) -> None:
    before, after = files_of(ROWS, tmp_path / "before"), files_of(BATCHES[batch], tmp_path / "after")
    folder = new_folder(tmp_path / "changed")
    with duckdb.connect() as connection:
        connection.execute(f"create view change_facts as from {after['change_facts']}")
        engine = cast("Engine", SimpleNamespace(connection=connection, calendar=Calendar("Etc/UTC")))
        recent = RecentChanges.of(engine, date(2026, 3, 2), folder) if has_recent else None
        found = changed_rows(connection, both_sides(before, after), folder, recent)
    found_rows = [counted(pl.read_parquet(file)) for file in found.rows["change_facts"]]
    were, are = counted(ROWS), counted(BATCHES[batch])
    differing = {row for row in were.keys() | are.keys() if were.get(row) != are.get(row)}
    assert found_rows[0] == {row: count for row, count in were.items() if row in differing}
    assert found_rows[1] == {row: count for row, count in are.items() if row in differing}
    assert all(pl.read_parquet(file).is_empty() for file in found.rows["deployment_facts"])


def test_recent_changes_have_the_durations_that_their_instants_tell(tmp_path: Path) -> None:
    seconds = (pl.col("merged_at") - pl.col("opened_at")).dt.total_microseconds() / 1e6
    changes = ROWS.with_columns(
        cycle_seconds=seconds, merged_at=pl.when(pl.col("size_lines") == 9).then(None).otherwise("merged_at")
    ).with_columns(cycle_seconds=pl.when(pl.col("merged_at").is_not_null()).then("cycle_seconds"))
    facts = files_of(changes, tmp_path / "facts")["change_facts"]
    with duckdb.connect() as connection:
        connection.execute(f"create view change_facts as from {facts}")
        engine = cast("Engine", SimpleNamespace(connection=connection, calendar=Calendar("Etc/UTC")))
        recent = RecentChanges.of(engine, date(2026, 3, 3), tmp_path / "changed")
        columns = connection.sql(f"select * exclude (cycle_seconds) from {facts}").columns
        assert connection.sql(f"from '{recent.file}'").columns == columns
        found = connection.sql(f"select {', '.join(changes.columns)} from {recent.rows}").pl()
        after = FIRST + timedelta(days=2)
        assert found.equals(changes.filter((pl.col("opened_at") >= after) | (pl.col("merged_at") >= after)))


def test_where_it_is_known_which_rows_may_differ_no_others_are_read(tmp_path: Path) -> None:
    batch = BATCHES["a correction of the first day, and a new row"]
    before, after = files_of(ROWS, tmp_path / "before"), files_of(batch, tmp_path / "after")
    wanted = "size_lines < 4 or size_lines > 57"
    some = tuple(f"(select * from {each['change_facts']} where {wanted})" for each in (before, after))
    known = both_sides(before, after)
    # Of the others nothing is read: a file that is not there is not missed.
    gone = before["change_facts"].replace("before", "nowhere")
    known["change_facts"] = BothSides(gone, after["change_facts"], (some[0], some[1]))
    sums = {"change_facts": Sums("of long ago", {})}
    with duckdb.connect() as connection:
        found = changed_rows(connection, known, tmp_path / "changed", known=sums)
    sides = [sorted(pl.read_parquet(file)["size_lines"]) for file in found.rows["change_facts"]]
    assert sides == [[2], [3, 59]]
    assert "change_facts" not in found.sums


def test_what_is_known_of_the_earlier_rows_is_not_read_again_unless_on_other_terms(tmp_path: Path) -> None:
    steps = ROWS, ROWS.head(50), pl.concat([ROWS.head(50), ROWS.slice(20, 1)])
    first, second, third = (files_of(rows, tmp_path / f"step{number}") for number, rows in enumerate(steps))
    with duckdb.connect() as connection:
        before = changed_rows(connection, both_sides(first, second), tmp_path / "one").sums
        assert Sums.from_json(json.loads(json.dumps(before["change_facts"].json()))) == before["change_facts"]
        unknown, known = (
            changed_rows(connection, both_sides(second, third), tmp_path / name, known=sums)
            for name, sums in (("two", {}), ("three", before))
        )
        assert known.sums == unknown.sums
        rows = [[counted(pl.read_parquet(file)) for file in each.rows["change_facts"]] for each in (unknown, known)]
        assert rows[0] == rows[1]
        row = counted(ROWS.slice(20, 1))
        assert rows[0] == [row, dict.fromkeys(row, 2)]
        # What is known is believed, if it was made on the same terms.
        as_if_same = unknown.sums["change_facts"]
        believed = changed_rows(
            connection, both_sides(second, third), tmp_path / "four", known={"change_facts": as_if_same}
        )
        assert all(pl.read_parquet(file).is_empty() for file in believed.rows["change_facts"])
        others = {"change_facts": replace(as_if_same, terms="other")}
        again = changed_rows(connection, both_sides(second, third), tmp_path / "five", known=others)
        assert [counted(pl.read_parquet(file)) for file in again.rows["change_facts"]] == rows[0]


def test_a_row_whose_duration_is_another_is_found_by_the_instant_behind_it(tmp_path: Path) -> None:
    ready = ROWS.with_columns(
        ready_at=pl.col("opened_at"), first_review_at=pl.col("merged_at"), first_commit_at=pl.lit(None, pl.Datetime)
    )
    told = [
        rows.with_columns(pickup_seconds=(pl.col("first_review_at") - pl.col("ready_at")).dt.total_seconds())
        for rows in (
            ready,
            ready.with_columns(pl.col("ready_at") + pl.duration(hours=(pl.col("size_lines") == 41).cast(int))),
        )
    ]
    before, after = (files_of(rows, tmp_path / name) for rows, name in zip(told, ("one", "two"), strict=True))
    with duckdb.connect() as connection:
        compared = Compared.of(connection, BothSides(before["change_facts"], after["change_facts"]))
        found = changed_rows(connection, both_sides(before, after), tmp_path / "changed").rows["change_facts"]
    assert "pickup_seconds" in compared.kept
    assert compared.told_apart_by.keys() >= {"ready_at", "first_review_at"}
    assert "pickup_seconds" not in compared.told_apart_by
    assert [pl.read_parquet(file)["size_lines"].to_list() for file in found] == [[41], [41]]


def test_a_duration_without_its_instants_tells_rows_apart_by_itself(tmp_path: Path) -> None:
    rows = ROWS.with_columns(pickup_seconds=pl.lit(60.0))
    longer = rows.with_columns(pl.col("pickup_seconds") + (pl.col("size_lines") == 41))
    before, after = files_of(rows, tmp_path / "one"), files_of(longer, tmp_path / "two")
    with duckdb.connect() as connection:
        found = changed_rows(connection, both_sides(before, after), tmp_path / "changed").rows["change_facts"]
    assert [pl.read_parquet(file)["pickup_seconds"].to_list() for file in found] == [[60.0], [61.0]]
