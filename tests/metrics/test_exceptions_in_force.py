"""Exceptions stand beside the verdicts of their tier and window."""

from datetime import UTC, date, datetime, time
from typing import Any

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.exceptions_in_force import ExceptionsInForce
from metrics.verdicts import verdicts
from tests.support.brief_frames import day, frame
from tests.support.contrasts import contrasts, median, share


def exception(number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An exception of tier 3, in force from May 2026 on."""
    row = {"exception_id": f"e{number}", "policy": "security_scan", "tier": 3, "approver": "Jo"}
    return row | {"granted_at": day("2026-05-01"), "expires_at": day("2026-12-01")} | more


def in_force(*rows: dict[str, Any]) -> ExceptionsInForce:
    """The register, asked in UTC."""
    return ExceptionsInForce.of(frame("exceptions", rows), {"r": "3"}, lambda local: datetime.combine(local, time()))


QUARTER = (date(2026, 4, 1), date(2026, 7, 1))


def test_of_the_tier_or_its_repositories_and_of_the_window_alone() -> None:
    rows = [
        exception(1),
        exception(2, tier=None, repo_id="r", policy="two_reviewers"),
        exception(3, tier=4),
        exception(4, granted_at=day("2026-07-02")),
        exception(5, granted_at=day("2026-01-02"), closed_at=day("2026-03-02")),
        exception(6, tier=None, repo_id="elsewhere"),
    ]
    found = in_force(*rows)
    assert [row["exception_id"] for row in found.within("3", *QUARTER)] == ["e1", "e2"]
    assert [row["exception_id"] for row in found.within("all", *QUARTER)] == ["e1", "e2", "e3", "e6"]
    assert found.sentence("3", *QUARTER) == "In force meanwhile: 2 exceptions (security_scan 1 and two_reviewers 1)."
    assert found.sentence("1", *QUARTER) == ""


def test_they_stand_beside_the_verdict_and_do_not_hide_it() -> None:
    rows = contrasts(median("pr_cycle_time", 24.0, 18.0), share("rollback_rate", 0.04, 0.08))
    constraints = [all_constraints()["speed_vs_escape"]]
    plain = verdicts(rows, constraints, all_metrics()).frame.row(0, named=True)
    beside = verdicts(rows, constraints, all_metrics(), exceptions=in_force(exception(1))).frame.row(0, named=True)
    assert (plain["status"], plain["claim"]) == (beside["status"], beside["claim"]) == ("violated", "not_claimable")
    assert beside["reason"] == f"{plain['reason']} In force meanwhile: 1 exception (security_scan 1)."
    assert '"exceptions": ["e1"]' in beside["evidence"]


def test_today_decides_at_which_level_a_running_window_is_judged() -> None:
    worse = share("rollback_rate", 0.04, 0.075, is_provisional=True)
    rows = contrasts(median("pr_cycle_time", 24.0, 18.0, is_provisional=True), worse)
    constraints = [all_constraints()["speed_vs_escape"]]
    found = {
        today: verdicts(rows, constraints, all_metrics(), today=today).frame["status"][0]
        for today in (date(2026, 4, 20), datetime(2026, 6, 30, tzinfo=UTC).date())
    }
    assert found == {date(2026, 4, 20): "at_risk", date(2026, 6, 30): "violated"}
