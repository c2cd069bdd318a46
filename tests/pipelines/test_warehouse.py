"""One writer at a time, older files brought up to date, damage told in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines import warehouse
from pipelines.warehouse import Warehouse
from schemas.errors import WarehouseError, WarehouseLocked
from tests.support.workspaces import load_files, new_workspace, query

HOLD = """
import sys
from pathlib import Path
from pipelines import warehouse
from pipelines.warehouse import Warehouse
from schemas.workspace import load_workspace
with Warehouse.open(load_workspace(Path(sys.argv[1])), write=True):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_writes(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin
    assert holder.stdout
    with holder:
        assert holder.stdout.readline() == "open\n"
        for write in (True, False):
            with pytest.raises(WarehouseLocked, match=f"process {holder.pid} is .* the warehouse; wait"):
                Warehouse.open(workspace, write=write)
        holder.stdin.close()
        holder.wait()
    with Warehouse.open(workspace, write=False) as warehouse:
        assert warehouse.rows("SELECT count(*) AS n FROM warehouse.changes") == [{"n": 0}]


def test_readers_share_and_keep_a_writer_out_within_one_process(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    Warehouse.open(workspace, write=True).close()
    with (
        Warehouse.open(workspace, write=False),
        Warehouse.open(workspace, write=False),
        pytest.raises(WarehouseLocked),
    ):
        Warehouse.open(workspace, write=True)
    Warehouse.open(workspace, write=True).close()


def test_nothing_loaded_yet_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="plumbline load DIR"):
        Warehouse.open(new_workspace(tmp_path), write=False)


def test_an_older_file_gains_columns_and_keys_of_another_version_are_made_again(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    load_files(workspace, {"repositories.csv": "repo_id,name\nr1,a\n"})
    with duckdb.connect(str(workspace.warehouse_path)) as raw:
        raw.execute("ALTER TABLE repositories DROP COLUMN archived")
        raw.execute("ALTER TABLE loads DROP COLUMN zone")
        raw.execute("DROP TABLE reviews")
        raw.execute("UPDATE repositories SET repo_key = 1")
        raw.execute("UPDATE meta SET value = 'another' WHERE name IN ('keys', 'declared')")
    expected = [{"archived": False, "agrees": True, "reviews": 0}]
    reviews = "(SELECT count(*) FROM reviews) AS reviews"
    sql = f"SELECT archived, repo_key = hash(md5_number(repo_id)) AS agrees, {reviews} FROM repositories"
    assert query(workspace, sql) == expected
    with Warehouse.open(workspace, write=True) as warehouse:
        found = warehouse.rows(
            "SELECT archived, repo_key = hash(md5_number(repo_id)) AS agrees FROM warehouse.repositories"
        )
        assert found == [{"archived": False, "agrees": True}]
        assert warehouse.rows("SELECT zone FROM warehouse.loads") == [{"zone": None}]
    assert query(workspace, sql) == expected


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    Warehouse.open(workspace, write=True).close()
    with duckdb.connect(str(workspace.warehouse_path)) as raw:
        raw.execute("UPDATE meta SET value = '99' WHERE name = 'form'")
    with pytest.raises(WarehouseError, match="later version"):
        Warehouse.open(workspace, write=True)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to hold a header" * 400, b""])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    workspace = new_workspace(tmp_path)
    load_files(workspace, {"repositories.csv": "repo_id\nr1\n"})
    workspace.warehouse_path.write_bytes(content)
    with pytest.raises(WarehouseError) as caught:
        Warehouse.open(workspace, write=False)
    assert "\n" not in str(caught.value)
    assert str(workspace.warehouse_path) in str(caught.value)


def test_nothing_of_a_failed_transaction_is_kept(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path)
    with Warehouse.open(workspace, write=True) as warehouse:
        with pytest.raises(WarehouseError), warehouse.transaction():
            warehouse.connection.execute("INSERT INTO warehouse.orphans VALUES ('a', 'b', 'c', 1)")
            warehouse.connection.execute("SELECT no_such_function()")
        assert warehouse.rows("FROM warehouse.orphans") == []


def test_production_rule_follows_the_workspace(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path, "[production]\nenvironments = []\npatterns = ['^live-']")
    text = "deployment_id,repo_id,status,environment,is_production\n"
    load_files(
        workspace,
        {"deployments.csv": text + "a,r,in_progress,live-eu,\nb,r,in_progress,production,\nc,r,in_progress,x,true\n"},
    )
    found = query(workspace, "SELECT deployment_id AS id, is_production AS p FROM deployments ORDER BY 1")
    assert [(row["id"], row["p"]) for row in found] == [("a", True), ("b", False), ("c", True)]


def test_what_was_read_is_given_back_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "LEAST_MEMORY", "4MiB")
    connection = duckdb.connect()
    connection.execute(f"attach '{tmp_path / 'events.duckdb'}' as events")
    connection.execute("create table events.changes as select hash(range) as number from range(2_000_000)")
    connection.execute("checkpoint events")
    total = "select sum(number::hugeint) from events.changes"

    def held() -> int:
        query = "select memory_usage_bytes from duckdb_memory() where tag = 'BASE_TABLE'"
        return int(connection.execute(query).fetchall()[0][0])

    first = connection.execute(total).fetchall()
    before = held()
    warehouse.forget_what_was_read(connection)
    assert before > 8 << 20
    assert held() < 5 << 20
    assert connection.execute("select current_setting('memory_limit')").fetchall() == [("4.0 GiB",)]
    assert connection.execute(total).fetchall() == first
    connection.close()


def test_where_nothing_can_be_given_back_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "LEAST_MEMORY", "1MiB")
    connection = duckdb.connect()
    connection.execute("set temp_directory = ''")
    connection.execute("create temp table held as select hash(range) as number from range(2_000_000)")
    warehouse.forget_what_was_read(connection)
    assert connection.execute("select count(*) from held").fetchall() == [(2_000_000,)]
    assert connection.execute("select current_setting('memory_limit')").fetchall() == [("4.0 GiB",)]
    connection.close()
