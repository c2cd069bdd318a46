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
    return f"{percent:,.0f} %" if abs(percent) >= 10 else f"{percent:.1f} %"


def certain(value: float) -> str:
    """A probability that is never said to be whole: 87 %, 99.2 %, at most 99.9 %."""
    percent = min(value * 100, 99.9)
    return f"{percent:.1f} %" if percent >= 99 else f"{percent:.0f} %"


def joined(items: list[str]) -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


UNKNOWN = "not known"
MINUS = "\N{MINUS SIGN}"

STATUS_NAMES = {
    "violated": "violated",
    "at_risk": "at risk",
    "inconclusive": "inconclusive",
    "holds": "holds",
    "not_triggered": "no gain",
}
CLAIM_NAMES = {
    "claimable": "claimable",
    "with_reservation": "claimable with reservation",
    "not_claimable": "not claimable",
    "none": "nothing to claim",
}
DIRECTION_NAMES = {
    "improved": "better",
    "worsened": "worse",
    "unchanged": "same",
    "inconclusive": "unclear",
    "unsettled": "may still rise",
}


def short(value: float, unit: str) -> str:
    """A value for a table whose heading names the unit: hours and shares keep theirs, the rest stands alone."""
    return quantity(value, unit) if unit in ("hours", "fraction") else number(value)


def difference(value: float, unit: str, is_relative: bool) -> str:
    """A change with its sign: +12 % of the baseline, or for rates +8.3 points, or in the metric's own unit."""
    if is_relative:
        text = share(abs(value))
    else:
        text = f"{number(abs(value) * 100)} points" if unit == "fraction" else number(abs(value))
    is_zero = not any(digit in text for digit in "123456789")
    return text if is_zero else f"{'+' if value > 0 else MINUS}{text}"


def interval(low: float | None, high: float | None, unit: str, is_relative: bool) -> str:
    """Both bounds of a change, their unit said once: −43 to −6.1 %; a bound that the data cannot give is not known."""
    if low is None and high is None:
        return UNKNOWN
    bounds = [UNKNOWN if bound is None else difference(bound, unit, is_relative) for bound in (low, high)]
    number_low, _, unit_low = bounds[0].partition(" ")
    if None not in (low, high) and unit_low == bounds[1].partition(" ")[2]:
        bounds[0] = number_low
    return " to ".join(bounds)


def from_to(before: float, after: float, unit: str) -> tuple[str, str]:
    """Two values as they stand after *from* and *to*; a long unit is said once."""
    values = quantity(before, unit), quantity(after, unit)
    return values if unit in ("hours", "fraction") else (number(before), values[1])


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


def within_sentence(name: str) -> str:
    """A name with a small first letter, unless it begins with an acronym."""
    return name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def tier_name(tier: str) -> str:
    """A tier in words."""
    return {"all": "All tiers mixed", "untiered": "Untiered"}.get(tier, f"Tier {tier}")


def plural(count: int, noun: str) -> str:
    """`1 exception`, `3 exceptions`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
