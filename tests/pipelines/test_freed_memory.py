"""A measuring process that frees an array keeps the memory for the next one."""

import ctypes
import platform
import subprocess
import sys

import _duckdb
import duckdb
import pytest

from pipelines.freed_memory import KEPT_BY_DUCKDB, duckdb_keeps_freed_memory, keep_freed_memory

ARRAY = 200
"""MiB."""
HELD_AFTERWARDS = f"""
import numpy as np
from pathlib import Path
from pipelines.freed_memory import keep_freed_memory

if {{keep}}:
    keep_freed_memory()
np.ones({ARRAY} << 17)
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmRSS")))
"""
"""Prints what the process holds in KiB once an array is gone."""


def held_afterwards(*, keep: bool) -> float:
    """MiB that a process holds."""
    code = HELD_AFTERWARDS.format(keep=keep)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(run.stdout) / 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is asked for it")
def test_memory_is_kept_when_it_is_freed() -> None:
    assert held_afterwards(keep=True) > held_afterwards(keep=False) + ARRAY / 2


def test_elsewhere_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", asked.append)
    keep_freed_memory()
    assert not asked


needs_jemalloc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(_duckdb.__file__), "duckdb_je_mallctl"), reason="this DuckDB has another allocator"
)

HELD_BY_DUCKDB = f"""
import duckdb
from pathlib import Path
from pipelines.freed_memory import duckdb_keeps_freed_memory

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmRSS"))

connection = duckdb.connect(config={{"threads": 1}})
connection.execute("set enable_progress_bar = false")
with duckdb_keeps_freed_memory():
    connection.execute("create table given as select random() as number from range({ARRAY} << 17)")
    connection.execute("drop table given")
    print(held())
print(held())
"""
"""Prints what the process holds in KiB once a table is gone, and once the block has ended."""


@needs_jemalloc
def test_duckdb_keeps_the_memory_of_a_step_and_gives_it_back_at_the_end() -> None:
    run = subprocess.run([sys.executable, "-c", HELD_BY_DUCKDB], capture_output=True, text=True, check=True)
    meanwhile, afterwards = (int(line) / 1024 for line in run.stdout.split())
    assert meanwhile > afterwards + ARRAY / 2


def _decay() -> int:
    """Milliseconds for which new arenas keep what is freed."""
    value = ctypes.c_ssize_t()
    size = ctypes.c_size_t(ctypes.sizeof(value))
    control = ctypes.CDLL(_duckdb.__file__).duckdb_je_mallctl
    assert control(b"arenas.dirty_decay_ms", ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t(0)) == 0
    return value.value


@needs_jemalloc
def test_duckdb_keeps_it_for_as_long_as_before_even_after_an_error() -> None:
    before = _decay()
    with pytest.raises(ZeroDivisionError), duckdb_keeps_freed_memory():
        assert _decay() == KEPT_BY_DUCKDB != before
        raise ZeroDivisionError
    assert _decay() == before


def test_another_allocator_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    with duckdb_keeps_freed_memory():
        assert duckdb.sql("select 1").fetchone() == (1,)
