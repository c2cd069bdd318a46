"""How often intervals cover, cell by cell: simulated data sets through the very functions that a build runs."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from metrics.calendar import Period
from metrics.comparisons import comparisons
from metrics.contrasts import ContrastRows, Identity, Labels, Pairs, Samples
from metrics.definitions import all_metrics
from metrics.estimators import distribution, ratio
from metrics.estimators.base import HISTORIES
from metrics.model import Ratio
from metrics.stats.distribution import Buckets, estimate_quantiles, order_by_group
from metrics.stats.ratio import estimate_ratio
from metrics.stats.successive import Repositories
from tests.calibration.simulated import durations, events

Floats = NDArray[np.float64]

QUARTERS_BEFORE = 4
"""Earlier quarters from which a level learns how much it varies: what a workspace has after fifteen months."""
DURATION_CHANGE, RATE_CHANGE = 0.8, 2.0
"""The real changes that are looked for: a fifth faster, twice as many events."""
WEEKS = 13.0
UNITS_AT_ONCE = 2_000_000
"""Units simulated at a time, so that memory stays at a few hundred megabytes."""
EVENTS = Ratio(parts=())
WINDOW, BASELINE = Period(date(2026, 4, 1), date(2026, 7, 1)), Period(date(2026, 1, 1), date(2026, 4, 1))


@dataclass(frozen=True)
class Cell:
    """What is simulated: a kind of work, its units per window and its repositories; for events their rate."""

    units: int
    repositories: int
    rate: float | None = None
    quarters_before: int = QUARTERS_BEFORE


@dataclass(frozen=True)
class Tally:
    """Of `sets` intervals of one statistic, how many hold the truth and how many are bounded on both sides."""

    cell: Cell
    subject: str
    statistic: str
    sets: int
    covered: int
    bounded: int

    @property
    def coverage(self) -> float:
        """Share of intervals that hold the truth; a side without a bound holds it."""
        return self.covered / self.sets

    @property
    def all_bounded(self) -> bool:
        """Whether intervals nearly always have both bounds: else coverage is that of a one-sided statement."""
        return self.bounded > 0.99 * self.sets


def tally(cell: Cell, sets: int, seed: int) -> list[Tally]:
    """Coverage of every interval of one cell."""
    per_myriad = round(10_000 * (cell.rate or 0))
    rng = np.random.default_rng([seed, cell.units, cell.repositories, per_myriad, cell.quarters_before])
    per_set = cell.units * (cell.quarters_before + 1)
    # For events a data set is a handful of counts, whatever the units behind them.
    at_once = max(1, UNITS_AT_ONCE // (per_set if cell.rate is None else cell.repositories * 13 * 5))
    found: dict[tuple[str, str], list[tuple[Floats, Floats, Floats]]] = {}
    for first in range(0, sets, at_once):
        some = min(at_once, sets - first)
        for key, bounds in (_durations if cell.rate is None else _events)(cell, some, rng).items():
            found.setdefault(key, []).append(bounds)
    tallies = []
    for (subject, statistic), pieces in found.items():
        low, high, truth = (np.concatenate(column) for column in zip(*pieces, strict=True))
        covered = ~(low > truth) & ~(high < truth)
        bounded = np.isfinite(low) & np.isfinite(high)
        tallies.append(Tally(cell, subject, statistic, len(low), int(covered.sum()), int(bounded.sum())))
    return tallies


Bounds = dict[tuple[str, str], tuple[Floats, Floats, Floats]]
"""Per subject (level, no change, a change) and statistic: lower bounds, upper bounds and truths over data sets."""


def _durations(cell: Cell, sets: int, rng: np.random.Generator) -> Bounds:
    """Levels of the last quarter, and its change against the quarter before."""
    found: Bounds = {}
    for subject, log_change in (("no change", 0.0), ("change", float(np.log(DURATION_CHANGE)))):
        drawn = durations(sets, cell.repositories, cell.units, cell.quarters_before + 1, log_change, rng)
        ordered = order_by_group(drawn.hours, drawn.grouping)
        history = HISTORIES["quarter"]
        quantiles = distribution.QUANTILES
        estimates, buckets = estimate_quantiles(ordered, drawn.grouping, quantiles, history)
        if subject == "no change":
            last = drawn.grouping.windows == cell.quarters_before
            for estimate in estimates:
                name = distribution.name_of(estimate.probability)
                found["level", name] = (estimate.low[last], estimate.high[last], drawn.target(estimate.probability))
            repositories = Repositories(drawn.grouping, buckets.units, history)
            _, low, high = distribution._mean(ordered, repositories)
            if cell.units >= distribution.UNITS_FOR_A_MEAN:
                found["level", "mean"] = (low[last], high[last], drawn.target_mean())
        if cell.quarters_before:
            kept = [i for i, p in enumerate(quantiles) if p in distribution.COMPARED_QUANTILES]
            samples = distribution._samples(
                ordered,
                drawn.grouping,
                [estimates[i] for i in kept],
                Buckets(buckets.upto[[*kept, -1]], buckets.reached[[*kept, -1]]),
                np.full(sets * (cell.quarters_before + 1), WEEKS),
                1 / 60,
            )
            for index, probability in zip(kept, distribution.COMPARED_QUANTILES, strict=True):
                name = distribution.name_of(probability)
                low, high = changes("pr_cycle_time", name, "log", samples[kept.index(index)], sets)
                found[subject, name] = (low, high, np.full(sets, np.exp(log_change) - 1))
    return found


def _events(cell: Cell, sets: int, rng: np.random.Generator) -> Bounds:
    """The rate of the last quarter, and its change against the quarter before."""
    assert cell.rate is not None
    found: Bounds = {}
    for subject, factor in (("no change", 1.0), ("change", RATE_CHANGE)):
        last = cell.rate * factor
        drawn = events(sets, cell.repositories, cell.units, cell.quarters_before + 1, cell.rate, last, rng)
        estimate = estimate_ratio(drawn.grouping, drawn.events, drawn.units, drawn.units, "share", HISTORIES["quarter"])
        if subject == "no change":
            now = drawn.grouping.windows == cell.quarters_before
            found["level", "rate"] = (estimate.low[now], estimate.high[now], np.full(sets, cell.rate))
        if cell.quarters_before:
            weeks = np.full(sets * (cell.quarters_before + 1), WEEKS)
            cells = (drawn.events, drawn.units)
            samples = ratio._samples(drawn.grouping, estimate, cells, weeks, EVENTS)[0]
            low, high = changes("change_failure_rate", "rate", "share", samples, sets)
            found[subject, "rate"] = (low, high, np.full(sets, last - cell.rate))
    return found


def changes(metric: str, statistic: str, kind: str, samples: Samples, sets: int) -> tuple[Floats, Floats]:
    """Bounds of the change of each data set's last quarter against the one before, as `comparisons` gives them."""
    rows, count = ContrastRows(), len(samples) // sets
    last, none = np.arange(sets) * count + count - 1, np.zeros(sets, dtype=np.int64)
    rows.add(
        Identity(metric, "1", kind, "", 1.0),
        Pairs("quarter", [WINDOW], none, [BASELINE], none, True, np.zeros(sets, dtype=bool)),
        samples.at(last),
        samples.at(last - 1),
        statistics=Labels([statistic], none),
        tiers=Labels(["3"], none),
        segments=Labels([str(number).zfill(6) for number in range(sets)], np.arange(sets)),
    )
    frame = comparisons(rows.frame(), all_metrics()).sort("segment")
    assert frame.height == sets
    low, high = (frame[f"change_ci_{side}"].fill_null(np.nan).to_numpy() for side in ("low", "high"))
    return low, high
