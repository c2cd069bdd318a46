"""Team capacity: how many engineers a team had."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, EventTable, Rule, column
from schemas.units import Unit


class TeamCapacity(EventTable):
    """One team in one month."""

    _about = About(
        born='"month"',
        is_register=True,
        rules=(Rule('EXTRACT(day FROM "month") = 1', "month", "must be the first day of a month"),),
    )

    team: str = column("the team", key=True)
    month: date = column("the month's first day", key=True)
    engineers: float = column("full-time equivalents", minimum=0, unit=Unit.ENGINEERS)
    loaded_cost: float = column("cost of the team in the month", nullable=True, minimum=0, unit=Unit.MONEY)
