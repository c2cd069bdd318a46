"""Controls changed, decisions and exceptions as they stood at the month's end."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from metrics.briefs.actions import Span, actions, actions_note, commitments, exceptions, exceptions_note, owner_of
from metrics.calendar import Calendar
from tests.support.brief_frames import MONTH, MONTH_END, Row, day, frame

SPAN = Span(MONTH, MONTH_END, Calendar("Europe/Berlin"))


def control(identifier: str, when: str, tier: int | None = 3, **more: Any) -> Row:  # noqa: ANN401
    known = {"control_change_id": identifier, "layer": "gates", "tier": tier, "effective_at": day(when)}
    return known | {"summary": "More checks", "owner": "lead"} | more


def test_controls_since_the_baseline_are_told_newest_first_and_once() -> None:
    rows = [
        control("a", "2026-10-05", 3),
        control("b", "2026-10-05", 4),
        control("c", "2026-02-01", None, summary="Pilot", owner=None),
        control("d", "2025-09-30", 3, summary="In the baseline"),
        control("e", "2026-11-02", 3, summary="After the month"),
    ]
    found = actions(frame("control_changes", rows), pl.DataFrame(), date(2025, 10, 1), SPAN)
    assert [(each.day, each.tiers, each.text, each.is_in_month) for each in found] == [
        (date(2026, 10, 5), ("3", "4"), "More checks", True),
        (date(2026, 2, 1), ("all",), "Pilot", False),
    ]
    assert "not known" in actions_note(found, pl.DataFrame())
    assert "No control change" in actions_note((), pl.DataFrame())


def test_only_effects_beyond_chance_are_told() -> None:
    effect: Row = {"control_change_id": "a", "metric": "rollback_rate", "statistic": "rate", "tier": "3"}
    effects: list[Row] = [
        effect | {"change": -0.02, "change_ci_low": -0.03, "change_ci_high": -0.01},
        effect | {"metric": "change_failure_rate", "change": -0.02, "change_ci_low": -0.05, "change_ci_high": 0.01},
    ]
    found = actions(
        frame("control_changes", [control("a", "2026-10-05")]), frame("control_effects", effects), None, SPAN
    )
    assert found[0].effect == "rollback rate −2.00 points"


def test_days_are_those_of_the_workspace() -> None:
    # 22:30 UTC on the last of September is October in Berlin, and 23:30 UTC on the last of October is November.
    rows = [control("a", "2026-09-30"), control("b", "2026-10-31", summary="Later")]
    instants = pl.Series([day("2026-09-30", 22.5), day("2026-10-31", 23.5)], dtype=pl.Datetime("us"))
    register = frame("control_changes", rows).with_columns(instants.alias("effective_at"))
    found = actions(register, pl.DataFrame(), None, SPAN)
    assert [(each.day, each.is_in_month) for each in found] == [(date(2026, 10, 1), True)]


def decision(identifier: str, decided: str, due: str | None = None, closed: str | None = None) -> Row:
    known = {"decision_id": identifier, "subject_kind": "gate", "subject_id": "g", "action": "Hold", "owner": "head"}
    instants = {"decided_at": decided, "due_at": due, "closed_at": closed}
    return known | {name: day(text) if text else None for name, text in instants.items()}


def test_decisions_open_at_the_end_or_touched_in_the_month_are_told_overdue_first() -> None:
    rows = [
        decision("open", "2026-06-01", "2026-12-31"),
        decision("late", "2026-06-01", "2026-09-30"),
        decision("closed long ago", "2026-06-01", None, "2026-07-01"),
        decision("closed in the month", "2026-06-01", "2026-10-30", "2026-10-12"),
        decision("closed after the month", "2026-06-01", "2026-10-15", "2026-11-03"),
        decision("decided after the month", "2026-11-02"),
    ]
    found = commitments(frame("decisions", rows), SPAN)
    assert [(each.decision_id, each.is_overdue, each.closed_on) for each in found] == [
        ("late", True, None),
        ("closed after the month", True, None),
        ("closed in the month", False, date(2026, 10, 12)),
        ("open", False, None),
    ]


def exception(identifier: str, expires: str, **more: str | int | None) -> Row:
    known = {
        "exception_id": identifier,
        "policy": "scan",
        "tier": 3,
        "approver": "head",
        "granted_at": day("2026-01-01"),
    }
    given = {name: day(text) if isinstance(text, str) else text for name, text in more.items()}
    return known | {"expires_at": day(expires)} | given


def test_exceptions_are_counted_as_they_stood_at_the_months_end() -> None:
    rows = [
        exception("in force", "2026-12-31", reviewed_at="2026-05-01"),
        exception("overdue", "2026-08-31"),
        exception("overdue longer", "2026-05-31", tier=None),
        exception("closed", "2026-05-31", closed_at="2026-06-01"),
        exception("expired after the month", "2026-11-05"),
        exception("granted after the month", "2026-12-31", granted_at="2026-11-05"),
    ]
    counts, overdue = exceptions(frame("exceptions", rows), SPAN)
    assert [(each.tier, each.in_force, each.overdue, each.never_reviewed) for each in counts] == [
        ("3", 2, 1, 2),
        ("all", 0, 1, 1),
    ]
    assert [(each.exception_id, each.days_overdue) for each in overdue] == [("overdue longer", 154), ("overdue", 62)]
    assert exceptions_note(counts) == (
        "2 exceptions in force at the month's end; 2 past expiry and not closed; 3 of all 4 never reviewed."
    )


def test_no_exceptions_are_said_to_be_none() -> None:
    assert exceptions_note(()) == "No exception is recorded as open at the month's end."


@pytest.mark.parametrize(("tier", "owner"), [("3", "newest"), ("4", "head")])
def test_the_owner_is_who_answered_last(tier: str, owner: str) -> None:
    controls = [
        control("a", "2026-01-01", owner="older"),
        control("b", "2026-05-01", owner="newest"),
        control("c", "2026-11-05", owner="after the month"),
    ]
    decisions = frame("decisions", [decision("d", "2026-06-01")])
    assert owner_of(tier, frame("control_changes", controls), decisions, SPAN) == owner
    assert owner_of(tier, pl.DataFrame(), pl.DataFrame(), SPAN) == ""
