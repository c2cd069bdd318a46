"""Source status: how fresh every stream of every source is."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class SourceStatus(PublishedTable):
    """One stream of one source."""

    _about = About(source="the books that intake keeps")

    source: str = column("the source", key=True)
    stream: str = column("its stream", key=True)
    rows: int = column("rows that came from it", minimum=0, unit=Unit.COUNT)
    last_record_at: datetime = column("instant of the newest record", nullable=True)
    last_fetched_at: datetime = column("when it was last read", nullable=True)
    cursor: str = column("where the next reading begins", nullable=True)
    requests: int = column("requests made for it", nullable=True, minimum=0, unit=Unit.COUNT)
    state: str = column("how the last reading ended")
