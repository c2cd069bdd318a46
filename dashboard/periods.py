"""Windows as people name them: quarters, trailing years and months, with a key that stands in the address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.calendar import MONTHS_PER_QUARTER, MONTHS_PER_YEAR, add_months

KEY = re.compile(r"(?P<year>\d{4})-(?:Q(?P<quarter>[1-4])(?P<whole_year>-year)?|(?P<month>\d{2}))")


@dataclass(frozen=True, order=True)
class Window:
    """A window of local days, [start, end). `is_running` windows had not ended at the snapshot's cut."""

    start: date
    end: date
    grain: str
    is_running: bool = False
    is_provisional: bool = False

    @property
    def key(self) -> str:
        """How the address names it: `2026-Q3`, `2026-Q3-year` (the year that ends with that quarter) or `2026-09`."""
        last = self.end - timedelta(days=1)
        quarter = f"{last.year}-Q{(last.month - 1) // MONTHS_PER_QUARTER + 1}"
        return {"quarter": quarter, "trailing_year": f"{quarter}-year"}.get(self.grain, f"{self.start:%Y-%m}")

    @property
    def name(self) -> str:
        """How a sentence names it, such as `Q3 2026`."""
        if self.grain == "quarter":
            return f"Q{(self.start.month - 1) // MONTHS_PER_QUARTER + 1} {self.start.year}"
        if self.grain == "trailing_year":
            return f"the twelve months to {self.end - timedelta(days=1):%B %Y}"
        return f"{self.start:%B %Y}"

    @property
    def short(self) -> str:
        """For the head of a column."""
        last = self.end - timedelta(days=1)
        return f"Year to {last:%b %Y}" if self.grain == "trailing_year" else self.name

    @property
    def label(self) -> str:
        """How a list names it, with what has to be known about it."""
        name = self.name.removeprefix("the ")
        state = "running" if self.is_running else "provisional" if self.is_provisional else ""
        return f"{name[0].upper()}{name[1:]}{f' · {state}' if state else ''}"


def default_window(windows: Sequence[Window]) -> Window | None:
    """The latest complete quarter; without one the latest complete window, or the running one."""
    for wanted in ("quarter", "trailing_year", "month"):
        complete = [window for window in windows if window.grain == wanted and not window.is_running]
        if complete:
            return max(complete)
    return max(windows, default=None)


def in_order(windows: Sequence[Window]) -> list[Window]:
    """For a list to choose from: quarters, then trailing years, then months, each newest first."""
    order = {"quarter": 0, "trailing_year": 1, "month": 2}
    return sorted(windows, key=lambda window: (order[window.grain], -window.start.toordinal()))


def window_of_key(key: str) -> Window | None:
    """The window that a key names, or None where it names none."""
    found = KEY.fullmatch(key)
    if not found:
        return None
    year = int(found["year"])
    if found["month"]:
        if not 1 <= int(found["month"]) <= MONTHS_PER_YEAR:
            return None
        start = date(year, int(found["month"]), 1)
        return Window(start, add_months(start, 1), "month")
    end = add_months(date(year, 1, 1), MONTHS_PER_QUARTER * int(found["quarter"]))
    if found["whole_year"]:
        return Window(add_months(end, -MONTHS_PER_YEAR), end, "trailing_year")
    return Window(add_months(end, -MONTHS_PER_QUARTER), end, "quarter")


def days(start: date | None, end: date | None) -> str:
    """A span of days in words, its last day included: `1 Nov 2024 to 30 Sep 2025`."""
    if start is None or end is None:
        return "no named period"
    last = end - timedelta(days=1)
    return f"{start.day} {start:%b %Y} to {last.day} {last:%b %Y}"
