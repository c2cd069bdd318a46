"""Working days, Monday to Friday: for deadlines, which holidays do not move."""

from datetime import date, timedelta

SATURDAY = 5


def working_days_after(day: date, count: int) -> date:
    """The day after `count` whole working days have passed since `day`, itself not counted."""
    passed, current = 0, day
    while passed < count:
        current += timedelta(days=1)
        passed += current.weekday() < SATURDAY
    return current + timedelta(days=1)
