"""Numbers in people's units: one way of rounding, for verdicts, briefs and the dashboard alike.

Briefs write numbers and days as their workspace's locale does (`written_in`); everything else as English does, with
days as ISO 8601. The words themselves are English.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

ENGLISH = "en"
NARROW_SPACE, WIDE_SPACE = "\u202f", "\u00a0"
"""Spaces that do not break; few fonts have the narrow one."""
_locale: ContextVar[str] = ContextVar("locale", default=ENGLISH)

HOURS_PER_DAY = 24.0
DAYS_FROM_HOURS = 72.0
"""From three days on, durations read better in days."""
MINUTES_PER_HOUR = 60.0


@contextmanager
def written_in(locale: str) -> Iterator[None]:
    """Numbers and days as a locale writes them (`de_DE`), for as long as the context lasts."""
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


def decimal(value: float, digits: int) -> str:
    """So many digits after the point, thousands separated, as the locale in force writes it."""
    locale = _locale.get()
    if locale == ENGLISH:
        return f"{value:,.{digits}f}"
    from babel.numbers import format_decimal

    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    # Rounded here as in English, so that every locale shows the same figures.
    made = str(format_decimal(float(f"{value:.{digits}f}"), format=pattern, locale=locale))
    return made.replace(NARROW_SPACE, WIDE_SPACE)


def count(value: int) -> str:
    """A whole number, thousands separated."""
    return decimal(value, 0)


def day(value: date) -> str:
    """A day: 2026-10-31 in plain English, else as the locale writes it (31 Oct 2026, 31.10.2026)."""
    locale = _locale.get()
    if locale == ENGLISH:
        return value.isoformat()
    from babel.dates import format_date

    # Some locales put a space that does not break into a day: what copies as a plain one reads the same.
    return str(format_date(value, "medium", locale=locale)).replace(NARROW_SPACE, " ").replace(WIDE_SPACE, " ")


MONEY_FIGURES = 3


def money(value: float, currency: str) -> str:
    """An amount with its currency's code, to three significant figures: USD 52,300, USD −1,200."""
    size = f"{abs(value):.0f}"
    rounded = round(value, min(MONEY_FIGURES - len(size), 0))
    sign = MINUS if rounded < 0 else ""
    return f"{currency} {sign}{decimal(abs(rounded), 0)}"


def money_range(low: float, high: float, currency: str) -> str:
    """Two amounts, their currency said once: USD −12,000 to 75,000."""
    return f"{money(low, currency)} to {money(high, currency).removeprefix(f'{currency} ')}"


def signed(value: float) -> str:
    """Three significant figures with the sign of a minus: −13.9."""
    text = number(abs(value))
    return text if value >= 0 else f"{MINUS}{text}"


def number(value: float) -> str:
    """Three significant figures, no exponent, thousands separated."""
    size = abs(value)
    return decimal(value, 0 if size >= 100 else 1 if size >= 10 else 2)


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
    return f"{decimal(percent, 0 if abs(percent) >= 10 else 1)} %"


def certain(value: float) -> str:
    """A probability that is never said to be whole: 87 %, 99.2 %, at most 99.9 %."""
    percent = min(value * 100, 99.9)
    return f"{decimal(percent, 1 if percent >= 99 else 0)} %"


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


def plural(many: int, noun: str) -> str:
    """`1 exception`, `3 exceptions`."""
    return f"{count(many)} {noun}" if many == 1 else f"{count(many)} {noun}s"
