"""The ledger's file: all or nothing, and one line for what is wrong with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.alerts.ledger import copy_of_ledger, open_ledger
from pipelines.alerts.ledger_file import FILE_NAME, LedgerError
from tests.support.alerts import ESCAPES


def test_what_was_begun_and_not_ended_is_not_there(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        with pytest.raises(KeyboardInterrupt), ledger.transaction():
            ledger.open(ESCAPES, 1)
            raise KeyboardInterrupt
        assert ledger.alerts() == []


def test_a_copy_leaves_the_file_alone(tmp_path: Path) -> None:
    with copy_of_ledger(tmp_path) as copy, copy.transaction():
        copy.open(ESCAPES, 1)
    assert list(tmp_path.iterdir()) == []
    with open_ledger(tmp_path) as ledger, ledger.transaction():
        ledger.open(ESCAPES, 1)
    with copy_of_ledger(tmp_path) as copy:
        assert [alert.finding_id for alert in copy.alerts()] == [ESCAPES.finding_id]


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database " * 1000)
    for use in (open_ledger, copy_of_ledger):
        with pytest.raises(LedgerError) as caught, use(tmp_path):
            pass
        assert str(tmp_path / FILE_NAME) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(LedgerError, match="newer version"), open_ledger(tmp_path):
        pass


def test_two_writers_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.alerts.ledger_file.SECONDS_FOR_OTHERS", 0.05)
    with open_ledger(tmp_path) as first, open_ledger(tmp_path) as second, first.transaction():
        with pytest.raises(LedgerError, match="run it again"), second.transaction():
            pass
        first.open(ESCAPES, 1)
    with copy_of_ledger(tmp_path) as copy:
        assert len(copy.alerts()) == 1
