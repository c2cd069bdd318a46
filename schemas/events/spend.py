"""Spend: what was paid for tools and their use."""

from __future__ import annotations

from datetime import date

from schemas.tables import About, EventTable, Rule, column
from schemas.units import Unit


class Spend(EventTable):
    """One amount of one category in one month."""

    _about = About(
        born='"month"',
        is_register=True,
        rules=(
            Rule('EXTRACT(day FROM "month") = 1', "month", "must be the first day of a month"),
            Rule(
                "LENGTH(currency) = 3 AND UPPER(currency) = currency", "currency", "is not a currency code such as EUR"
            ),
        ),
    )

    spend_id: str = column("the entry", key=True)
    month: date = column("the month's first day")
    category: str = column("what for")
    amount: float = column("how much; credits are negative", unit=Unit.MONEY)
    currency: str = column("three letters of ISO 4217", default="USD")
