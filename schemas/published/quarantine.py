"""Quarantine: rows that were rejected, and why."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable
from schemas.tables import column as declare


class Quarantine(PublishedTable):
    """One offence of one rejected row."""

    _about = About(source="the screening of what was loaded")

    table: str = declare("the event table")
    key: str = declare("the row's key as given", nullable=True)
    column: str = declare("the column at fault")
    value: str = declare("what stood there", nullable=True)
    reason: str = declare("what is wrong with it, in words")
    source: str = declare("the file or source that it came from")
    fetched_at: datetime = declare("when it came")
