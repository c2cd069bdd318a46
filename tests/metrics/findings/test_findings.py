"""Findings: what is one, since when, how pressing, and that it is none once it is mended."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from metrics.findings.model import SCHEMA, Finding, finding_rows, severity_of
from metrics.findings.on_exceptions import exception_findings
from metrics.findings.on_records import quality_findings, silence_findings, source_findings
from metrics.findings.on_rollout import (
    TOLD_ELSEWHERE,
    failure_mode_findings,
    risk_staging_findings,
    stage_gate_findings,
)
from metrics.findings.on_verdicts import undecided_findings, verdict_findings
from metrics.rollout.state import states
from metrics.working_days import working_days_after
from schemas.finding_kinds import KINDS, SEVERITIES
from schemas.published.findings import Findings
from tests.metrics.rollout.test_gates import ONBOARDED, frames, granted
from tests.support.brief_frames import day, frame

BEYOND, WITHIN = (json.dumps({"power": [{"towards": towards, "more": 140}]}) for towards in ("violated", "holds"))
AS_OF = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)


def midnight(local: date) -> datetime:
    """The instant at which a day begins, in a workspace in UTC."""
    return datetime.combine(local, time())


def verdict(status: str, month: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A monthly verdict on tier 3."""
    row = {"constraint": "speed_vs_escape", "tier": "3", "grain": "month", "status": status, "is_provisional": False}
    row |= {"window_start": date(2026, month, 1), "window_end": date(2026, month + 1, 1), "reason": "Told by a test."}
    return row | {"verdict_id": f"speed_vs_escape:3:month:2026-{month:02}-01"} | more


def quarter(status: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """The verdict of the third quarter on tier 3."""
    row = verdict(status, 8) | {"grain": "quarter", "verdict_id": "speed_vs_escape:3:quarter:2026-07-01"}
    return row | {"window_start": date(2026, 7, 1), "window_end": date(2026, 10, 1)} | more


def test_a_verdict_is_a_finding_from_the_first_window_of_its_run() -> None:
    rows = [verdict("violated", 5), verdict("holds", 6), verdict("violated", 7), verdict("violated", 8)]
    (found,) = verdict_findings(frame("verdicts", rows), midnight)
    assert (found.finding_id, found.severity) == ("verdict/speed_vs_escape/3", "high")
    assert found.opened_at == day("2026-08-01", 0)
    assert found.subject == "speed_vs_escape:3:month:2026-08-01"
    mended = [*rows, verdict("holds", 9)]
    assert verdict_findings(frame("verdicts", mended), midnight) == []


def test_all_windows_of_a_constraint_and_tier_are_one_finding_told_by_the_longest() -> None:
    (found,) = verdict_findings(frame("verdicts", [verdict("violated", 8), quarter("violated")]), midnight)
    assert found.finding_id == "verdict/speed_vs_escape/3"
    assert found.subject == "speed_vs_escape:3:quarter:2026-07-01"
    assert "(2026Q3 and 2026-08)" in found.reason
    assert found.opened_at == day("2026-09-01", 0)
    mended_quarter = verdict_findings(frame("verdicts", [verdict("violated", 8), quarter("holds")]), midnight)
    assert [each.finding_id for each in mended_quarter] == ["verdict/speed_vs_escape/3"]


def test_a_running_window_is_told_milder_and_becomes_the_same_finding_when_it_is_final() -> None:
    rows = [verdict("holds", 8), verdict("violated", 9, is_provisional=True)]
    (found,) = verdict_findings(frame("verdicts", rows), midnight)
    assert (found.finding_id, found.severity) == ("verdict/speed_vs_escape/3", "medium")
    assert "(2026-09 so far)" in found.reason
    (final,) = verdict_findings(frame("verdicts", [verdict("holds", 8), verdict("violated", 9)]), midnight)
    assert (final.finding_id, final.severity) == (found.finding_id, "high")


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        ({"evidence": BEYOND}, True),
        ({"evidence": WITHIN}, False),
        ({"evidence": None}, False),
        ({"evidence": BEYOND, "is_provisional": True}, False),
        ({"evidence": BEYOND, "grain": "month"}, False),
    ],
)
def test_at_risk_is_a_finding_where_an_estimate_is_beyond_its_margin(row: dict[str, Any], is_told: bool) -> None:
    found = verdict_findings(frame("verdicts", [quarter("at_risk") | row]), midnight)
    assert [each.finding_id for each in found] == (["at_risk/3"] if is_told else [])


def test_what_is_at_risk_in_a_tier_is_one_finding_and_milder_than_a_violation() -> None:
    rows = [
        quarter("at_risk") | {"constraint": name, "evidence": BEYOND}
        for name in ("speed_vs_review", "stability_regression")
    ]
    (found,) = verdict_findings(frame("verdicts", [*rows, quarter("violated")]), midnight)[1:]
    assert (found.finding_id, found.severity) == ("at_risk/3", "low")
    assert "stability_regression (2026Q3) and speed_vs_review (2026Q3)" in found.reason
    assert "speed_vs_escape" not in found.reason


def decision(subject: str, on: str, kind: str = "verdict") -> dict[str, Any]:
    """A decision."""
    row = {"decision_id": "d", "subject_kind": kind, "subject_id": subject, "action": "hold", "owner": "Jo"}
    return row | {"decided_at": day(on)}


def undecided(as_of: str, *decisions: dict[str, Any]) -> list[Finding]:
    """Findings about one violation of August, whose follow-up of 30 days passed on 1 October, a Thursday."""
    rows = frame("verdicts", [verdict("violated", 8)])
    return undecided_findings(rows, frame("decisions", decisions), day(as_of, 0), midnight)


def test_a_violation_without_a_decision_after_five_working_days() -> None:
    assert undecided("2026-10-08") == []
    (found,) = undecided("2026-10-09")
    assert (found.finding_id, found.kind) == ("undecided/speed_vs_escape/3", "undecided_violation")
    assert found.opened_at == day("2026-10-09", 0)
    assert undecided("2026-10-20", decision("speed_vs_escape:3:month:2026-08-01", "2026-10-05")) == []
    assert undecided("2026-10-20", decision("speed_vs_escape:3:quarter:2026-07-01", "2026-10-05")) == []
    assert len(undecided("2026-10-20", decision("speed_vs_escape:3:month:2026-05-01", "2026-06-05"))) == 1
    assert len(undecided("2026-10-20", decision("speed_vs_escape:4:month:2026-08-01", "2026-10-05"))) == 1
    assert len(undecided("2026-10-20", decision("speed_vs_escape:3", "2026-10-05", "finding"))) == 1
    for subject in ("verdict/speed_vs_escape/3", "undecided/speed_vs_escape/3"):
        assert undecided("2026-10-20", decision(subject, "2026-10-05", "finding")) == []
        assert len(undecided("2026-10-20", decision(subject, "2026-06-05", "finding"))) == 1


def test_what_is_undecided_of_a_constraint_and_tier_is_one_finding() -> None:
    rows = frame("verdicts", [verdict("violated", 8), quarter("violated")])
    (found,) = undecided_findings(rows, frame("decisions", []), day("2026-11-20", 0), midnight)
    assert (found.finding_id, found.subject) == (
        "undecided/speed_vs_escape/3",
        "speed_vs_escape:3:quarter:2026-07-01",
    )
    assert found.opened_at == day("2026-10-09", 0)
    assert "(2026Q3 and 2026-08)" in found.reason
    assert "plumbline decide speed_vs_escape:3:quarter:2026-07-01" in found.reason


def test_working_days_leave_weekends_out() -> None:
    assert working_days_after(date(2026, 10, 1), 5) == date(2026, 10, 9)
    assert working_days_after(date(2026, 10, 2), 1) == date(2026, 10, 6)


def exception(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An exception in force, reviewed and in time."""
    row = {
        "exception_id": "e1",
        "policy": "security_scan",
        "tier": 3,
        "approver": "Jo",
        "granted_at": day("2026-08-01"),
    }
    return row | {"expires_at": day("2026-12-01"), "reviewed_at": day("2026-08-15")} | more


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, None),
        ({"expires_at": day("2026-10-01")}, "expired on 2026-10-01"),
        ({"expires_at": day("2026-10-01"), "closed_at": day("2026-10-02")}, None),
        ({"reviewed_at": None}, "never reviewed since 2026-08-01"),
        ({"reviewed_at": None, "granted_at": day("2026-10-20")}, None),
        ({"reviewed_at": None, "expires_at": day("2026-10-01")}, "expired on 2026-10-01 and was never reviewed"),
    ],
)
def test_exceptions_past_their_end_or_unreviewed(given: dict[str, Any], says: str | None) -> None:
    found = exception_findings(frame("exceptions", [exception(**given)]), {}, AS_OF)
    assert [each.finding_id for each in found] == (["exception/e1"] if says else [])
    assert says is None or says in found[0].reason


def test_exceptions_that_multiply_are_a_finding_of_their_tier() -> None:
    rows = [exception(exception_id=f"e{i}") for i in range(6)]
    drift = [each for each in exception_findings(frame("exceptions", rows), {}, AS_OF) if "drift" in each.finding_id]
    assert [each.finding_id for each in drift] == ["exception_drift/3"]
    old = [row | {"granted_at": day("2026-01-01")} for row in rows[:4]]
    assert exception_findings(frame("exceptions", [*old, *rows[4:]]), {}, AS_OF) == []
    of_repository = [row | {"tier": None, "repo_id": "r"} for row in rows]
    found = exception_findings(frame("exceptions", of_repository), {"r": "2"}, AS_OF)
    assert [each.finding_id for each in found] == ["exception_drift/2"]


def test_failure_modes_gates_and_staging() -> None:
    modes = [{"failure_mode": "performative_review", "tier": "4", "status": status} for status in ("present", "watch")]
    (mode,) = failure_mode_findings(frame("failure_modes", [row | {"controls": "gates: x"} for row in modes]), AS_OF)
    assert (mode.finding_id, mode.severity) == ("failure_mode/performative_review/4", "high")
    known = frames(repositories=[("r3", 3, True)], onboardings=[ONBOARDED], phase_decisions=[granted(3, "2026-06-01")])
    state = states(known, AS_OF)
    gate = {"category": "scope", "criterion": "c", "tier": "3", "outcome": "fail", "evidence": "nothing"}
    rows = [gate | {"phase": phase, "stage_gate_id": f"{phase}/c/3"} for phase in ("pilot", "org_wide")]
    found = stage_gate_findings(frame("stage_gates", rows), state, AS_OF)
    assert [each.subject for each in found] == ["pilot/c/3"]
    twice = [gate | {"phase": "pilot", "criterion": name, "stage_gate_id": name} for name in sorted(TOLD_ELSEWHERE)]
    assert stage_gate_findings(frame("stage_gates", twice), state, AS_OF) == []
    assert risk_staging_findings(state) == []


def test_silence_is_a_finding_where_records_were_to_be_expected() -> None:
    schema = {"kind": pl.String, "service": pl.String, "tier": pl.String, "before": pl.Int64, "recent": pl.Int64}
    rows = [("deployments", "a", "3", 65, 0), ("deployments", "b", "3", 64, 0), ("deployments", "c", "3", 650, 1)]
    activity = pl.DataFrame(rows, schema=schema, orient="row").with_columns(last_at=pl.lit(day("2026-09-30")))
    nobody = pl.DataFrame(
        [("wiki", "1", day("2025-01-01"), "incidents")],
        schema={"service": pl.String, "tier": pl.String, "since": pl.Datetime("us"), "kinds": pl.String},
        orient="row",
    )
    found = silence_findings(activity, nobody)
    assert [each.finding_id for each in found] == ["silence/deployments/a", "unwatched/wiki"]


def test_sources_that_go_stale_and_rows_that_explain_nothing() -> None:
    row = {"source": "hub", "stream": "pulls", "rows": 1, "state": "complete", "last_fetched_at": AS_OF}
    stale = row | {"stream": "deployments", "last_fetched_at": AS_OF - timedelta(days=3)}
    found = source_findings(frame("source_status", [row, stale, stale | {"source": "files"}]), ["hub"], AS_OF)
    assert [each.finding_id for each in found] == ["stale_source/hub/deployments"]
    kinds = [("reverts", "3", 20, 15), ("hotfixes", "3", 20, 5), ("incidents", "3", 4, 4)]
    names = {"kind": pl.String, "tier": pl.String, "total": pl.Int64, "without": pl.Int64}
    broken = {"table": "changes", "key": "a", "column": "state", "reason": "is no state", "source": "f"}
    quarantine = frame("quarantine", [broken | {"fetched_at": AS_OF}])
    found = quality_findings(quarantine, pl.DataFrame(kinds, schema=names, orient="row"), AS_OF)
    assert [each.finding_id for each in found] == ["quarantine/changes", "unexplained/reverts/3"]


def test_findings_are_rows_of_the_published_table() -> None:
    found = verdict_findings(frame("verdicts", [verdict("violated", 8)]), midnight)
    table = finding_rows(found)
    assert table.columns == [column.name for column in Findings.table_columns()]
    assert table.schema == pl.Schema(SCHEMA)
    assert set(table["kind"]) <= set(KINDS)
    assert finding_rows([]).height == 0


def test_the_more_critical_the_tier_the_more_pressing() -> None:
    ranks = [SEVERITIES.index(severity_of(tier)) for tier in ("1", "2", "3", "4")]
    assert ranks == sorted(ranks)
    assert severity_of("1", "medium") == "low"
