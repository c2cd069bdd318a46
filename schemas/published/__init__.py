"""The published tables: what comes out. One file a table, named like it; a new file is a new table.

Belongs here: the columns that a reader of a snapshot may rely on, with grain, key, units and source.
Does not belong here: columns that only our own code needs (their names begin with ``_`` and are left out on export).
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.tables import PublishedTable


@cache
def all_tables() -> dict[str, type[PublishedTable]]:
    """Every published table by its name, in alphabetical order."""
    from schemas.discovery import tables_in
    from schemas.tables import PublishedTable

    return tables_in(sys.modules[__name__], PublishedTable)
