"""Small tables for the ROI report: tier 4 may claim a gain, tier 3 may not, over the four quarters to 2026-09-30."""

from datetime import date, datetime
from typing import Any

import polars as pl

from metrics.briefs.roi.document import RoiReport
from metrics.briefs.roi.report import roi_report
from metrics.briefs.roi.tables import RoiTables
from metrics.calendar import Period
from schemas.value_settings import Value
from tests.support.brief_frames import Row, comparison, frame, gain, guardrail, origin, verdict

QUARTER = Period(date(2026, 7, 1), date(2026, 10, 1))
YEAR = Period(date(2025, 10, 1), date(2026, 10, 1))
BASELINE = Period(date(2024, 11, 1), date(2025, 10, 1))
WEEKS = 365 / 7
IN_YEAR: Row = {"grain": "trailing_year", "window_start": YEAR.start, "window_end": YEAR.end}
ENGINEER_MONTH = 10_000.0
SETTINGS = Value.model_validate(
    {
        "incident_hour_cost": {"3": 1000, "4": {"low": 1000, "likely": 2000, "high": 4000}},
        "review_hours": 0.5,
        "spend_categories": ["assistants"],
        "set_by": "finance",
    }
)


def compared(metric: str, statistic: str, tier: str, before: float, after: float, wide: float, **more: Any) -> Row:  # noqa: ANN401 -- fields of several types
    """A comparison over the year whose change has bounds `wide` away from it."""
    is_absolute = statistic.startswith("rate")
    change = after - before if is_absolute else after / before - 1
    bounds = {"change": change, "change_ci_low": change - wide, "change_ci_high": change + wide}
    return comparison(metric, statistic, before, after, tier=tier, **(IN_YEAR | bounds | more))


def comparisons() -> list[Row]:
    """Both tiers get faster; tier 4 delivers a tenth more per engineer, tier 3 a fifth more and is rolled back more."""
    rows = []
    for tier, after in (("4", 2.2), ("3", 2.4)):
        rows += [
            compared("lead_time", "p50", tier, 60.0, 45.0, 0.05, direction="improved"),
            compared("validated_throughput", "per_engineer_week", tier, 2.0, after, 0.05),
            compared("validated_throughput", "per_week", tier, 40.0, 20 * after, 0.1),
            compared("throughput", "per_engineer_week", tier, 2.5, 2.5, 0.04),
            compared("throughput", "per_week", tier, 50.0, 50.0, 0.1),
            compared("rework_share", "rate_changes", tier, 0.10, 0.08, 0.01),
            compared("change_size", "p50", tier, 50.0, 51.0, 0.2),
        ]
    rows.append(compared("rollback_rate", "rate", "3", 0.05, 0.12, 0.02, direction="worsened"))
    return rows


def verdicts() -> list[Row]:
    """Tier 4 holds, tier 3 is violated."""
    faster = [gain("lead_time", "p50", 60.0, 45.0)]
    price = guardrail("rollback_rate", "rate", 0.05, 0.12, unit="fraction", violated=True, certainty_worse=0.99)
    year = {name: IN_YEAR[name] for name in ("grain", "window_start")}
    return [
        verdict("speed_vs_escape", "holds", "claimable", tier="4", gains=faster, **year),
        verdict("speed_vs_escape", "violated", "not_claimable", tier="3", gains=faster, guardrails=[price], **year),
    ]


def weekly(hours: dict[tuple[str, str], float] | None = None) -> pl.DataFrame:
    """Weekly sums: incident-hours alternate around the given mean, two reviews a merged change."""
    given = hours or {("4", "baseline"): 6.0, ("4", "window"): 4.0, ("3", "baseline"): 3.0, ("3", "window"): 5.0}
    rows = [
        (tier, side, week, 2, mean + (1.0 if week % 2 else -1.0), 0, 100, 50)
        for (tier, side), mean in given.items()
        for week in range(46 if side == "baseline" else 52)
    ]
    names = ("tier", "side", "week", "incidents", "incident_hours", "unresolved", "reviews", "merged")
    return pl.DataFrame(rows, schema=list(names), orient="row")


def bins() -> pl.DataFrame:
    """Histograms of both durations: in the window more units lie in the first bins; tier 3 has none in the last."""
    rows = []
    for metric in ("lead_time", "pr_cycle_time"):
        for tier in ("3", "4"):
            for side, units in (("baseline", (10, 20, 40, 30)), ("window", (30, 40, 20, 10))):
                edges = (2.0, 8.0, 32.0, 128.0, 512.0)
                for low, high, count in zip(edges[:-1], edges[1:], units, strict=True):
                    if not (tier == "3" and high == edges[-1]):
                        rows.append((metric, tier, side, low, high, float(count)))
    return pl.DataFrame(rows, schema=["metric", "tier", "side", "bin_low", "bin_high", "units"], orient="row")


def tables(**replaced: pl.DataFrame) -> RoiTables:
    """All tables of the small report; those named are put in their place."""
    months = [date(2024 + (10 + index) // 12, (10 + index) % 12 + 1, 1) for index in range(23)]
    capacity = [{"team": "a", "month": m, "engineers": 20.0, "loaded_cost": 20 * ENGINEER_MONTH} for m in months]
    spend = [
        {"spend_id": f"s{m}", "month": m, "category": "assistants", "amount": 1000.0, "currency": "USD"}
        for m in months
        if m >= YEAR.start
    ]
    baselines = [
        {
            "tier": tier,
            "baseline_start": BASELINE.start,
            "baseline_end": BASELINE.end,
            "set_by": "jo",
            "reason": "agreed",
        }
        for tier in ("3", "4")
    ]
    made = {
        "comparisons": frame("comparisons", comparisons()),
        "verdicts": frame("verdicts", verdicts()),
        "baselines": frame("baselines", baselines),
        "team_capacity": frame("team_capacity", capacity),
        "spend": frame("spend", spend),
        "weekly": weekly(),
        "bins": bins(),
    }
    return RoiTables.of(made | replaced)


def report(settings: Value = SETTINGS, **replaced: pl.DataFrame) -> RoiReport:
    """The small report."""
    made_at = datetime(2026, 11, 10, 6)  # noqa: DTZ001 -- UTC, as all tables keep it
    return roi_report(tables(**replaced), origin(as_of=made_at), settings, QUARTER)
