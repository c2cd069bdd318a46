"""The three next steps, and the violations that nobody has decided on."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from metrics.briefs.document import Constriction, OverdueException
from metrics.briefs.next_steps import after_working_days, next_steps, undecided, undecided_verdicts
from tests.support.brief_frames import MONTH, MONTH_END, Row, day, frame, verdict

LATE = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 2), 5, date(2026, 11, 9)),  # Monday to Monday
        (date(2026, 11, 1), 5, date(2026, 11, 6)),  # from a Sunday
        (date(2026, 10, 30), 1, date(2026, 11, 2)),  # over a weekend
        (date(2026, 10, 30), 0, date(2026, 10, 30)),
    ],
)
def test_working_days_leave_weekends_out(start: date, count: int, end: date) -> None:
    assert after_working_days(start, count) == end


def violation(constraint: str = "speed_vs_escape", **more: Any) -> Row:  # noqa: ANN401
    return verdict(constraint, "violated", "not_claimable", **more)


def test_a_final_violation_without_a_decision_is_open_after_five_working_days() -> None:
    rows = frame("verdicts", [violation()])
    assert undecided(rows, pl.DataFrame(), MONTH, MONTH_END, date(2026, 11, 5)) == []
    assert [row["tier"] for row in undecided(rows, pl.DataFrame(), MONTH, MONTH_END, date(2026, 11, 6))] == ["3"]


def test_a_decision_a_better_status_or_a_provisional_mark_leaves_nothing_open() -> None:
    settled = violation()
    decisions = frame(
        "decisions",
        [
            {
                "decision_id": "d",
                "subject_kind": "verdict",
                "subject_id": settled["verdict_id"],
                "decided_at": day("2026-11-03"),
            }
        ],
    )
    others = [violation("median_vs_tail", is_provisional=True), verdict("stability_regression", "at_risk", "none")]
    assert undecided(frame("verdicts", [settled, *others]), decisions, MONTH, MONTH_END, LATE) == []


def test_a_decision_about_another_window_or_the_finding_counts_if_it_came_after_the_window() -> None:
    rows = frame("verdicts", [violation()])

    def is_open(kind: str, subject: str, on: str) -> bool:
        row = {"decision_id": "d", "subject_kind": kind, "subject_id": subject, "decided_at": day(on)}
        return bool(undecided(rows, frame("decisions", [row]), MONTH, MONTH_END, LATE))

    assert not is_open("verdict", "speed_vs_escape:3:quarter:2026-07-01", "2026-11-03")
    assert not is_open("finding", "verdict/speed_vs_escape/3", "2026-11-03")
    assert is_open("finding", "verdict/speed_vs_escape/3", "2026-10-03")
    assert is_open("finding", "verdict/speed_vs_escape/4", "2026-11-03")
    assert is_open("gate", "org_wide/3", "2026-11-03")


def test_only_the_newest_window_of_each_length_counts_and_criticality_comes_first() -> None:
    year = {"grain": "trailing_year"}
    rows = [
        violation(tier="2"),
        violation(tier="4", window_start=date(2026, 9, 1)),
        violation(tier="3", window_start=date(2025, 10, 1), **year),
        violation(tier="3", window_start=date(2025, 7, 1), **year),
        violation(tier="3"),
        violation("mixture_vs_tiers", tier="all"),
    ]
    found = undecided(frame("verdicts", rows), pl.DataFrame(), MONTH, MONTH_END, LATE)
    assert [(row["tier"], row["grain"], row["window_start"]) for row in found] == [
        ("3", "trailing_year", date(2025, 10, 1)),
        ("3", "month", MONTH),
        ("2", "month", MONTH),
        ("all", "month", MONTH),
    ]
    told = undecided_verdicts(found)
    assert told[0].text == "Tier 3, speed against escapes: violated, and undecided since 2026-10-01."
    assert len(told[0].verdict_ids) == 2


CONSTRICTIONS = [
    Constriction("4", "review", 0.6, "", "Smaller changes."),
    Constriction("3", "waiting for deployment", 0.3, "", "Automate the release."),
]
OVERDUE = [OverdueException("e1", "scan", "tier 3", "head of security", date(2026, 9, 30), 32)]


def test_at_most_three_steps_decision_remedy_exception() -> None:
    found = next_steps([violation()], CONSTRICTIONS, {"4": "holds", "3": "violated"}, OVERDUE, {"3": "lead"})
    assert [step.owner for step in found] == ["lead", "lead", "head of security"]
    assert found[0].text == "Decide what is done about speed against escapes in tier 3."
    assert found[0].command.startswith("plumbline decide speed_vs_escape:3:month:2026-10-01 ")
    assert found[1].text == "Tier 3: automate the release."
    assert found[1].reason == "Waiting for deployment holds 30 % of the lead time in tier 3."
    assert found[2].text == "Close or renew 1 exception past expiry, the oldest first: e1 (scan, tier 3)."


def test_what_is_missing_makes_room_for_further_remedies() -> None:
    found = next_steps([], CONSTRICTIONS, {}, [], {})
    assert [step.text for step in found] == ["Tier 4: smaller changes.", "Tier 3: automate the release."]
    assert next_steps([], [], {}, [], {}) == ()


def test_tiers_that_need_the_same_share_a_step() -> None:
    alike = [Constriction(tier, "review", share, "", "Smaller changes.") for tier, share in (("2", 0.4), ("1", 0.6))]
    [step] = next_steps([], alike, {}, [], {"1": "ann", "2": "ann"})
    assert step.text == "Tiers 1 and 2: smaller changes."
    assert step.reason == "Review holds 60 % of the lead time in tier 1 and 40 % of the lead time in tier 2."
    assert step.owner == "ann"
