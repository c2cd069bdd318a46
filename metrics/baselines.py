"""Which period each tier is compared with: the one that the workspace names, else one before the first onboarding."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from metrics.calendar import Period, add_months
from metrics.units import MIXED

MONTHS_BEFORE_ONBOARDING = 3


@dataclass(frozen=True)
class Baseline:
    """The period that a tier is compared with. A named one is frozen; a default is recorded and moves with the data."""

    tier: str
    period: Period
    frozen_at: datetime | None = None
    set_by: str | None = None
    reason: str | None = None


def baselines(named: Mapping[str, Baseline], first_onboarding: Mapping[str, date], first_day: date) -> list[Baseline]:
    """The baseline of each tier that has one, sorted by tier; the others are compared with the window before.

    Args:
        named: what the workspace names, by tier.
        first_onboarding: local day of the first onboarding of a repository of each tier.
        first_day: first local day of the data; a default baseline that begins before it is none.
    """
    found = dict(named)
    for tier, day in first_onboarding.items():
        month = day.replace(day=1)
        period = Period(add_months(month, -MONTHS_BEFORE_ONBOARDING), month)
        if tier not in found and period.start >= first_day:
            reason = f"Default: the three months before the first onboarding of tier {tier}."
            found[tier] = Baseline(tier, period, reason=reason)
    periods = {baseline.period for baseline in found.values()}
    if found and len(periods) == 1 and MIXED not in found:
        reason = "The baseline that all tiers share."
        found[MIXED] = Baseline(MIXED, periods.pop(), max_frozen(list(found.values())), reason=reason)
    return [found[tier] for tier in sorted(found)]


def max_frozen(baselines: list[Baseline]) -> datetime | None:
    """When the last of several was frozen; None while one of them is not."""
    instants = [baseline.frozen_at for baseline in baselines]
    return max((instant for instant in instants if instant), default=None) if all(instants) else None
