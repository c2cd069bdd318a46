"""A measuring process that frees an array keeps the memory for the next one."""

import platform
import subprocess
import sys

import pytest

from pipelines.freed_memory import keep_freed_memory

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
