"""Where each tier stands in the rollout: its phases, their checklists, failure modes, exceptions and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from dashboard.queries import TIERS
from dashboard.snapshots import Snapshot
from metrics.calendar import Calendar
from metrics.rollout.model import CATEGORIES
from metrics.rollout.progress import current_phase, next_phase

Row = Mapping[str, Any]
EXCEPTIONS_LISTED = 25


@dataclass(frozen=True)
class Standing:
    """One tier: the phase that it is in (None before it began), the one it would enter, and the decisions so far."""

    tier: str
    current: str | None
    following: str
    decisions: tuple[Row, ...]


def criteria(snapshot: Snapshot) -> pl.DataFrame:
    """Every criterion, in the order of a phase's categories.

    Columns: phase, category, criterion, tier, outcome, evidence, note.
    """
    order = ", ".join(f"'{category}'" for category in CATEGORIES)
    return snapshot.rows(
        f"""select phase, category, criterion, tier, outcome, evidence, note from stage_gates
        order by list_position([{order}], category), criterion, tier desc"""
    )


def standings(snapshot: Snapshot, gates: pl.DataFrame) -> list[Standing]:
    """Every tier that has criteria, the most critical first."""
    decided = phase_decisions(snapshot)
    found = []
    for tier in [tier for tier in TIERS if tier in set(gates["tier"])]:
        own = [row for row in decided if row["tier"] in (tier, "all")]
        has_begun = bool(
            len(
                gates.filter(
                    (pl.col("tier") == tier)
                    & (pl.col("phase") == "pilot")
                    & (pl.col("criterion") == "repositories_onboarded")
                    & (pl.col("outcome") == "pass")
                )
            )
        )
        current = current_phase(own, has_begun)
        found.append(Standing(tier, current, next_phase(current), tuple(own)))
    return found


def phase_decisions(snapshot: Snapshot) -> list[Row]:
    """Decisions about phases, oldest first: tier, from_phase, to_phase, is_approved, approvers, day, remediation.

    Also the checklist of that day, where the snapshot keeps it: met and asked (counts of criteria), lacking (which).
    """
    if snapshot.rows_of("register_phase_decisions") is None:
        return []
    rows = snapshot.rows(
        """select decision_id, coalesce(tier::varchar, 'all') as tier, from_phase, to_phase, is_approved, approvers,
            decided_at, remediation
        from register_phase_decisions order by decided_at, decision_id"""
    )
    lists = _checklists(snapshot)
    unknown = {"met": 0, "asked": 0, "lacking": ""}
    return [
        {**row, "day": _day(snapshot, row["decided_at"]), **lists.get(row["decision_id"], unknown)}
        for row in rows.iter_rows(named=True)
    ]


def _checklists(snapshot: Snapshot) -> dict[str, Row]:
    """Of each phase decision, how many criteria were met on that day, and which were not."""
    if snapshot.rows_of("phase_checklists") is None:
        return {}
    rows = snapshot.rows(
        """select decision_id, count(*) filter (where outcome = 'pass') as met, count(*) as asked,
            coalesce(string_agg(distinct criterion, ', ' order by criterion) filter (where outcome <> 'pass'), '')
                as lacking
        from phase_checklists group by decision_id order by decision_id"""
    )
    return {row["decision_id"]: row for row in rows.iter_rows(named=True)}


def failure_modes(snapshot: Snapshot) -> pl.DataFrame:
    """Every failure mode in every tier. Columns: failure_mode, tier, status, signals (JSON), controls."""
    return snapshot.rows(
        "select failure_mode, tier, status, signals, controls from failure_modes order by failure_mode, tier desc"
    )


@dataclass(frozen=True)
class Exceptions:
    """Exceptions in force at the cut: how many, how many of them are overdue, and the most pressing."""

    in_force: int
    past_end: int
    never_reviewed: int
    rows: Sequence[Row]


def exceptions(snapshot: Snapshot) -> Exceptions | None:
    """Exceptions that are not closed, those past their end first; None where the snapshot has no such register.

    Each row has policy, where, approver, granted, expires (local days), is_past_end, was_reviewed, reason.
    """
    if snapshot.rows_of("register_exceptions") is None:
        return None
    cut = datetime.fromisoformat(snapshot.manifest.as_of).replace(tzinfo=None)
    rows = snapshot.rows(
        """select policy, coalesce(repo_id, 'tier ' || tier::varchar, 'everywhere') as "where", approver, granted_at,
            expires_at, expires_at <= ? as is_past_end, reviewed_at is not null as was_reviewed, reason
        from register_exceptions where granted_at <= ? and (closed_at is null or closed_at > ?)
        order by is_past_end desc, was_reviewed, expires_at, exception_id""",
        cut,
        cut,
        cut,
    )
    listed = [
        row | {"granted": _day(snapshot, row["granted_at"]), "expires": _day(snapshot, row["expires_at"])}
        for row in rows.head(EXCEPTIONS_LISTED).iter_rows(named=True)
    ]
    return Exceptions(len(rows), int(rows["is_past_end"].sum()), int((~rows["was_reviewed"]).sum()), listed)


def staging_findings(snapshot: Snapshot) -> pl.DataFrame:
    """What breaks the order of risk. Columns: tier, severity, reason."""
    return snapshot.rows(
        "select tier, severity, reason from findings where kind = 'risk_staging' and closed_at is null"
        " order by tier desc, reason"
    )


def _day(snapshot: Snapshot, instant: datetime | None) -> date | None:
    return Calendar(snapshot.manifest.timezone).local_day(instant) if instant else None
