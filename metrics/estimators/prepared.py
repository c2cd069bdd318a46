"""Units that one estimator has made for another: holder-weeks for a distribution, team-weeks for a ratio.

Where units of several tiers are one unit of the mixture (a person's week), tiers and mixture are run apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Calendar, Period
from metrics.estimators.base import Segmentation, Source, Target
from metrics.model import Metric
from metrics.units import MIXED, Days, Order, Units, constant

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Prepared:
    """A source whose units are already there: those of the tiers, or those of the mixture."""

    source: Source
    made: Units
    mixed: bool

    @property
    def calendar(self) -> Calendar:
        """The workspace's calendar."""
        return self.source.calendar

    @property
    def cut(self) -> datetime:
        """The instant up to which events count."""
        return self.source.cut

    @property
    def days(self) -> Days:
        """The local days that the data span."""
        return self.source.days

    @property
    def years(self) -> Sequence[Period]:
        """The trailing years that are compared with what went before."""
        return self.source.years

    @property
    def onboarded(self) -> NDArray[np.datetime64]:
        """Of no repository: what is held by people or teams is in no arm of a comparison of repositories."""
        return np.full_like(self.source.onboarded, np.datetime64("NaT", "D"))

    @property
    def engineers(self) -> Floats | None:
        """None: what is held by people or teams is already per person or team."""
        return None

    def units(self, *_: object, order: Order | None = None, **__: object) -> Units:
        """The units at hand, whatever is asked for, in the order that is wanted."""
        return self.made.chosen(np.ones(len(self.made), dtype=bool), order)

    def daily(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> Floats:
        """How many rows of a fact there are of each tier and day, and sums of their numbers."""
        return self.source.daily(fact, where, time, numbers)

    def has_any(self, fact: str, time: str, where: str = "true") -> bool:
        """Whether a fact has such rows with that instant."""
        return self.source.has_any(fact, time, where)

    def unions(self, fact: str, where: str, start: str, end: str, holder: str) -> Units:
        """Unions of [start, end) per holder, in hours."""
        return self.source.unions(fact, where, start, end, holder)

    def categories(self, selects: Sequence[tuple[str, str, str]]) -> list[str]:
        """None: such units have no category."""
        del selects
        return []

    def segmentations(self, metric: Metric, categories: Sequence[str], units: Units) -> list[Segmentation]:
        """The tiers, or the mixture."""
        plans = self.source.segmentations(metric, categories, units)
        return [plan for plan in plans if plan.judged and (list(plan.tiers) == [MIXED]) == self.mixed]

    def elapsed(self, periods: Sequence[Period]) -> Floats:
        """Weeks elapsed per period."""
        return self.source.elapsed(periods)

    def provisional(self, periods: Sequence[Period], follow_up: timedelta) -> NDArray[np.bool_]:
        """Whether a period's follow-up is still running."""
        return self.source.provisional(periods, follow_up)

    def baseline(self, tier: str) -> Period | None:
        """The baseline named for a tier."""
        return self.source.baseline(tier)


def run_prepared(
    target: Target, everything: Units, make: Callable[[Units, bool], Units], run: Callable[[Target, Prepared], None]
) -> None:
    """Makes units by tier, then over all tiers, and runs an estimator on either.

    Args:
        target: where rows go.
        everything: what the units are made of.
        make: makes units; they come as one tier where tiers are mixed, which it is told.
        run: adds the rows of such units, with them as the target's source.
    """
    for mixed in (False, True):
        made = make(everything.pooled() if mixed else everything, mixed)
        if len(made) > 0:
            prepared = Prepared(target.source, made, mixed)
            run(replace(target, source=prepared), prepared)


def units_of(
    tier: Integers,
    holder: Integers,
    day: Integers,
    numbers: tuple[Floats, ...],
) -> Units:
    """Units that belong to a holder each, by whom intervals are clustered."""
    none = constant(-1, len(tier))
    return Units(tier, holder, none, none, none, day, numbers)
