"""Which month a brief is about."""

import re
from datetime import date, datetime

from metrics.calendar import Calendar, add_months

NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""Named here, because the names that the system gives follow the machine's locale."""


def month_name(month: date) -> str:
    """`October 2026`."""
    return f"{NAMES[month.month - 1]} {month.year}"


def parsed(text: str) -> date | None:
    """The first day of a month written as 2026-10; None if it is not written so."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) or not 1 <= int(text[5:]) <= len(NAMES) or int(text[:4]) < 1:
        return None
    return date(int(text[:4]), int(text[5:]), 1)


def last_complete(as_of: datetime, calendar: Calendar) -> date:
    """The newest month that was over at the cut (UTC, zone-less), in the calendar's time zone."""
    return add_months(calendar.local_day(as_of), -1)
