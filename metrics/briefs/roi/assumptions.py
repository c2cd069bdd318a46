"""What value rests on: assumptions from plumbline.toml and costs from the registers, each with where it was given."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from metrics.briefs.roi.document import Assumption, Spending
from metrics.briefs.roi.periods import ClaimWindow
from metrics.calendar import Period
from schemas.value_settings import Assumption as Given
from schemas.value_settings import Value as Settings

WEEKS_PER_MONTH = 365.25 / 7 / 12
DAYS_PER_MONTH = 365.25 / 12
ENGINEER_MONTH, REVIEW_HOURS, WORKING_WEEK = "engineer_month_cost", "review_hours", "hours_per_week"
INCIDENT_HOUR = "incident_hour_cost"


@dataclass(frozen=True)
class Priced:
    """All that can be priced with: assumptions by id, what is missing in words, and the tools' spending.

    `spending` is None where what was paid is not known.
    """

    currency: str
    assumptions: tuple[Assumption, ...]
    missing: tuple[str, ...]
    spending: tuple[Spending, ...] | None

    def likely(self) -> dict[str, float]:
        """The likely value of every assumption."""
        return {each.id: each.likely for each in self.assumptions}


def incident_hour(tier: str) -> str:
    """The id of a tier's cost of an incident-hour."""
    return f"{INCIDENT_HOUR}.{tier}"


def priced(
    settings: Settings,
    capacity: pl.DataFrame,
    spend: pl.DataFrame,
    tiers: Sequence[str],
    baseline: Period | None,
    window: ClaimWindow,
) -> Priced:
    """Gathers what is given.

    Args:
        settings: `[value]` of plumbline.toml as it stood with the snapshot.
        capacity: the register team_capacity.
        spend: the register spend.
        tiers: as text.
        baseline: the baseline of the tiers, from the first to the last day that any has.
        window: in which value is counted.
    """
    source = _source(settings)
    found: list[Assumption] = []
    missing: list[str] = []
    engineer = _engineer_month(settings, capacity, baseline, source)
    if engineer is None:
        missing.append("what an engineer costs: loaded_cost in registers/team_capacity.csv, or engineer_month_cost")
    else:
        week = Assumption(WORKING_WEEK, "Hours of an engineer's week", *_thrice(settings.hours_per_week), "h", source)
        found += [engineer, week]
    incident_hours = {str(tier): given for tier, given in settings.incident_hour_cost.items()}
    for tier in sorted(tiers):
        given = incident_hours.get(tier)
        if given is None:
            missing.append(f"what an hour of an incident in tier {tier} costs: incident_hour_cost")
        else:
            unit = f"{settings.currency} per hour"
            found.append(_assumed(incident_hour(tier), f"Cost of an incident-hour, tier {tier}", given, unit, source))
    if settings.review_hours is None:
        missing.append("how many hours of work a review takes: review_hours")
    else:
        found.append(_assumed(REVIEW_HOURS, "Work on one review", settings.review_hours, "h", source))
    spending, why = _spending(settings, spend, baseline, window)
    missing += why
    return Priced(settings.currency, tuple(found), tuple(missing), spending)


def _source(settings: Settings) -> str:
    told = "; ".join(part for part in (settings.set_by, settings.reason) if part)
    return f"plumbline.toml, [value]{f' ({told})' if told else ''}"


def _thrice(value: float) -> tuple[float, float, float]:
    return value, value, value


def _assumed(id_: str, name: str, given: Given, unit: str, source: str) -> Assumption:
    return Assumption(id_, name, given.low, given.likely, given.high, unit, source)


def _engineer_month(
    settings: Settings, capacity: pl.DataFrame, baseline: Period | None, source: str
) -> Assumption | None:
    """The cost of an engineer-month in the baseline: of the register where it is given, else of the settings."""
    unit = f"{settings.currency} per month"
    known = capacity.filter(pl.col("loaded_cost").is_not_null()) if not capacity.is_empty() else capacity
    if baseline is not None and not known.is_empty():
        known = known.filter(pl.col("month").is_between(baseline.start.replace(day=1), baseline.end, closed="left"))
    engineers = float(known["engineers"].sum()) if not known.is_empty() else 0.0
    if engineers > 0:
        cost = float(known["loaded_cost"].sum()) / engineers
        told = "register team_capacity, mean of the baseline's months"
        return Assumption(ENGINEER_MONTH, "Cost of an engineer", *_thrice(cost), unit, told)
    if settings.engineer_month_cost is not None:
        return _assumed(ENGINEER_MONTH, "Cost of an engineer", settings.engineer_month_cost, unit, source)
    return None


def _spending(
    settings: Settings, spend: pl.DataFrame, baseline: Period | None, window: ClaimWindow
) -> tuple[tuple[Spending, ...] | None, list[str]]:
    """What was paid by category, and what is missing: the register, or a rate of exchange."""
    rows = spend
    if settings.spend_categories and not rows.is_empty():
        rows = rows.filter(pl.col("category").is_in(settings.spend_categories))
    within = (
        rows.filter(pl.col("month").is_between(window.period.start, window.period.end, closed="left"))
        if (not rows.is_empty())
        else rows
    )
    if within.is_empty():
        asked = f" in {', '.join(settings.spend_categories)}" if settings.spend_categories else ""
        return None, [f"what licences and tools cost{asked}: registers/spend.csv has nothing in the window"]
    rates = {settings.currency: 1.0, **settings.rates}
    unknown = sorted(set(rows["currency"]) - set(rates))
    if unknown:
        return None, [f"rates of exchange of {', '.join(unknown)} into {settings.currency}: rates"]
    amounts = rows.with_columns(
        amount=pl.col("amount") * pl.col("currency").replace_strict(rates, return_dtype=pl.Float64)
    )
    return tuple(_category(amounts, name, baseline, window.period) for name in sorted(set(rows["category"]))), []


def _category(amounts: pl.DataFrame, name: str, baseline: Period | None, period: Period) -> Spending:
    def months_and_sum(span: Period) -> tuple[int, float]:
        months = max(round((span.end - span.start).days / DAYS_PER_MONTH), 1)
        inside = (pl.col("category") == name) & pl.col("month").is_between(span.start, span.end, closed="left")
        return months, float(amounts.filter(inside)["amount"].sum())

    months, amount = months_and_sum(period)
    if baseline is None:
        return Spending(name, amount, 0.0)
    before, paid = months_and_sum(baseline)
    return Spending(name, amount, paid / before * months)
