"""Numbers in people's units: one way of rounding, for verdicts, briefs and the dashboard alike."""

HOURS_PER_DAY = 24.0
DAYS_FROM_HOURS = 72.0
"""From three days on, durations read better in days."""
MINUTES_PER_HOUR = 60.0


def number(value: float) -> str:
    """Three significant figures, no exponent, thousands separated."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def quantity(value: float, unit: str) -> str:
    """A value with its unit, as a person would say it: 40 min, 23.1 h, 4.2 days, 3.1 %, 7.2 per 100 merged changes."""
    if unit == "hours":
        if abs(value) >= DAYS_FROM_HOURS:
            return f"{number(value / HOURS_PER_DAY)} days"
        if abs(value) < 1:
            return f"{number(value * MINUTES_PER_HOUR)} min"
        return f"{number(value)} h"
    if unit == "fraction":
        return f"{number(value * 100)} %"
    return f"{number(value)} {unit}"


def share(value: float) -> str:
    """A probability or relative change in whole per cent, with one decimal below ten."""
    percent = value * 100
    return f"{percent:.0f} %" if abs(percent) >= 10 else f"{percent:.1f} %"


def certain(value: float) -> str:
    """A probability that is never said to be whole: 87 %, 99.2 %, at most 99.9 %."""
    percent = min(value * 100, 99.9)
    return f"{percent:.1f} %" if percent >= 99 else f"{percent:.0f} %"


def joined(items: list[str]) -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
