"""A tier in which nothing changed, looked at every day of a quarter: how often some look finds `violated`.

The running quarter and its three running months are judged each day from what has happened so far; at the end each is
judged once more, for good. The work of a quarter is drawn once, so that tomorrow's look holds today's data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.constraints import all_constraints
from metrics.contrasts import ContrastRows, Identity, Labels, Pairs, Samples, stack
from metrics.estimators import distribution, ratio
from metrics.judge import LEVEL, Judge
from metrics.model import Ratio
from metrics.readings import Place
from metrics.stats.distribution import estimate_quantiles, order_by_group
from metrics.stats.grouping import Grouping
from metrics.stats.holders import make_holders
from metrics.stats.multiplicity import spent_level
from metrics.stats.ratio import estimate_ratio
from tests.calibration.simulated import LEVEL as MEDIAN
from tests.calibration.simulated import NOISE, QUARTER, WEEK, company
from tests.calibration.tiers import BASELINE, FIRST_BIN, NAMES, QUANTILES, REPOSITORIES, replace_units, window_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAYS, DAYS_PER_WEEK = 91, 7
SPANS = {"quarter": (0, 91), "first month": (0, 30), "second month": (30, 61), "third month": (61, 91)}
"""The windows that are looked at, by first day and the day after the last."""
CHANGES, DEPLOYMENTS, INCIDENTS_PER_WEEK = 1000, 600, 3.0
LOOK_EVERY = 1


@dataclass(frozen=True)
class Looks:
    """The looks at one span: which days it has, and how many of them have passed at each look."""

    first: int
    last: int

    @property
    def passed(self) -> Integers:
        """Days behind each look."""
        return np.arange(LOOK_EVERY, self.last - self.first + 1, LOOK_EVERY)

    @property
    def ends(self) -> Integers:
        """The day after the last that each look sees."""
        return self.first + self.passed


LOOKS_PER_SET = 100
"""Places kept for the looks at one data set: a place is number of the data set × this + number of the look."""


class Look(Judge):
    """A judge of data sets and looks that stand side by side, each look at its own share of the window."""

    shares: Floats | None = None
    """Per look, the share of the window that has passed; None for a judge who takes every look for the last."""

    def level(self, place: Place, is_provisional: bool) -> float:  # noqa: ARG002 -- the judge's signature
        """As the judge has it, by look instead of by date."""
        return LEVEL if self.shares is None else float(spent_level(self.shares[set_and_look(place)[1]], LEVEL))


def set_and_look(place: Place) -> tuple[int, int]:
    """Which data set and look stand at a place."""
    return divmod((place.window_start - window_of(0).start).days // 2, LOOKS_PER_SET)


@dataclass(frozen=True)
class Days:
    """Units per data set, repository and day of two quarters, and what sways them (in logarithms)."""

    units: Integers
    sway: Floats
    fixed: Floats
    shares: Floats

    @classmethod
    def draw(cls, sets: int, per_quarter: int, rng: np.random.Generator) -> "Days":
        """A baseline quarter and the quarter that is looked at; each of thirteen weeks of seven days."""
        drawn = company(sets, REPOSITORIES, 2, rng)
        weekly = drawn.units(per_quarter, rng)
        daily = rng.multinomial(weekly, np.full(DAYS_PER_WEEK, 1 / DAYS_PER_WEEK))
        sets_, quarters, repositories = weekly.shape[:3]
        units = daily.reshape(sets_, quarters, repositories, DAYS)
        sway = np.repeat(drawn.shock_of(), DAYS_PER_WEEK, axis=3)
        return cls(units, sway, drawn.fixed, drawn.shares)

    def happened(self, rate: float, rng: np.random.Generator) -> Integers:
        """Events at a rate that nothing changes."""
        fixed = np.exp(self.fixed)
        fixed /= (self.shares * fixed).sum(axis=1, keepdims=True)
        chance = rate * fixed[:, None, :, None] * np.exp(self.sway - (QUARTER**2 + WEEK**2) / 2)
        return rng.binomial(self.units, np.clip(chance, 0, 1))


def layout(sets: int, looks: int) -> Grouping:
    """Groups of data set × look, the baseline first; a row per repository lays their cells out."""
    of_set, repository = np.divmod(np.arange(sets * REPOSITORIES), REPOSITORIES)
    holders = make_holders(of_set, repository, sets)
    return holders.by_window(np.zeros(len(of_set), dtype=np.int64), looks + 1)


def seen(per_day: Integers, looks: Looks) -> Floats:
    """Sums as cells: data set × (baseline, looks) × repository."""
    window = np.cumsum(per_day[:, 1, :, looks.first :], axis=2)[:, :, looks.passed - 1]
    columns = np.concatenate([per_day[:, 0].sum(axis=2)[:, :, None], window], axis=2)
    return columns.swapaxes(1, 2).astype(np.float64).ravel()


def weeks_of(sets: int, looks: Looks) -> Floats:
    """Weeks behind the baseline and each look."""
    return np.tile(np.concatenate([[DAYS], looks.passed]) / DAYS_PER_WEEK, sets)


@dataclass(frozen=True)
class Stream:
    """One kind of event over all days, to be seen at any look."""

    metric: str
    units: Integers
    events: Integers
    is_count: bool = False
    more_is_better: bool = False

    def samples(self, looks: Looks) -> dict[tuple[str, str], Samples]:
        """Samples by statistic and kind: data sets × (the baseline and the looks)."""
        sets = len(self.units)
        grouping = layout(sets, len(looks.passed))
        units = seen(self.units, looks)
        bad = seen(self.events, looks)
        numerators = units - bad if self.more_is_better else bad
        kind: Literal["share", "events"] = "events" if self.is_count else "share"
        estimate = estimate_ratio(grouping, numerators, units, units, kind)
        cells, weeks = (numerators, units), weeks_of(sets, looks)
        rates, weekly = ratio._samples(grouping, estimate, cells, weeks, Ratio(parts=(), kind=kind))
        if self.is_count:
            return {("per_week", "events"): replace_units(weekly)}
        if self.more_is_better:
            rest = ratio._rest(grouping, estimate, cells, weeks)
            return {("rate", "share"): rates, (ratio.REST_PER_WEEK, "events"): rest}
        return {("rate", "share"): rates, (ratio.PER_WEEK, "events"): weekly}


@dataclass(frozen=True)
class Waits:
    """Durations of all units of two quarters in ascending order, by data set, repository and day (of 182)."""

    metric: str
    sets: int
    hours: Floats
    of_set: Integers
    repository: Integers
    day: Integers

    @classmethod
    def draw(cls, metric: str, days: Days, rng: np.random.Generator) -> "Waits":
        """Log-normal durations at a level that nothing changes."""
        level = days.fixed[:, None, :, None] + days.sway
        cell = np.repeat(np.arange(days.units.size), days.units.ravel())
        hours = np.exp(MEDIAN + level.ravel()[cell] + NOISE * rng.standard_normal(len(cell)))
        order = np.argsort(hours, kind="stable")
        of_set, quarter, repository, day = np.unravel_index(cell[order], days.units.shape)
        return cls(metric, len(days.units), hours[order], of_set, repository, quarter * DAYS + day)

    def samples(self, looks: Looks) -> dict[tuple[str, str], Samples]:
        """Samples of the compared quantiles: data sets × (the baseline and the looks)."""
        holders = make_holders(self.of_set.astype(np.int64), self.repository.astype(np.int64), self.sets)
        parts = []
        for end in (0, *looks.ends):
            inside = self.day < DAYS if end == 0 else (self.day >= DAYS + looks.first) & (self.day < DAYS + end)
            grouping = holders.by_window(np.where(inside, 0, -1), 1)
            ordered = order_by_group(self.hours, grouping)
            estimates, buckets = estimate_quantiles(ordered, grouping, QUANTILES)
            elapsed = np.full(self.sets, (DAYS if end == 0 else end - looks.first) / DAYS_PER_WEEK)
            parts.append(distribution._samples(ordered, grouping, estimates, buckets, elapsed, FIRST_BIN))
        # Look after look; data set after data set is what is wanted.
        by_set = np.arange(len(parts) * self.sets).reshape(len(parts), self.sets).T.ravel()
        return {(name, "log"): stack([part[index] for part in parts]).at(by_set) for index, name in enumerate(NAMES)}


def streams(sets: int, rng: np.random.Generator) -> list[Stream | Waits]:
    """Everything that is watched in a tier in which nothing changed."""
    changes, deployments = Days.draw(sets, CHANGES, rng), Days.draw(sets, DEPLOYMENTS, rng)
    many = Days.draw(sets, round(1000 * INCIDENTS_PER_WEEK * DAYS / DAYS_PER_WEEK), rng)

    def share(metric: str, days: Days, rate: float, *, more_is_better: bool = False) -> Stream:
        return Stream(metric, days.units, days.happened(rate, rng), more_is_better=more_is_better)

    return [
        Waits.draw("pr_cycle_time", changes, rng),
        share("escaped_defects", changes, 0.08),
        share("unreviewed_merge_share", changes, 0.06),
        share("shallow_approval_share", changes, 0.09),
        share("acceptance_rate", changes, 0.12, more_is_better=True),
        share("rework_share", changes, 0.10),
        share("rollback_rate", deployments, 0.05),
        share("change_failure_rate", deployments, 0.12),
        share("deployment_rework_rate", deployments, 0.06),
        Stream("incident_rate", many.units, many.happened(1e-3, rng), is_count=True),
        Stream("throughput", changes.units, changes.units, is_count=True),
    ]


def look_by_look(kinds: Sequence[Stream | Waits], looks: Looks) -> pl.DataFrame:
    """Contrasts of all data sets at all looks with their baselines."""
    rows, count = ContrastRows(), len(looks.passed)
    for stream in kinds:
        for (statistic, kind), samples in stream.samples(looks).items():
            sets = len(samples) // (count + 1)
            number, look = (codes.ravel() for codes in np.indices((sets, count)))
            none = np.zeros(len(number), dtype=np.int64)
            windows = [window_of(each) for each in range(sets * LOOKS_PER_SET)]
            codes, provisional = number * LOOKS_PER_SET + look, np.ones(len(number), dtype=bool)
            rows.add(
                Identity(stream.metric, "1", kind, "", 1.0),
                Pairs("quarter", windows, codes, [BASELINE], none, True, provisional),
                samples.at(number * (count + 1) + look + 1),
                samples.at(number * (count + 1)),
                statistics=Labels([statistic], none),
                tiers=Labels(["3"], none),
            )
    return rows.frame()


@dataclass(frozen=True)
class FalseAlarms:
    """Tier-quarters with a `violated`: at the end alone, at some look with the level spent, and with the full level."""

    sets: int
    at_the_end: int
    spending: int
    without: int


def false_alarms(sets: int, seed: int, progress: Callable[[str], None] = lambda _: None) -> FalseAlarms:
    """Looks at `sets` unchanged tier-quarters every day."""
    kinds = streams(sets, np.random.default_rng(seed))
    end, spent, full = (np.zeros(sets, dtype=bool) for _ in range(3))
    for name, (first, last) in SPANS.items():
        looks = Looks(first, last)
        progress(name)
        judge = Look(look_by_look(kinds, looks))
        at_full = violated(judge, sets, len(looks.passed))
        judge.shares = looks.passed / (last - first)
        while_spending = violated(judge, sets, len(looks.passed))
        end |= at_full[:, -1]
        full |= at_full.any(axis=1)
        spent |= while_spending.any(axis=1) | at_full[:, -1]
    return FalseAlarms(sets, int(end.sum()), int(spent.sum()), int(full.sum()))


def violated(judge: Judge, sets: int, looks: int) -> NDArray[np.bool_]:
    """Data sets × looks at which some constraint is violated."""
    found = np.zeros((sets, looks), dtype=bool)
    for verdict in judge.verdicts(list(all_constraints().values())):
        if verdict.status == "violated":
            found[set_and_look(verdict.place)] = True
    return found
