"""The event tables: what goes in. One file a table, named like it; a new file is a new table.

Belongs here: column names, types, defaults, allowed values, links to parents, and rules that a single row must keep.
Does not belong here: rules across rows or tables (those are facts), and anything a metric derives.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.tables import EventTable


@cache
def all_tables() -> dict[str, type[EventTable]]:
    """Every event table by its name, in alphabetical order."""
    from schemas.discovery import tables_in
    from schemas.tables import EventTable

    return tables_in(sys.modules[__name__], EventTable)
