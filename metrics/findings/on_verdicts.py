"""Verdicts that are violated or at risk, and violations that nobody decided about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.findings.model import Finding, Instant, Row, severity_of, where
from metrics.model import Constraint
from metrics.working_days import working_days_after

WORKING_DAYS_TO_DECIDE = 5


def verdict_findings(verdicts: pl.DataFrame, instant: Instant) -> list[Finding]:
    """The newest final verdicts that are violated or at risk, and running ones that are violated.

    By constraint, tier and grain. Opened with the first of the unbroken run of windows that came out so.
    """
    found = []
    for rows in _series(verdicts.filter(~pl.col("is_provisional"))):
        newest = rows[-1]
        if newest["status"] in ("violated", "at_risk"):
            opened = _begin_of_run(rows, newest["status"])
            is_violated = newest["status"] == "violated"
            severity = severity_of(newest["tier"], "critical" if is_violated else "medium")
            found.append(_on_verdict(newest, "", severity, instant(opened)))
    for rows in _series(verdicts.filter(pl.col("is_provisional"))):
        newest = rows[-1]
        if newest["status"] == "violated":
            severity = severity_of(newest["tier"], "high")
            found.append(_on_verdict(newest, "/running", severity, instant(newest["window_start"])))
    return found


def _on_verdict(row: Row, suffix: str, severity: str, opened_at: datetime) -> Finding:
    return Finding(
        finding_id=f"verdict/{row['constraint']}/{row['tier']}/{row['grain']}{suffix}",
        kind="verdict",
        tier=row["tier"],
        subject=row["verdict_id"],
        severity=severity,
        opened_at=opened_at,
        reason=f"{row['constraint']} is {row['status'].replace('_', ' ')} in {where(row['tier'])}. {row['reason']}",
    )


def _series(verdicts: pl.DataFrame) -> Iterable[list[Row]]:
    """The verdicts of each constraint, tier and grain, oldest first."""
    key = ["constraint", "tier", "grain"]
    for _, rows in sorted(
        verdicts.sort("window_start").group_by(key, maintain_order=True), key=lambda item: str(item[0])
    ):
        yield rows.to_dicts()


def _begin_of_run(rows: Sequence[Row], status: str) -> date:
    """The end of the first window of the run of windows that ends with the newest one."""
    begin: date = rows[-1]["window_end"]
    for row in reversed(rows):
        if row["status"] != status:
            break
        begin = row["window_end"]
    return begin


def undecided_findings(
    verdicts: pl.DataFrame,
    decisions: pl.DataFrame,
    as_of: datetime,
    instant: Instant,
    constraints: Mapping[str, Constraint] | None = None,
) -> list[Finding]:
    """Violations without a recorded decision five working days after their window became final.

    A decision counts for a violation that it names (verdict_id), and for the same constraint and tier where it was
    taken
    after the window's end.
    """
    known = constraints or all_constraints()
    taken = decisions.filter(pl.col("subject_kind") == "verdict").to_dicts()
    found = []
    for rows in _series(verdicts.filter(~pl.col("is_provisional"))):
        newest = rows[-1]
        if newest["status"] != "violated":
            continue
        final_on = newest["window_end"] + _follow_up(known.get(newest["constraint"]))
        due = instant(working_days_after(final_on, WORKING_DAYS_TO_DECIDE))
        if as_of < due or any(_decides(decision, newest, instant) for decision in taken):
            continue
        found.append(
            Finding(
                finding_id=f"undecided/{newest['verdict_id']}",
                kind="undecided_violation",
                tier=newest["tier"],
                subject=newest["verdict_id"],
                severity=severity_of(newest["tier"]),
                opened_at=due,
                reason=(
                    f"Nothing was decided about {newest['constraint']} in {where(newest['tier'])} within"
                    f" {WORKING_DAYS_TO_DECIDE} working days of {final_on}, when the window to"
                    f" {newest['window_end']} became"
                    " final."
                ),
            )
        )
    return found


def _follow_up(constraint: Constraint | None) -> timedelta:
    """The longest follow-up among the figures of a constraint."""
    figures = (*constraint.gains, *constraint.guardrails) if constraint else ()
    metrics = [all_metrics()[figure.metric] for figure in figures if figure.metric in all_metrics()]
    return max((metric.follow_up for metric in metrics), default=timedelta(0))


def _decides(decision: Row, verdict: Row, instant: Instant) -> bool:
    if decision["subject_id"] == verdict["verdict_id"]:
        return True
    is_of_same = str(decision["subject_id"]).startswith(f"{verdict['constraint']}:{verdict['tier']}")
    return is_of_same and decision["decided_at"] >= instant(verdict["window_end"])
