"""The checklist of a past decision: windows that were final then, and nothing that became known later."""

from datetime import date
from typing import Any

import pytest

from metrics.constraints import all_constraints
from metrics.failure_modes import all_failure_modes
from metrics.rollout.history import checklist_then, frames_then
from metrics.rollout.phases import all_phases
from tests.metrics.rollout.test_gates import ONBOARDED, TIER_3, frames
from tests.support.brief_frames import day

Q2: dict[str, Any] = {"window_start": date(2026, 4, 1), "window_end": date(2026, 7, 1)}


def stability(status: str, **window: Any) -> dict[str, Any]:  # noqa: ANN401
    """A final verdict on stability in tier 3."""
    row = {"constraint": "stability_regression", "status": status, "is_provisional": False}
    return TIER_3 | window | row | {"verdict_id": f"stability_regression:3:quarter:{window['window_start']}"}


def decision(on: str, tier: int | None = 3) -> dict[str, Any]:
    """A phase decision."""
    row = {"decision_id": "p1", "tier": tier, "from_phase": "pilot", "to_phase": "controlled_expansion"}
    return row | {"is_approved": True, "approvers": "Jo", "decided_at": day(on), "remediation": None}


def outcomes(on: str, tier: int | None = 3, **rows: Any) -> dict[tuple[str, str], str]:  # noqa: ANN401
    """The outcome of each criterion and tier on the day of a decision."""
    given = decision(on, tier)
    known = frames(repositories=[("r3", 3, True)], onboardings=[ONBOARDED], phase_decisions=[given], **rows)
    then = frames_then(known, given["decided_at"], all_constraints(), all_failure_modes())
    found = checklist_then(given, all_phases(), then)
    assert set(found["decision_id"]) == {"p1"}
    assert set(found["phase"]) == {"controlled_expansion"}
    return {(row["criterion"], row["tier"]): row["outcome"] for row in found.to_dicts()}


@pytest.mark.parametrize(
    ("on", "outcome"),
    [("2026-07-20", "no_evidence"), ("2026-08-01", "pass"), ("2026-10-30", "pass"), ("2026-11-01", "fail")],
)
def test_a_quarter_counts_once_its_follow_up_has_passed(on: str, outcome: str) -> None:
    verdicts = [
        stability("holds", **Q2),
        stability("violated", window_start=date(2026, 7, 1), window_end=date(2026, 10, 1)),
    ]
    assert outcomes(on, verdicts=verdicts)["stability_holds", "3"] == outcome


def test_a_decision_is_not_its_own_evidence_and_one_about_all_tiers_has_a_list_for_each() -> None:
    found = outcomes("2026-08-01", None)
    assert {tier for _, tier in found} == {"1", "2", "3", "4"}
    known = frames(phase_decisions=[decision("2026-08-01")])
    then = frames_then(known, day("2026-08-01"), all_constraints(), all_failure_modes())
    assert then.phase_decisions.is_empty()
