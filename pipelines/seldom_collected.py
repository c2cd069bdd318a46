"""How often Python looks for reference cycles while a build runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

ALLOCATIONS_BETWEEN_COLLECTIONS = 200_000
"""Python's own 700 make a build search its modules for cycles thousands of times: a tenth of a small one's time."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for reference cycles less often, and never among what is there already (modules, mostly).

    A build makes millions of short-lived objects and few cycles. Also a decorator.
    """
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def collect_seldom() -> None:
    """The same for good, in a process that does nothing else."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
