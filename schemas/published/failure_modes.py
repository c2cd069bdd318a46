"""Failure modes: which known ways of going wrong show."""

from __future__ import annotations

from schemas.tables import About, PublishedTable, column


class FailureModes(PublishedTable):
    """One failure mode in one tier."""

    _about = About(source="facts and signals, read as the failure mode's definition says")

    failure_mode: str = column("id of the failure mode", key=True)
    tier: str = column("the tier", key=True)
    status: str = column("whether it shows", allowed=("present", "watch", "clear", "no_data"))
    signals: str = column("what was seen, as JSON")
    controls: str = column("what prevents it")
