"""Data sets in which all is known: repositories that differ for good, with better and worse quarters and weeks.

Work at unit u of repository r in week w of quarter q has the logarithm of its duration (or of its rate of events) at

    level + repository[r] + quarter[r, q] + week[r, w] (+ noise[u], for durations)

with standard deviations 0.3, 0.2 and 0.2 (and 1 for the noise), and an autocorrelation of 0.3 between a repository's
weeks. The repositories' sizes are unequal (log-normal, 0.6). What an interval has to cover is the *given*
repositories' value over all such quarters and weeks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metrics.stats.grouping import Grouping
from metrics.stats.holders import make_holders

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WEEKS = 13
REPOSITORY, QUARTER, WEEK, AUTOCORRELATION = 0.3, 0.2, 0.2, 0.3
SIZES, NOISE, LEVEL = 0.6, 1.0, 2.0
HALVINGS = 60


@dataclass(frozen=True)
class Company:
    """Many data sets at once: shares of the work and fixed effects (sets × repositories), shocks (× weeks)."""

    shares: Floats
    fixed: Floats
    shocks: Floats

    @property
    def quarters(self) -> int:
        """Quarters simulated."""
        return int(self.shocks.shape[2] // WEEKS)

    def units(self, per_quarter: int, rng: np.random.Generator) -> Integers:
        """Units per data set, quarter, repository and week."""
        spread = np.repeat(self.shares[:, None, :], self.quarters, axis=1)
        return rng.multinomial(rng.multinomial(per_quarter, spread), np.full(WEEKS, 1 / WEEKS))

    def shock_of(self) -> Floats:
        """Shocks as sets × quarters × repositories × weeks of the quarter."""
        sets, repositories, _ = self.shocks.shape
        by_quarter: Floats = self.shocks.reshape(sets, repositories, self.quarters, WEEKS)
        return by_quarter.swapaxes(1, 2)


def company(sets: int, repositories: int, quarters: int, rng: np.random.Generator) -> Company:
    """Draws repositories and their luck."""
    shares = rng.lognormal(0, SIZES, (sets, repositories))
    weeks = rng.standard_normal((sets, repositories, quarters * WEEKS))
    for week in range(1, quarters * WEEKS):
        innovation = np.sqrt(1 - AUTOCORRELATION**2) * weeks[..., week]
        weeks[..., week] = AUTOCORRELATION * weeks[..., week - 1] + innovation
    quarter = np.repeat(rng.normal(0, QUARTER, (sets, repositories, quarters)), WEEKS, axis=2)
    fixed = rng.normal(0, REPOSITORY, (sets, repositories))
    return Company(shares / shares.sum(axis=1, keepdims=True), fixed, quarter + WEEK * weeks)


@dataclass(frozen=True)
class Durations:
    """Units of all data sets by ascending hours, grouped by data set × quarter, and the mixture that they come from."""

    hours: Floats
    grouping: Grouping
    company: Company

    def target(self, probability: float) -> Floats:
        """The quantile of the given repositories' work over all shocks, per data set."""
        sd = np.sqrt(NOISE**2 + QUARTER**2 + WEEK**2)
        low, high = np.full(len(self.company.shares), LEVEL - 12.0), np.full(len(self.company.shares), LEVEL + 12.0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = (self.company.shares * ndtr((middle[:, None] - LEVEL - self.company.fixed) / sd)).sum(axis=1)
            low, high = np.where(below < probability, middle, low), np.where(below < probability, high, middle)
        return np.asarray(np.exp(low))

    def target_mean(self) -> Floats:
        """The mean of the given repositories' work over all shocks, per data set."""
        excess = (NOISE**2 + QUARTER**2 + WEEK**2) / 2
        return np.asarray((self.company.shares * np.exp(LEVEL + self.company.fixed + excess)).sum(axis=1))


def durations(
    sets: int, repositories: int, per_quarter: int, quarters: int, log_change: float, rng: np.random.Generator
) -> Durations:
    """Log-normal durations; in the last quarter they are longer by the factor exp(log_change)."""
    drawn = company(sets, repositories, quarters, rng)
    units = drawn.units(per_quarter, rng)
    level = drawn.fixed[:, None, :, None] + drawn.shock_of()
    level[:, -1] += log_change
    cell = np.repeat(np.arange(units.size), units.ravel())
    hours = np.exp(LEVEL + level.ravel()[cell] + NOISE * rng.standard_normal(len(cell)))
    order = np.argsort(hours, kind="stable")
    of_set, quarter, repository, _ = np.unravel_index(cell[order], units.shape)
    holders = make_holders(of_set.astype(np.int64), repository.astype(np.int64), sets)
    return Durations(hours[order], holders.by_window(quarter.astype(np.int64), quarters), drawn)


@dataclass(frozen=True)
class Events:
    """Events and units per cell (data set × quarter × repository), and their grouping by data set × quarter."""

    events: Floats
    units: Floats
    grouping: Grouping


def events(
    sets: int, repositories: int, per_quarter: int, quarters: int, rate: float, last: float, rng: np.random.Generator
) -> Events:
    """Units of which a share `rate` (in the last quarter: `last`) has an event, over repositories and all shocks."""
    drawn = company(sets, repositories, quarters, rng)
    units = drawn.units(per_quarter, rng)
    fixed = np.exp(drawn.fixed)
    fixed /= (drawn.shares * fixed).sum(axis=1, keepdims=True)
    rates = np.full(quarters, rate)
    rates[-1] = last
    luck = np.exp(drawn.shock_of() - (QUARTER**2 + WEEK**2) / 2)
    chance = np.clip(rates[None, :, None, None] * fixed[:, None, :, None] * luck, 0.0, 1.0)
    happened = rng.binomial(units, chance)
    # One row per cell is enough to lay the groups out: every repository has its place in every quarter.
    of_set, repository = np.divmod(np.arange(sets * repositories), repositories)
    holders = make_holders(of_set, repository, sets)
    grouping = holders.by_window(np.zeros(len(of_set), dtype=np.int64), quarters)
    return Events(
        happened.sum(axis=3).astype(np.float64).ravel(), units.sum(axis=3).astype(np.float64).ravel(), grouping
    )
