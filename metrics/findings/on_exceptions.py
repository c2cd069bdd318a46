"""Exceptions past their end, never reviewed, or multiplying."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from metrics.findings.model import Finding, Row, severity_of
from metrics.words import joined

UNREVIEWED_AFTER = timedelta(days=30)
"""An exception nobody looked at for so long is not under review."""
DRIFT_FROM, DRIFT_WITHIN = 5, timedelta(days=182)
"""Exceptions multiply: at least so many in force, and twice as many as half a year before."""


def exception_findings(
    exceptions: pl.DataFrame,
    tier_of: Mapping[str, str],
    as_of: datetime,
    local_day: Callable[[datetime], date] = datetime.date,
) -> list[Finding]:
    """Exceptions past their end or never reviewed, each; and tiers in which they multiply.

    Args:
        exceptions: the register at the cut.
        tier_of: tier by repository, for exceptions that name no tier.
        as_of: the cut.
        local_day: the local day of an instant.
    """
    found: list[Finding] = []
    by_tier: dict[str, list[Row]] = {}
    for row in exceptions.to_dicts():
        tier = str(row["tier"]) if row["tier"] is not None else tier_of.get(row["repo_id"] or "")
        by_tier.setdefault(tier or "", []).append(row)
        faults = list(_faults(row, as_of, local_day))
        if row["closed_at"] is not None or not faults:
            continue
        found.append(
            Finding(
                finding_id=f"exception/{row['exception_id']}",
                kind="exception",
                tier=tier,
                subject=row["exception_id"],
                severity=severity_of(tier, "high"),
                opened_at=min(since for since, _ in faults),
                reason=f"The exception from {row['policy']} that {row['approver']} granted"
                f" {joined([words for _, words in faults])}; close it, review it or renew it.",
            )
        )
    for tier, rows in sorted(by_tier.items()):
        drift = _drift(tier, rows, as_of) if tier else None
        found += [drift] if drift else []
    return found


def _faults(row: Row, as_of: datetime, local_day: Callable[[datetime], date]) -> Iterable[tuple[datetime, str]]:
    """Since when, and what is wrong with an exception that nobody closed."""
    if row["expires_at"] <= as_of:
        yield row["expires_at"], f"expired on {local_day(row['expires_at'])}"
    if row["reviewed_at"] is None and row["granted_at"] + UNREVIEWED_AFTER <= as_of:
        yield row["granted_at"] + UNREVIEWED_AFTER, f"was never reviewed since {local_day(row['granted_at'])}"


def _drift(tier: str, rows: Sequence[Row], as_of: datetime) -> Finding | None:
    now, then = (_in_force(rows, at) for at in (as_of, as_of - DRIFT_WITHIN))
    if now < DRIFT_FROM or now < 2 * then:
        return None
    return Finding(
        finding_id=f"exception_drift/{tier}",
        kind="exception",
        tier=tier,
        subject=f"exception_drift/{tier}",
        severity=severity_of(tier, "high"),
        opened_at=as_of.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
        reason=f"Exceptions multiply in tier {tier}: {now} are in force, {then} were half a year before.",
    )


def _in_force(rows: Sequence[Row], at: datetime) -> int:
    return sum(row["granted_at"] <= at and (row["closed_at"] is None or row["closed_at"] > at) for row in rows)
