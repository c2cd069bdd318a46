"""Small published tables for briefs: frames with every column of their schema, filled where a test does not say."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from metrics.briefs.tables import BriefTables, Origin
from metrics.calendar import Calendar, add_months
from schemas.events import all_tables as event_tables
from schemas.published import all_tables as published_tables
from schemas.tables import Table

Row = dict[str, Any]

MONTH = date(2026, 10, 1)
MONTH_END = date(2026, 11, 1)
BASELINE = (date(2025, 1, 1), date(2025, 10, 1))
TYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "float": pl.Float64,
    "boolean": pl.Boolean,
    "instant": pl.Datetime("us"),
    "date": pl.Date,
    "list": pl.List(pl.String),
}
ENDS = {"month": 1, "quarter": 3, "trailing_year": 12}


def origin(**more: Any) -> Origin:  # noqa: ANN401 -- fields of several types
    """What the small tables are said to come from."""
    known: Row = {
        "organisation": "Acme & Sons",
        "snapshot_id": "20261110T060000Z-0a1b2c3d",
        "as_of": datetime(2026, 11, 10, 6),  # noqa: DTZ001 -- UTC, as all tables keep it
        "known_at": None,
        "calendar": Calendar("Europe/Berlin"),
    }
    return Origin(**(known | more))


def frame(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of a published table, or of a register, as a typed frame."""
    model: type[Table] = (published_tables() | event_tables())[table]
    schema = {column.name: TYPES[column.type] for column in model.table_columns()}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")


def value(metric: str, statistic: str, number: float | None, **more: Any) -> Row:  # noqa: ANN401
    """A row of metric_values of tier 3 in the month."""
    row: Row = {"metric": metric, "statistic": statistic, "value": number, "version": "1.0.0", "tier": "3"}
    row |= {"segment_kind": "all", "segment": "all", "grain": "month", "window_start": MONTH, "window_end": MONTH_END}
    return row | {"unit": "hours", "n": 100, "is_provisional": False} | more


def comparison(metric: str, statistic: str, before: float, after: float, **more: Any) -> Row:  # noqa: ANN401
    """A row of comparisons of tier 3 in the month; the interval reaches a fifth of the change to each side."""
    change = after - before if statistic.startswith("rate") else after / before - 1
    wide = abs(change) / 5
    row: Row = {"metric": metric, "statistic": statistic, "version": "1.0.0", "tier": "3", "comparator": "baseline"}
    row |= {"segment_kind": "all", "segment": "all", "grain": "month", "window_start": MONTH, "window_end": MONTH_END}
    row |= {"baseline_start": BASELINE[0], "baseline_end": BASELINE[1], "baseline_value": before, "value": after}
    row |= {"change": change, "change_ci_low": change - wide, "change_ci_high": change + wide}
    return row | {"direction": "inconclusive", "method": "by hand"} | more


def reading(metric: str, statistic: str, before: float, after: float, **more: Any) -> Row:  # noqa: ANN401
    """A gain or a guardrail in a verdict's evidence."""
    row: Row = {"metric": metric, "statistic": statistic, "baseline_value": before, "value": after, "unit": "hours"}
    row |= {"n": 100, "baseline_n": 200, "change": after / before - 1, "certainty_worse": 0.01, "shortfall": None}
    return row | more


def gain(metric: str, statistic: str, before: float, after: float, **more: Any) -> Row:  # noqa: ANN401
    """A gain that was there, unless told otherwise."""
    return reading(metric, statistic, before, after, improved=True, **more)


def guardrail(metric: str, statistic: str, before: float, after: float, **more: Any) -> Row:  # noqa: ANN401
    """A judged guardrail of tier 3 that held, unless told otherwise."""
    known = {"tier": "3", "per_week": False, "violated": False, "judged": True}
    return reading(metric, statistic, before, after, **(known | more))


def verdict(constraint: str, status: str, claim: str, **more: Any) -> Row:  # noqa: ANN401
    """A verdict on tier 3; `gains` and `guardrails` become its evidence; by default for the month."""
    grain = more.get("grain", "month")
    start = more.get("window_start", MONTH)
    end = add_months(start, ENDS[grain])
    evidence = {"gains": more.pop("gains", []), "guardrails": more.pop("guardrails", []), "records": []}
    row: Row = {"constraint": constraint, "status": status, "claim": claim, "version": "1.0.0", "tier": "3"}
    row |= {"grain": grain, "window_start": start, "window_end": end, "is_provisional": False}
    row |= {"baseline_start": BASELINE[0], "baseline_end": BASELINE[1], "reason": "told by a test."}
    row |= {"evidence": json.dumps(evidence)} | more
    return row | {"verdict_id": f"{constraint}:{row['tier']}:{grain}:{start}"}


def day(text: str, hours: float = 12) -> datetime:
    """An instant of a day, UTC without a zone."""
    return datetime.fromisoformat(text) + timedelta(hours=hours)


def tables(**rows: Sequence[Row]) -> BriefTables:
    """Tables by name from rows; what is not named is empty."""
    return BriefTables.of({name: frame(name, given) for name, given in rows.items()})


def paid_for() -> BriefTables:
    """A month in which tier 3 got faster and was rolled back more often, with actions, exceptions and decisions."""
    price = guardrail("rollback_rate", "rate", 0.05, 0.12, unit="fraction", violated=True, certainty_worse=0.999)
    faster = gain("pr_cycle_time", "p50", 24.0, 18.0)
    judged = {"gains": [faster], "guardrails": [price]}
    trend = [
        value(
            "rollback_rate", "rate", 0.04 + 0.01 * number, unit="fraction", window_start=add_months(MONTH, number - 8)
        )
        for number in range(9)
    ]
    stages = {"coding": 10.0, "pickup": 30.0, "deploy_wait": 12.0}
    return tables(
        verdicts=[
            verdict("speed_vs_escape", "violated", "not_claimable", **judged),
            verdict("stability_regression", "violated", "not_claimable", guardrails=[price]),
            verdict(
                "speed_vs_escape",
                "violated",
                "not_claimable",
                grain="trailing_year",
                window_start=date(2025, 10, 1),
                **judged,
            ),
        ],
        comparisons=[
            comparison("pr_cycle_time", "p50", 24.0, 18.0, direction="improved"),
            comparison("pr_cycle_time", "p95", 90.0, 120.0, direction="inconclusive", change_ci_low=-0.1),
            comparison("rollback_rate", "rate", 0.05, 0.12, direction="worsened"),
            comparison("escaped_defects", "rate", 6.0, 5.0, direction="improved"),
            comparison("pickup_time", "p50", 5.0, 3.0, direction="improved"),
        ],
        metric_values=[
            value("pr_cycle_time", "p50", 18.0),
            value("pr_cycle_time", "p95", 120.0),
            *trend,
            value("escaped_defects", "rate", 5.0, unit="per 100 merged changes", is_provisional=True),
            value("pickup_time", "p50", 3.0),
            value("lead_time", "mean", 60.0),
            *(value(f"lead_time_{stage}", "mean", hours) for stage, hours in stages.items()),
        ],
        baselines=[{"tier": "3", "baseline_start": BASELINE[0], "baseline_end": BASELINE[1], "set_by": "the board"}],
        source_status=[
            {
                "source": "github",
                "stream": "changes",
                "rows": 100,
                "last_record_at": day("2026-11-09"),
                "state": "complete",
            }
        ],
        control_changes=[
            {
                "control_change_id": "c1",
                "layer": "gates",
                "tier": 3,
                "effective_at": day("2026-10-05"),
                "summary": "Two <reviews> | for *payments*",
                "owner": "lead of payments",
            },
            {
                "control_change_id": "c2",
                "layer": "rollout",
                "effective_at": day("2026-02-02"),
                "summary": "Pilot begins",
            },
            {
                "control_change_id": "c3",
                "layer": "access",
                "tier": 3,
                "effective_at": day("2024-02-02"),
                "summary": "Old",
            },
        ],
        decisions=[
            {
                "decision_id": "d1",
                "subject_kind": "gate",
                "subject_id": "g1",
                "action": "Hold the expansion",
                "owner": "head",
                "decided_at": day("2026-06-01"),
                "due_at": day("2026-09-30"),
            }
        ],
        exceptions=[
            {
                "exception_id": f"e{number}",
                "policy": "security_scan",
                "tier": 3,
                "approver": "head of security",
                "granted_at": day("2026-03-01"),
                "expires_at": day(expiry),
            }
            for number, expiry in enumerate(("2026-09-30", "2026-12-31"))
        ],
    )
