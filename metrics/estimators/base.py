"""What all estimators share: how finely a metric is given, where units come from, the walk over windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import QUARTERS_PER_YEAR, Calendar, Grain, Period
from metrics.contrasts import ContrastRows, Identity, Labels, Pairs, Samples, stack
from metrics.ledger import Ledger
from metrics.model import Metric
from metrics.rows import Shape, ValueRows
from metrics.stats.grouping import Grouping
from metrics.stats.holders import Holders, make_holders, repository_holders
from metrics.stats.successive import History
from metrics.units import MIXED, Days, Order, Units

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

JUDGED_GRAINS: tuple[Grain, ...] = ("month", "quarter")
"""Windows that are compared with a baseline; weeks are too short to be judged (METRICS §5)."""

HISTORIES: dict[Grain, History] = {"week": History(13), "month": History(3), "quarter": History(1)}
"""Per grain, how the windows before tell how much a level varies."""


@dataclass(frozen=True)
class Segmentation:
    """One way in which a metric is cut: its segments, grains and tiers, and whether all statistics are wanted."""

    kind: str
    segments: Sequence[str]
    grains: Sequence[Grain]
    tiers: Sequence[str]
    has_histogram: bool
    has_rows: bool = True
    """Whether rows of `metric_values` are wanted, or only contrasts."""

    @property
    def judged(self) -> bool:
        """Whether windows of this segmentation are compared with the baseline."""
        return self.kind == "all"


class UnitsOf(Protocol):
    """Gives rows of a fact as coded columns (`metrics.unit_reader.UnitReader.units`)."""

    def __call__(
        self,
        fact: str,
        where: str,
        time: str,
        numbers: Sequence[str],
        category: str | None = None,
        categories: Sequence[str] = (),
        begins: int | None = None,
        *,
        lasting: bool = False,
        order: Order | None = None,
    ) -> Units:
        """Rows of a fact, in the order that is wanted."""


class Source(Protocol):
    """What an estimator needs of the engine: units, and the calendar to lay them out on."""

    @property
    def calendar(self) -> Calendar:
        """The workspace's calendar."""

    @property
    def cut(self) -> datetime:
        """The instant up to which events count."""

    @property
    def days(self) -> Days:
        """The local days that the data span."""

    @property
    def years(self) -> Sequence[Period]:
        """The trailing years that are compared with what went before."""

    @property
    def units(self) -> UnitsOf:
        """Rows of a fact as coded columns, in the order that is wanted."""

    def daily(self, fact: str, where: str, time: str, numbers: Sequence[str]) -> Floats:
        """How many such rows there are, and sums of their whole numbers: (1 + numbers) × tiers × days."""

    def has_any(self, fact: str, time: str, where: str = "true") -> bool:
        """Whether a fact has such rows with that instant, in whatever days."""

    def categories(self, selects: Sequence[tuple[str, str, str]]) -> list[str]:
        """All categories of (fact, filter, category) selections."""

    def unions(self, fact: str, where: str, start: str, end: str, holder: str) -> Units:
        """Unions of [start, end) per holder, in hours."""

    def segmentations(self, metric: Metric, categories: Sequence[str], units: Units) -> list[Segmentation]:
        """How finely a metric is given."""

    def elapsed(self, periods: Sequence[Period]) -> Floats:
        """Weeks elapsed per period."""

    def provisional(self, periods: Sequence[Period], follow_up: timedelta) -> NDArray[np.bool_]:
        """Whether a period's follow-up is still running."""

    def baseline(self, tier: str) -> Period | None:
        """The baseline named for a tier."""

    @property
    def engineers(self) -> Floats | None:
        """Engineers per team and day, NaN where not known; None where the register `team_capacity` is empty."""

    @property
    def onboarded(self) -> NDArray[np.datetime64]:
        """Per repository, the local day on which it was onboarded; not a time where it is not."""


@dataclass(frozen=True)
class Target:
    """Where an estimator reads from and writes to, for one metric."""

    source: Source
    metric: Metric
    values: ValueRows
    contrasts: ContrastRows
    ledger: Ledger | None = None
    """Where what windows add to the averages of later ones is kept for the next build, where it is."""
    unfinished: "Target | None" = None
    """Where cohorts of unfinished work are read from and written to, where these are other days."""

    def history(self, shape: Shape) -> History:
        """How the windows before tell how much a level varies, for the groups of a shape."""
        history = HISTORIES[shape.grain]
        if self.ledger is None:
            return history
        # A single category may be one of several that are run one by one; a single team is one of more to come.
        alone = shape.segments[0] if shape.segment_kind == "category" and len(shape.segments) == 1 else ""
        name = f"{'/'.join(shape.tiers)} {shape.segment_kind} {alone}"
        return replace(history, page=self.ledger.page(name, shape.grain, shape.periods, len(shape.tiers)))

    def holders(self, units: Units, plan: Segmentation) -> Holders:
        """Groups units by tier and segment. `units` must be pooled where the plan mixes tiers."""
        sizes, atoms = (len(plan.tiers), len(plan.segments)), self.source.days.atoms
        if plan.kind == "repo":
            return repository_holders(units.tier, units.repository, *sizes, days=units.day, atoms=atoms)
        segment = {"ai_use": units.ai_use, "category": units.category, "team": units.team}.get(plan.kind)
        return make_holders(units.tier, units.repository, sizes[0], segment, sizes[1], days=units.day, atoms=atoms)

    def shape(self, holders: Holders, plan: Segmentation, grain: Grain) -> Shape:
        """Cuts held units into the windows of a grain."""
        periods, window_of_day = self.source.days.windows(grain)
        wanted = np.where(self._are_wanted(periods, grain)[window_of_day], window_of_day, -1)
        return self.shape_of(holders.by_day(wanted, len(periods)), plan, grain, periods)

    def _are_wanted(self, periods: Sequence[Period], grain: Grain) -> NDArray[np.bool_]:
        """Which windows need their units: those that are given, and those that these are compared with.

        Each is differenced with the one a quarter before, and compared with the one before it.
        """
        if self.values.since is None:
            return np.ones(len(periods), dtype=bool)
        given = np.array([period.end > self.values.since for period in periods])
        wanted = given.copy()
        for back in (1, HISTORIES[grain].windows_per_quarter):
            wanted[:-back] |= given[back:]
        return wanted

    def shape_of(self, grouping: Grouping, plan: Segmentation, grain: Grain, periods: Sequence[Period]) -> Shape:
        """Names for the groups of a grouping."""
        return Shape(
            grouping,
            plan.tiers,
            plan.kind,
            plan.segments,
            grain,
            periods,
            self.source.provisional(periods, self.metric.follow_up),
            self.source.elapsed(periods),
        )


def units_for(plan: Segmentation, units: Units) -> Units:
    """Units as the plan wants them: with their tiers, or mixed."""
    return units.pooled() if list(plan.tiers) == [MIXED] else units


Sampler = Callable[[Grouping, Floats], list[Samples]]
"""Makes samples, one per statistic, of a grouping of the units at hand, over its groups; and the weeks that elapsed
in each group."""
YearSampler = Callable[[Period, Grouping, Floats], list[Samples]]
"""The same of a trailing year, which it is told."""


@dataclass(frozen=True)
class Statistic:
    """One statistic of an estimator that is compared with the baseline."""

    name: str
    kind: str
    unit: str
    scale: float = 1.0


def identity_of(target: Target, statistic: Statistic, segment_kind: str = "all") -> Identity:
    """What contrasts of a statistic are about."""
    metric = target.metric
    return Identity(metric.id, metric.version, statistic.kind, statistic.unit, statistic.scale, segment_kind)


def alike(statistics: Sequence[Statistic]) -> list[list[int]]:
    """Numbers of statistics of one kind, unit and scale: they are compared in one go."""
    found: dict[tuple[str, str, float], list[int]] = {}
    for index, statistic in enumerate(statistics):
        found.setdefault((statistic.kind, statistic.unit, statistic.scale), []).append(index)
    return list(found.values())


def add_contrasts(
    target: Target,
    holders: Holders,
    tiers: Sequence[str],
    statistics: Sequence[Statistic],
    by_grain: dict[Grain, list[Samples]],
    sample: Sampler,
    elapsed: Callable[[Sequence[Period]], Floats] | None = None,
    of_year: YearSampler | None = None,
) -> None:
    """Compares each tier's windows with its baseline.

    `by_grain` holds, per judged grain and statistic, the samples of all tiers × windows; `sample` makes such samples
    for any other grouping of the units
    held (pooled where tiers are mixed): it is used for named baselines, and for trailing years unless `of_year` makes
    those.
    `elapsed` tells what such samples are divided by, tier by tier, each in a period of its own: weeks, if not given.
    """
    lasting = elapsed or target.source.elapsed
    named = [target.source.baseline(tier) for tier in tiers]
    base = sample(*period_grouping(target, holders, named, lasting)) if any(named) else None
    years = target.source.years
    make = of_year or (lambda _, grouping, weeks: sample(grouping, weeks))
    yearly = [make(year, *period_grouping(target, holders, [year] * len(tiers), lasting)) for year in years]
    for together in alike(statistics):
        chosen = [statistics[index] for index in together]
        comparison = _Comparison(target, chosen, tiers, named, [base[index] for index in together] if base else [])
        for grain, samples in by_grain.items():
            periods, _ = target.source.days.windows(grain)
            comparison.add(grain, periods, [samples[index] for index in together], 1)
        if yearly:
            # Year after year; tier after tier is how grains come.
            by_tier = np.arange(len(years) * len(tiers)).reshape(len(years), len(tiers)).T.ravel()
            stacked = [stack([one[index] for one in yearly]).at(by_tier) for index in together]
            comparison.add("trailing_year", years, stacked, QUARTERS_PER_YEAR)


def period_grouping(
    target: Target,
    holders: Holders,
    periods: Sequence[Period | None],
    elapsed: Callable[[Sequence[Period]], Floats],
) -> tuple[Grouping, Floats]:
    """Groups units by tier and segment, each tier within a period of its own (none: no units)."""
    days = target.source.days
    inside = days.inside_each(periods)
    weeks = elapsed([period or Period(days.first, days.first) for period in periods])
    return holders.by_day(np.where(inside, 0, -1), 1), np.repeat(weeks, holders.segments)


@dataclass(frozen=True)
class _Comparison:
    """Statistics of one kind by tier, compared with the named baseline, else with a window before."""

    target: Target
    statistics: Sequence[Statistic]
    tiers: Sequence[str]
    named: Sequence[Period | None]
    named_samples: Sequence[Samples]

    def add(self, grain: Grain, periods: Sequence[Period], samples: Sequence[Samples], step: int) -> None:
        """Adds the contrasts of a grain: `samples` are those of each statistic, tiers × windows.

        The window before lies `step` back.
        """
        count = len(periods)
        tier, window = np.divmod(np.arange(len(self.tiers) * count), count)
        ends = [period.end if period else None for period in self.named]
        has_named = np.array([end is not None for end in ends])[tier]
        begins = np.array([periods[i].start for i in range(count)], dtype="datetime64[D]")[window]
        with_named = np.flatnonzero(has_named & (begins >= np.array(ends, dtype="datetime64[D]")[tier]))
        with_before = np.flatnonzero(~has_named & (window >= step))
        if len(with_named):
            of_tier = [period or Period(date.min, date.min) for period in self.named]
            against = (of_tier, tier[with_named])
            self._add(
                grain, periods, (tier, window), samples, with_named, self.named_samples, tier[with_named], against
            )
        if len(with_before):
            before = (periods, window[with_before] - step)
            self._add(grain, periods, (tier, window), samples, with_before, samples, with_before - step, before)

    def _add(
        self,
        grain: Grain,
        periods: Sequence[Period],
        places: tuple[Integers, Integers],
        samples: Sequence[Samples],
        chosen: Integers,
        references: Sequence[Samples],
        against: Integers,
        baselines: tuple[Sequence[Period], Integers],
    ) -> None:
        tier, window = (codes[chosen] for codes in places)
        provisional = self.target.source.provisional(periods, self.target.metric.follow_up)[window]
        named = references is self.named_samples
        pairs = Pairs(grain, periods, window, *baselines, named, provisional)
        count = len(self.statistics)
        self.target.contrasts.add(
            identity_of(self.target, self.statistics[0]),
            pairs.times(count),
            stack([each.at(chosen) for each in samples]),
            stack([each.at(against) for each in references]),
            statistics=Labels([each.name for each in self.statistics], np.repeat(np.arange(count), len(chosen))),
            tiers=Labels(self.tiers, np.tile(tier, count)),
        )
