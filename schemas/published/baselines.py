"""Baselines: the period that each tier is compared with."""

from __future__ import annotations

from datetime import date, datetime

from schemas.tables import About, PublishedTable, column


class Baselines(PublishedTable):
    """One tier."""

    _about = About(source="plumbline.toml, or the default that was recorded in its stead")

    tier: str = column("the tier", key=True)
    baseline_start: date = column("first local day")
    baseline_end: date = column("first local day after it")
    frozen_at: datetime = column("when it was named; null for a default", nullable=True)
    set_by: str = column("who named it", nullable=True)
    reason: str = column("why this period", nullable=True)
