"""What a process frees it keeps, for the next array or buffer of the same size.

By default glibc gives every large array back to the system when it is freed. The next one is then made of pages that
the system has to empty first, page by page: a quarter of the processor time of measuring a large organisation. DuckDB
brings an allocator of its own (jemalloc), and has it give back after a second what is not used again.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import _duckdb

TRIM_THRESHOLD = -1
MMAP_MAX = -4
"""What `mallopt` (malloc.h of glibc) calls the parameters that are set here."""
KEPT_BYTES = (1 << 31) - 1
"""Free memory at the end of the heap beyond which it is given back after all: the most that the parameter can say."""


def keep_freed_memory() -> None:
    """Let arrays come from memory that this process has freed; of other systems' allocators nothing is known."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)


KEPT_BY_DUCKDB = 10_000
"""Milliseconds. jemalloc's own default (its manual, `opt.dirty_decay_ms`); a step of large facts takes up to five
seconds. To keep for a minute saves little more, and for ever takes another GiB."""
ALL_ARENAS = 4096
"""What jemalloc calls all of its arenas together (`MALLCTL_ARENAS_ALL`)."""


@contextmanager
def duckdb_keeps_freed_memory() -> Iterator[None]:
    """Let DuckDB take the memory of one step for the next while the block runs; afterwards all of it is given back.

    Where its allocator is another, or cannot be asked (the functions are not part of what DuckDB promises), nothing
    is done.
    """
    control = getattr(ctypes.CDLL(_duckdb.__file__), "duckdb_je_mallctl", None)
    if control is None:
        yield
        return
    before = _set_decay(control, KEPT_BY_DUCKDB)
    try:
        yield
    finally:
        for arena, milliseconds in before.items():
            _exchange(control, f"{arena}.dirty_decay_ms", milliseconds)
        control(f"arena.{ALL_ARENAS}.purge".encode(), None, None, None, ctypes.c_size_t(0))


def _set_decay(control: Callable[..., int], milliseconds: int) -> dict[str, int]:
    """Tell every arena there is, and those to come, how long to keep what is freed; gives what they did before."""
    count = ctypes.c_uint()
    size = ctypes.c_size_t(ctypes.sizeof(count))
    control(b"arenas.narenas", ctypes.byref(count), ctypes.byref(size), None, ctypes.c_size_t(0))
    arenas = ["arenas", *(f"arena.{number}" for number in range(count.value))]
    before = {arena: _exchange(control, f"{arena}.dirty_decay_ms", milliseconds) for arena in arenas}
    return {arena: each for arena, each in before.items() if each is not None}


def _exchange(control: Callable[..., int], name: str, value: int) -> int | None:
    """Set one of the allocator's numbers and give what it was; None where there is none of the name (yet)."""
    old, new = ctypes.c_ssize_t(), ctypes.c_ssize_t(value)
    size = ctypes.c_size_t(ctypes.sizeof(old))
    missing = control(
        name.encode(), ctypes.byref(old), ctypes.byref(size), ctypes.byref(new), ctypes.c_size_t(ctypes.sizeof(new))
    )
    return None if missing else old.value
