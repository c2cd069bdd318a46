"""The lines of value of one tier: a measured quantity, times a price that follows from the assumptions.

Elapsed time is no line: while a change waits nobody works on it. A change that did not hold is no outcome, and its
repair is rework: what repairs take is not counted among the outcomes gained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.briefs.document import Figure
from metrics.briefs.roi import weekly as weeks
from metrics.briefs.roi.assumptions import (
    ENGINEER_MONTH,
    REVIEW_HOURS,
    WEEKS_PER_MONTH,
    WORKING_WEEK,
    incident_hour,
)
from metrics.briefs.roi.document import Range, ValueLine
from metrics.briefs.roi.figures import of
from metrics.briefs.roi.tables import RoiTables
from metrics.words import share

NOTHING = Range(0.0, 0.0, 0.0)
COSTS_ONLY = "counted only where it costs, because the tier's gain may not be priced"
REVIEWS_COST = "counted only where it costs: fewer reviews are no value"
PROGRAMME = "programme"
"""The tier of what belongs to none: the tools."""


@dataclass(frozen=True)
class Quantity:
    """What was measured for a line: more is better, except of reviews, which are a cost."""

    kind: str
    tier: str
    name: str
    unit: str
    measured: Range | None
    is_cost_only: bool
    note: str


@dataclass(frozen=True)
class Rates:
    """The baseline's throughput of a tier, by which an engineer's cost becomes that of a change."""

    changes_per_engineer_week: float | None
    outcomes_per_engineer_week: float | None


def quantities(
    tables: RoiTables, figures: Sequence[Figure], tier: str, window_weeks: float, *, is_priced: bool
) -> list[Quantity]:
    """Outcomes, rework, incident-hours and reviews of one tier over the claim window."""
    merged = of(figures, "throughput", "per_week", tier)
    changes = merged.value * window_weeks if merged and merged.value is not None else None
    found = [
        _outcomes(figures, tier, window_weeks),
        _rework(figures, tier, changes),
        _incident_hours(tables, tier, window_weeks),
        _reviews(tables, tier, changes),
    ]
    only = not is_priced
    return [
        Quantity(q.kind, q.tier, q.name, q.unit, q.measured, only or q.is_cost_only, _why(q, only=only)) for q in found
    ]


def _why(quantity: Quantity, *, only: bool) -> str:
    reason = COSTS_ONLY if only and quantity.kind != "reviews" else REVIEWS_COST if quantity.kind == "reviews" else ""
    reason = reason if quantity.measured is not None else ""
    return "; ".join(part for part in (quantity.note, reason) if part)


def _outcomes(figures: Sequence[Figure], tier: str, window_weeks: float) -> Quantity:
    """Validated changes per engineer-week now less before, times the window's engineer-weeks: hiring is no gain."""
    name, unit = "Validated outcomes gained", "validated changes"
    rate = of(figures, "validated_throughput", "per_engineer_week", tier)
    total = of(figures, "validated_throughput", "per_week", tier)
    if not (rate and total and rate.value and total.value is not None):
        note = "not given: the engineers behind the changes are not known (register team_capacity)"
        return Quantity("outcomes", tier, name, unit, None, False, note)
    engineer_weeks = total.value / rate.value * window_weeks
    gained = _times(rate, engineer_weeks * rate.baseline_value) if rate.baseline_value else None
    if gained is None:
        return Quantity("outcomes", tier, name, unit, None, False, "not given: the change has no interval")
    smaller = of(figures, "change_size", "p50", tier)
    if smaller and smaller.change_high is not None and smaller.change_high < 0 and gained.high > 0:
        note = f"changes became smaller ({share(smaller.change or 0.0)}): more of them need not be more work"
        return Quantity("outcomes", tier, name, unit, gained, True, note)
    return Quantity("outcomes", tier, name, unit, gained, False, "")


def _rework(figures: Sequence[Figure], tier: str, changes: float | None) -> Quantity:
    """Changes that repair earlier work: the share before less the share now, times the changes merged."""
    name, unit = "Rework avoided", "repairing changes"
    rate = of(figures, "rework_share", "rate_changes", tier)
    avoided = _times(rate, -changes) if rate and changes is not None else None
    note = "" if avoided else "not given: rework could not be compared with the baseline"
    return Quantity("rework", tier, name, unit, avoided, False, note)


def _incident_hours(tables: RoiTables, tier: str, window_weeks: float) -> Quantity:
    """Hours from opening to resolution of incidents, summed by week: before less now."""
    name, unit = "Incident-hours avoided", "incident-hours"
    before, now = (weeks.side(tables.weekly, tier, side, "incident_hours") for side in ("baseline", "window"))
    if before is None or now is None:
        note = f"not given: fewer than {weeks.FEWEST_WEEKS} weeks on a side, or incidents are not watched"
        return Quantity("incidents", tier, name, unit, None, False, note)
    avoided = _scaled(weeks.difference(before, now), -window_weeks)
    return Quantity("incidents", tier, name, unit, avoided, False, _unresolved(tables, tier))


def _unresolved(tables: RoiTables, tier: str) -> str:
    count = int(tables.weekly.filter(tables.weekly["tier"] == tier)["unresolved"].sum())
    what = "incident that nobody resolved is" if count == 1 else "incidents that nobody resolved are"
    return f"{count} {what} left out" if count else ""


def _reviews(tables: RoiTables, tier: str, changes: float | None) -> Quantity:
    """Reviews per merged change: before less now, times the changes merged; more reviews are a cost."""
    name, unit = "Reviews spared", "reviews"
    sides = [weeks.side(tables.weekly, tier, side, "reviews", "merged") for side in ("baseline", "window")]
    before, now = sides
    if before is None or now is None or changes is None:
        return Quantity("reviews", tier, name, unit, None, True, "not given: too few weeks with merged changes")
    return Quantity("reviews", tier, name, unit, _scaled(weeks.difference(before, now), -changes), True, "")


def _times(figure: Figure, factor: float) -> Range | None:
    if figure.change is None or figure.change_low is None or figure.change_high is None:
        return None
    return _scaled(Range(figure.change, figure.change_low, figure.change_high), factor)


def _scaled(found: Range, factor: float) -> Range:
    low, high = sorted((found.low * factor, found.high * factor))
    return Range(found.estimate * factor, low, high)


def baseline_rates(figures: Sequence[Figure], tier: str) -> Rates:
    """The baseline's throughput of a tier per engineer-week."""

    def before(metric: str) -> float | None:
        figure = of(figures, metric, "per_engineer_week", tier)
        return figure.baseline_value or None if figure else None

    return Rates(before("throughput"), before("validated_throughput"))


def price_of(kind: str, tier: str, rates: Rates, given: Mapping[str, float]) -> float | None:
    """The price of one unit of a line; None where an assumption or a rate is missing."""
    month = given.get(ENGINEER_MONTH)
    week = month / WEEKS_PER_MONTH if month is not None else None
    if kind == "incidents":
        return given.get(incident_hour(tier))
    if week is None:
        return None
    if kind == "outcomes":
        return week / rates.outcomes_per_engineer_week if rates.outcomes_per_engineer_week else None
    if kind == "rework":
        return week / rates.changes_per_engineer_week if rates.changes_per_engineer_week else None
    hours = given.get(REVIEW_HOURS)
    return hours * week / given[WORKING_WEEK] if hours is not None else None


def line_of(quantity: Quantity, price: float | None) -> ValueLine:
    """A line of the ledger; without a price or a quantity it has no amount."""
    amount = _scaled(quantity.measured, price) if quantity.measured is not None and price is not None else None
    counted = amount
    if amount is not None and quantity.is_cost_only:
        counted = Range(min(amount.estimate, 0.0), min(amount.low, 0.0), min(amount.high, 0.0))
    return ValueLine(
        id=f"{quantity.kind}.{quantity.tier}",
        kind=quantity.kind,
        tier=quantity.tier,
        name=quantity.name,
        unit=quantity.unit,
        quantity=quantity.measured,
        price=price,
        amount=amount,
        counted=counted,
        note=quantity.note,
    )


def summed(counted: Sequence[Range]) -> Range:
    """The sum, its interval by the squares of the lines' half-widths: lines are taken as independent."""
    estimate = sum(each.estimate for each in counted)
    below = sum((each.estimate - each.low) ** 2 for each in counted) ** 0.5
    above = sum((each.high - each.estimate) ** 2 for each in counted) ** 0.5
    return Range(estimate, estimate - below, estimate + above)
