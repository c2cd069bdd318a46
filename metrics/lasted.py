"""How long anything took at most, and since when something has been open for less: what a product limit rests on.

What is open counts for as long as it has been seen, which every later cut moves; once that is longer than anything took
that has ended, it is at risk of every end there is, and however much longer changes nothing (`metrics.reuse`). Both
figures are read off the units while these are at hand anyway: kept, they save the next build from reading all facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from metrics.units import Days, Units


@dataclass(frozen=True)
class Lasting:
    """What is known of the units of one query, which are as long as they lasted up to a cut, ended or not."""

    longest: float
    """How long one that has ended took at most."""
    opened: date | None
    """The first day on which one began that had been open at the cut for less; None where there is none."""


@dataclass
class Lasted:
    """What is noted of such units, query by query."""

    cut: datetime
    known: Mapping[str, float] = field(default_factory=dict)
    """The longest that any took by query, where not all units are read."""
    noted: dict[str, Lasting] = field(default_factory=dict)

    def note(self, query: str, units: Units, days: Days) -> None:
        """Note units; their numbers are how long each lasted, and whether it ended.

        Where the longest is known, those that began before the first of the days must have been open for no less.
        """
        lasted, ended = units.numbers[0], units.numbers[1] > 0
        name = without_cut(query, self.cut)
        longest = self.known[name] if name in self.known else float(lasted.max(initial=0.0, where=ended))
        opened = units.day[~ended & (lasted < longest)]
        first = days.first + timedelta(days=int(opened.min())) if len(opened) else None
        self.noted[name] = Lasting(longest, first)


def without_cut(query: str, cut: datetime) -> str:
    """A query as it is under any cut."""
    return query.replace(f"timestamp '{cut}'", "the cut")
