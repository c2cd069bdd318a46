"""The local month of an instant, in SQL: what counts by month over millions of rows share."""

from datetime import date

from metrics.calendar import Calendar
from metrics.facts.sql import by_halves


def local_month(calendar: Calendar, instant: str, first: date, last: date) -> str:
    """The first day of the local month in which an instant lies, as an SQL expression.

    Args:
        calendar: whose months.
        instant: a column of instants in UTC, zone-less, none of them before `first`.
        first: a local day of the first month.
        last: a local day of the last month.
    """
    months = [window.start for window in calendar.windows(first, last, "month")]
    return by_halves(instant, [(calendar.instant(month), f"date '{month}'") for month in months])
