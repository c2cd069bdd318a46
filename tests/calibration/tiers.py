"""Simulated tier-quarters as contrasts: what the judge reads, with all that is true known beforehand.

Each data set is a tier of its own luck (`simulated`); it stands in a window of its own, so that one judge reads them
all at once. Estimates, design effects and contrasts are made by the very functions that a build runs.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.calendar import Period
from metrics.contrasts import ContrastRows, Identity, Labels, Pairs, Samples
from metrics.estimators import distribution, ratio
from metrics.model import Ratio
from metrics.stats.distribution import estimate_quantiles, order_by_group
from metrics.stats.grouping import GivenRows, Grouping
from metrics.stats.ratio import estimate_ratio
from tests.calibration.simulated import durations, events

Floats = NDArray[np.float64]

WEEKS = 13.0
REPOSITORIES = 10
FIRST = date(2000, 1, 1)
FIRST_BIN = 1 / 60
QUANTILES = distribution.COMPARED_QUANTILES
NAMES = [distribution.name_of(probability) for probability in QUANTILES]


def window_of(number: int) -> Period:
    """The window in which a data set stands: none overlaps another."""
    start = FIRST + timedelta(days=2 * number)
    return Period(start, start + timedelta(days=1))


BASELINE = Period(FIRST - timedelta(days=2), FIRST - timedelta(days=1))


@dataclass(frozen=True)
class Simulator:
    """Draws data sets: how many, in which tier, over how many repositories, from which seed."""

    sets: int
    rng: np.random.Generator
    tier: str = "3"
    repositories: int = REPOSITORIES

    def share(
        self, metric: str, before: float, after: float, units: int, *, more_is_better: bool = False
    ) -> pl.DataFrame:
        """A share of `units` units a quarter: its rate, and what is bad of it per week.

        Of one of which more is better, `before` and `after` are the shares that are not.
        """
        drawn = events(self.sets, self.repositories, units, 2, before, after, self.rng)
        numerators = drawn.units - drawn.events if more_is_better else drawn.events
        estimate = estimate_ratio(drawn.grouping, numerators, drawn.units, drawn.units, "share")
        weeks = np.full(self.sets * 2, WEEKS)
        cells = (numerators, drawn.units)
        rates, per_week = ratio._samples(drawn.grouping, estimate, cells, weeks, Ratio(parts=()))
        if more_is_better:
            per_week = ratio._rest(drawn.grouping, estimate, cells, weeks)
        weekly = ratio.REST_PER_WEEK if more_is_better else ratio.PER_WEEK
        return pl.concat([self._frame(metric, "rate", "share", rates), self._frame(metric, weekly, "events", per_week)])

    def per_week(self, metric: str, before: float, after: float, statistic: str = "per_week") -> pl.DataFrame:
        """A count of `before` a week, then `after`."""
        # Units so many that what happens to them is a count without a ceiling.
        many = 1000
        drawn = events(
            self.sets, self.repositories, round(before * WEEKS * many), 2, 1 / many, after / before / many, self.rng
        )
        estimate = estimate_ratio(drawn.grouping, drawn.events, drawn.units, drawn.units, "events")
        weeks = np.full(self.sets * 2, WEEKS)
        _, counted = ratio._samples(
            drawn.grouping, estimate, (drawn.events, drawn.units), weeks, Ratio(parts=(), kind="events")
        )
        # What is counted is the units of a count.
        return self._frame(metric, statistic, "events", replace_units(counted))

    def duration(self, metric: str, units: int, median: float = 1.0, tail: float = 1.0) -> pl.DataFrame:
        """Durations of `units` changes a quarter; the last quarter's median and 95th percentile by those factors."""
        drawn = durations(self.sets, self.repositories, units, 2, 0.0, self.rng)
        middle, far = np.log(drawn.target(0.50)), np.log(drawn.target(0.95))
        stretch = (far + np.log(tail) - middle - np.log(median)) / (far - middle)
        of_set = drawn.grouping.codes // 2
        is_last = drawn.grouping.windows[drawn.grouping.codes] == 1
        logs = np.log(drawn.hours)
        moved = middle[of_set] + np.log(median) + stretch[of_set] * (logs - middle[of_set])
        hours = np.exp(np.where(is_last, moved, logs))
        order = np.argsort(hours, kind="stable")
        grouping = reordered(drawn.grouping, order)
        ordered = order_by_group(hours[order], grouping)
        estimates, buckets = estimate_quantiles(ordered, grouping, QUANTILES)
        samples = distribution._samples(ordered, grouping, estimates, buckets, np.full(self.sets * 2, WEEKS), FIRST_BIN)
        return pl.concat([self._frame(metric, name, "log", each) for name, each in zip(NAMES, samples, strict=True)])

    def level(self, metric: str, mean: float, spread: float, units: int) -> pl.DataFrame:
        """The mean of `units` signed values a quarter, around `mean` in the last one and zero before."""
        drawn = durations(self.sets, self.repositories, units, 2, 0.0, self.rng)
        is_last = drawn.grouping.windows[drawn.grouping.codes] == 1
        values = spread * (np.log(drawn.hours) - np.log(drawn.target(0.50))[drawn.grouping.codes // 2])
        values = values + np.where(is_last, mean, 0.0)
        order = np.argsort(values, kind="stable")
        grouping = reordered(drawn.grouping, order)
        ordered = order_by_group(values[order], grouping)
        samples = distribution._mean_samples(ordered, grouping, np.full(self.sets * 2, WEEKS))
        return self._frame(metric, "mean", "level", samples)

    def _frame(self, metric: str, statistic: str, kind: str, samples: Samples) -> pl.DataFrame:
        """Contrasts of the last quarter with the first, one data set a window."""
        rows, sets = ContrastRows(), np.arange(self.sets)
        none = np.zeros(self.sets, dtype=np.int64)
        windows = [window_of(number) for number in range(self.sets)]
        pairs = Pairs("quarter", windows, sets, [BASELINE], none, True, np.zeros(self.sets, dtype=bool))
        rows.add(
            Identity(metric, "1", kind, "", 1.0),
            pairs,
            samples.at(sets * 2 + 1),
            samples.at(sets * 2),
            statistics=Labels([statistic], none),
            tiers=Labels([self.tier], none),
        )
        return rows.frame()


def replace_units(sample: Samples) -> Samples:
    """A count's samples: its events are its units."""
    return replace(sample, n=sample.numerator, units_per_week=sample.value, share=sample.influence)


def reordered(grouping: Grouping, order: NDArray[np.intp]) -> Grouping:
    """The same groups over rows in another order."""
    return Grouping(
        GivenRows(grouping.codes[order], grouping.local[order]),
        grouping.tiers,
        grouping.segments,
        grouping.windows,
        grouping.clusters,
    )
