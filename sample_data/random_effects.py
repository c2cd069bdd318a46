"""What makes one repository unlike another, and one week unlike the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sample_data.behaviour import (
    QUARTER_SHOCK,
    RAMP_DAYS,
    REPOSITORY_EFFECT,
    RISK_EFFECT,
    VOLUME_SHOCK,
    WEEK_AUTOCORRELATION,
    WEEK_SHOCK,
    TierBehaviour,
)
from sample_data.company import CUT, RUN_UP_START, TIERS, UNITS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

DAY, WEEK, HOUR = 86400.0, 7 * 86400.0, 3600.0
START_SECONDS, CUT_SECONDS = RUN_UP_START.timestamp(), CUT.timestamp()
WEEKS = int(np.ceil((CUT_SECONDS - START_SECONDS) / WEEK))
UNIT_TIER = np.array([unit.tier for unit in UNITS])
NEVER = np.inf
ONBOARDED = np.array(
    [
        datetime(unit.onboarded.year, unit.onboarded.month, unit.onboarded.day, 9, tzinfo=UTC).timestamp()
        if unit.onboarded
        else NEVER
        for unit in UNITS
    ]
)


def adoption(unit: Integers, seconds: Floats) -> Floats:
    """How far adoption has come: 0 before a unit's onboarding, 1 from RAMP_DAYS after it, linear between."""
    ramp: Floats = np.clip((seconds - ONBOARDED[unit]) / (RAMP_DAYS * DAY), 0.0, 1.0)
    return ramp


def quarter_of(seconds: Floats) -> Integers:
    """Calendar quarters (UTC) counted from the one in which the run-up begins."""
    months = seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    first = np.datetime64(int(START_SECONDS), "s").astype("datetime64[M]").astype(np.int64)
    quarters: Integers = months // 3 - first // 3
    return quarters


def autocorrelated(random: np.random.Generator, size: float) -> Floats:
    """A stationary AR(1) by unit and week with that standard deviation."""
    noise = random.normal(0.0, size, (len(UNITS), WEEKS))
    scale = np.sqrt(1 - WEEK_AUTOCORRELATION**2)
    for week in range(1, WEEKS):
        noise[:, week] = WEEK_AUTOCORRELATION * noise[:, week - 1] + scale * noise[:, week]
    return noise


@dataclass(frozen=True)
class Effects:
    """One seed's draw of all random effects, and the behaviour that they vary.

    Log factors by unit, by unit and quarter, by unit and week; `risk` is a factor by unit.
    """

    behaviour: Mapping[int, TierBehaviour]
    repository: Floats
    quarter: Floats
    week: Floats
    volume: Floats
    risk: Floats

    @cached_property
    def week_count(self) -> int:
        """Number of weeks simulated, the run-up included."""
        return int(self.week.shape[1])

    def tier_values(self, attribute: str) -> Floats:
        """A number of each tier's behaviour as an array by unit."""
        return _by_unit([getattr(self.behaviour[tier], attribute) for tier in TIERS])

    def pace_values(self, cohort: str, stage: str) -> Floats:
        """The full-adoption factor of a cohort (pace_ai or pace_other) on a stage, as an array by unit."""
        return _by_unit([getattr(getattr(self.behaviour[tier], cohort), stage) for tier in TIERS])

    def wait_factor(self, unit: Integers, seconds: Floats) -> Floats:
        """Factor on every wait of changes opened then."""
        week = np.clip(((seconds - START_SECONDS) // WEEK).astype(np.int64), 0, self.week_count - 1)
        quarter = np.clip(quarter_of(seconds), 0, self.quarter.shape[1] - 1)
        factor: Floats = np.exp(self.repository[unit] + self.quarter[unit, quarter] + self.week[unit, week])
        return factor


def _by_unit(of_tiers: list[float]) -> Floats:
    by_unit: Floats = np.array(of_tiers, dtype=np.float64)[UNIT_TIER - 1]
    return by_unit


def draw_effects(random: np.random.Generator, behaviour: Mapping[int, TierBehaviour]) -> Effects:
    """Draws the random effects; hazards keep their mean over units, so that a tier's stated hazard is its real one."""
    units = len(UNITS)
    risk = random.normal(0.0, RISK_EFFECT, units)
    return Effects(
        behaviour=behaviour,
        repository=random.normal(0.0, REPOSITORY_EFFECT, units),
        quarter=random.normal(0.0, QUARTER_SHOCK, (units, 10)),
        week=autocorrelated(random, WEEK_SHOCK),
        volume=autocorrelated(random, VOLUME_SHOCK),
        risk=np.exp(risk - RISK_EFFECT**2 / 2),
    )
