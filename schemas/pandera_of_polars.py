"""pandera for polars alone: its import without pandas, which it would bring wherever pandas is installed.

Nothing here validates frames of pandas, whose import takes longer than a small organisation's facts. pandera has a way
for installations without it; this lets it go that way where the dashboard's libraries have brought pandas along.
Whoever has imported pandas before is served as always.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _NoPandas(MetaPathFinder):
    """Finds no pandas for the thread that it was made on, as if it were not installed."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- the finder's own signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Refuse pandas, and leave all else to the other finders."""
        if fullname == "pandas" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")
        return None


@contextmanager
def without_pandas() -> Iterator[None]:
    """Within the block this thread imports as if pandas were not installed, unless it has been imported already."""
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
