"""Recommendations: where the time goes and what to do next."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, PublishedTable, column
from schemas.units import Unit


class Recommendations(PublishedTable):
    """One tier or segment of it in one window."""

    _about = About(source="stage totals of the lead time")

    tier: str = column("the tier", key=True)
    grain: str = column("length of the window", key=True)
    window_start: date = column("first local day", key=True)
    window_end: date = column("first local day after it")
    segment_kind: str = column("what the segment is", key=True)
    segment: str = column("which one", key=True)
    constraint_stage: str = column("the stage that holds most of the lead time")
    share_of_lead_time: float = column("its share", nullable=True, minimum=0, maximum=1, unit=Unit.FRACTION)
    finding: str = column("what was found")
    next_step: str = column("what to do about it")
