"""Coverage: which kinds of outcome are watched, by what and since when."""

from __future__ import annotations

from datetime import datetime

from schemas.tables import About, EventTable, column


class Coverage(EventTable):
    """One kind of record of one service, or of all."""

    _about = About(born="since", is_register=True)

    kind: str = column(
        "what is watched", key=True, allowed=("incidents", "rollbacks", "defects", "gates", "tests", "deployments")
    )
    service: str = column("the service; all where null", key=True, nullable=True)
    source: str = column("what watches it")
    since: datetime = column("from when on silence means that nothing happened")
