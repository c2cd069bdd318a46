"""A table that breaks its schema is found out, by the model and by the screen alike."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

import pipelines.table_checks
from pipelines.build_store import BuildStore, Cut
from pipelines.checked_parts import RECORD
from pipelines.table_checks import faults
from pipelines.warehouse import Warehouse
from schemas.published import all_tables
from schemas.published.incident_facts import IncidentFacts
from schemas.published.metric_values import MetricValues
from schemas.sql import DUCKDB_TYPES
from schemas.tables import PublishedTable
from schemas.workspace import load_workspace
from tests.support.small_workspace import CONFIGURATION

GOOD = {
    "incident_id": "'i1'",
    "service": "'one'",
    "is_security": "false",
    "opened_at": "timestamp '2026-01-01'",
    "attribution": "'none'",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BuildStore]:
    (tmp_path / "plumbline.toml").write_text(CONFIGURATION)
    workspace = load_workspace(tmp_path)
    with Warehouse.open(workspace, write=True):
        pass
    instant = datetime.fromisoformat("2026-07-01T00:00:00")
    with BuildStore(workspace, Cut(instant), instant) as store:
        yield store


@pytest.fixture(params=["model", "screen"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way of looking at rows, alone: by pandera, or by SQL."""
    if request.param == "screen":
        monkeypatch.setattr(pipelines.table_checks, "ROWS_BY_MODEL", -1)
    else:
        monkeypatch.setattr(pipelines.table_checks, "_by_screen", pipelines.table_checks._by_model)


def incidents(**changed: str) -> str:
    """A query that gives one good incident, but for what is changed."""
    values = {column.name: "null" for column in IncidentFacts.table_columns()} | GOOD | changed
    columns = {column.name: DUCKDB_TYPES[column.type] for column in IncidentFacts.table_columns()}
    return "select " + ", ".join(f"({values[name]})::{kind} as {name}" for name, kind in columns.items())


@pytest.mark.usefixtures("way")
def test_a_good_table_has_no_fault(store: BuildStore) -> None:
    store.write("incident_facts", incidents())
    assert list(faults(store, IncidentFacts)) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"opened_at": "null"}, "opened_at"),
        ({"attribution": "'guess'"}, "attribution"),
        ({"tier": "5"}, "tier"),
        ({"incident_id": "''"}, "incident_id"),
        ({"restore_seconds": "'nan'"}, "restore_seconds"),
        ({"restore_seconds": "-1"}, "restore_seconds"),
    ],
)
def test_a_broken_row_is_named_by_its_column(store: BuildStore, changed: dict[str, str], column: str) -> None:
    broken = {"incident_id": "'i2'"} | changed
    store.write("incident_facts", f"{incidents()} union all {incidents(**broken)}")
    found = list(faults(store, IncidentFacts))
    assert found
    assert all(f"incident_facts.{column}: " in fault for fault in found)


@pytest.mark.usefixtures("way")
def test_a_key_that_stands_twice_is_a_fault(store: BuildStore) -> None:
    store.write("incident_facts", f"{incidents()} union all {incidents()}")
    assert list(faults(store, IncidentFacts)) == ["incident_facts: the key i1 stands twice"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("coded", [False, True])
def test_a_key_that_stands_once_in_each_of_two_parts_is_a_fault(store: BuildStore, coded: bool) -> None:
    """Also where one part's text is coded, which hashes of it are taken over."""
    other = incidents(incident_id="'i2'")
    frame = store.frame(f"{incidents()} union all {other}")
    again = frame.with_columns(pl.col("incident_id").cast(pl.Categorical)).reverse() if coded else frame.tail(1)
    store.write("incident_facts", frame.head(1), partition="one")
    store.write("incident_facts", again.filter(pl.col("incident_id") == "i2"), partition="two")
    assert list(faults(store, IncidentFacts)) == []
    store.write("incident_facts", again, partition="two")
    store.write("incident_facts", frame, partition="one")
    (fault,) = faults(store, IncidentFacts)
    assert fault.endswith("stands twice")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"select * exclude service from ({incidents()})", "the column service is missing"),
        (f"select * replace (opened_at::varchar as opened_at) from ({incidents()})", "is VARCHAR, must be TIMESTAMP"),
    ],
)
def test_columns_are_held_to_their_names_and_types(store: BuildStore, query: str, words: str) -> None:
    store.write("incident_facts", query)
    assert words in next(faults(store, IncidentFacts))


def test_narrower_numbers_are_the_same_numbers(store: BuildStore) -> None:
    query = f"select * replace (3::tinyint as tier) from ({incidents()})"
    store.write("incident_facts", query)
    assert list(faults(store, IncidentFacts)) == []


@pytest.mark.parametrize("name", sorted(all_tables()))
def test_an_empty_table_of_every_kind_can_be_screened(
    store: BuildStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.table_checks, "ROWS_BY_MODEL", -1)
    table = all_tables()[name]
    columns = ", ".join(f'null::{DUCKDB_TYPES[column.type]} as "{column.name}"' for column in table.table_columns())
    store.write(name, f"select {columns} where false")
    assert list(faults(store, table)) == []


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table counts as large: footers are asked first, and what was found good is not looked at again."""
    monkeypatch.setattr(pipelines.table_checks, "MANY_ROWS", 0)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"opened_at": "null"}, "opened_at"),
        ({"attribution": "'guess'"}, "attribution"),
        ({"tier": "5"}, "tier"),
        ({"incident_id": "''"}, "incident_id"),
        ({"restore_seconds": "'nan'"}, "restore_seconds"),
        ({"restore_seconds": "'inf'"}, "restore_seconds"),
        ({"restore_seconds": "-1"}, "restore_seconds"),
    ],
)
def test_a_large_tables_broken_row_is_named_by_its_column(
    store: BuildStore, changed: dict[str, str], column: str, as_frame: bool
) -> None:
    """Whether DuckDB wrote the footer or polars, which leaves what is no number out of it."""
    broken = {"incident_id": "'i2'"} | changed
    rows = f"{incidents()} union all {incidents(**broken)}"
    store.write("incident_facts", store.frame(rows) if as_frame else rows)
    (fault,) = faults(store, IncidentFacts)
    assert fault.startswith(f"incident_facts.{column}: ")
    assert list(faults(store, IncidentFacts)) == [fault]  # what is broken is never written down as good


@pytest.mark.usefixtures("many")
def test_a_large_tables_keys_are_compared_over_all_parts_that_may_share_one(store: BuildStore) -> None:
    second = incidents(incident_id="'i2'")
    frame = store.frame(f"{incidents()} union all {second}")
    store.write("incident_facts", frame, partition="one")
    store.write("incident_facts", store.frame(incidents(incident_id="'i3'")), partition="two")
    assert list(faults(store, IncidentFacts)) == []
    store.write("incident_facts", store.frame(incidents(incident_id="'i2'")), partition="two")
    assert list(faults(store, IncidentFacts)) == ["incident_facts: the key i2 stands twice"]


def values_of(*windows: tuple[str, str]) -> str:
    """A query that gives a figure of each window: its first day, and the one after its last."""
    given = {
        "metric": "'lead_time'",
        "version": "'1.0.0'",
        "tier": "'1'",
        "segment_kind": "'all'",
        "segment": "'all'",
        "grain": "'week'",
        "statistic": "'mean'",
        "value": "1",
        "unit": "'hours'",
        "n": "1",
        "is_provisional": "false",
    }
    columns = {column.name: DUCKDB_TYPES[column.type] for column in MetricValues.table_columns()}
    rows = [given | {"window_start": f"date '{start}'", "window_end": f"date '{end}'"} for start, end in windows]
    return " union all ".join(
        "select " + ", ".join(f"({row.get(name, 'null')})::{kind} as {name}" for name, kind in columns.items())
        for row in rows
    )


@pytest.mark.usefixtures("many")
def test_parts_of_other_days_are_not_compared_and_those_of_days_that_overlap_are(
    store: BuildStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    look = pipelines.table_checks._may_stand_twice

    def noted_parts(table: type[PublishedTable], paths: tuple[Path, ...]) -> bool:
        compared.append(len(paths))
        return look(table, paths)

    monkeypatch.setattr(pipelines.table_checks, "_may_stand_twice", noted_parts)
    first, second, third = ("2026-01-05", "2026-01-12"), ("2026-01-12", "2026-01-19"), ("2026-01-19", "2026-01-26")
    store.write("metric_values", store.frame(values_of(first, second)), partition="a")
    store.write("metric_values", store.frame(values_of(third)), partition="b")
    store.write("metric_values", store.frame(values_of(first)).clear(), partition="c")
    assert list(faults(store, MetricValues)) == []
    assert sorted(compared) == [1, 1]
    store.write("metric_values", store.frame(values_of(second)), partition="b")
    (fault,) = faults(store, MetricValues)
    assert fault.startswith("metric_values: the key ")
    assert fault.endswith(" stands twice")


@pytest.mark.usefixtures("many")
def test_a_part_that_was_found_good_is_not_read_again_but_by_a_full_build(
    store: BuildStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    for name in ("_extremes_hold", "_may_stand_twice"):
        monkeypatch.setattr(pipelines.table_checks, name, noted(name, read))
    store.write("incident_facts", incidents(), partition="one")
    assert list(faults(store, IncidentFacts)) == []
    assert read == ["_extremes_hold", "_may_stand_twice"]
    assert list(faults(store, IncidentFacts)) == []
    assert read == ["_extremes_hold", "_may_stand_twice"]
    store.write("incident_facts", incidents(incident_id="'i2'"), partition="two")
    assert list(faults(store, IncidentFacts)) == []
    assert read == ["_extremes_hold", "_may_stand_twice"] * 2
    store.is_full = True
    assert list(faults(store, IncidentFacts)) == []
    assert len(read) > len(["_extremes_hold", "_may_stand_twice"] * 2)


def noted(name: str, read: list[str]) -> Callable[..., bool]:
    """A function of the checks that says when it reads rows."""
    looks: Callable[..., bool] = getattr(pipelines.table_checks, name)

    def look(*arguments: object) -> bool:
        read.append(name)
        return looks(*arguments)

    return look


def laid_over(store: BuildStore, *base: str, over: str, key: str = "incident_id") -> None:
    """Write parts of incidents, and rows over them."""
    parts = store.write_pieces("incident_facts", {f"{number:03}": each for number, each in enumerate(base)}).parts
    store.write_over("incident_facts", parts, over, key=key, order_by=("incident_id",))


@pytest.mark.parametrize("many_rows", [0, 500_000])
def test_rows_laid_over_others_are_checked_with_them(
    store: BuildStore, many_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.table_checks, "MANY_ROWS", many_rows)
    second, third = incidents(incident_id="'i2'"), incidents(incident_id="'i3'")
    base = incidents(), second
    laid_over(store, *base, over=f"{second} union all {third}")
    assert list(faults(store, IncidentFacts)) == []
    laid_over(store, *base, over=incidents(incident_id="'i2'", tier="5"))
    assert [fault.split(":")[0] for fault in faults(store, IncidentFacts)] == ["incident_facts.tier"]
    laid_over(store, *base, over=f"{third} union all {third}")
    assert list(faults(store, IncidentFacts)) == ["incident_facts: the key i3 stands twice"]
    # Laid over by what is no key, a row replaces none: both stand there.
    laid_over(store, *base, over=incidents(incident_id="'i2'", severity="2"), key="severity")
    assert list(faults(store, IncidentFacts)) == ["incident_facts: the key i2 stands twice"]


@pytest.mark.usefixtures("many")
def test_what_is_replaced_is_no_fault_and_what_is_under_rows_is_not_looked_at_again(store: BuildStore) -> None:
    good = incidents()
    laid_over(store, good, incidents(incident_id="'i2'", tier="5"), over=incidents(incident_id="'i2'"))
    assert list(faults(store, IncidentFacts)) == []
    table = store.tables()["incident_facts"]
    record = json.loads((store.folder.state / RECORD).read_text())
    assert record["tables"]["incident_facts"] == sorted(record["tables"]["incident_facts"])
    assert {part.sha256 for part in table.files} <= set(record["tables"]["incident_facts"])
