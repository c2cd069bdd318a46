"""Stage gates: facts decide, attestations stand in, and no evidence is no pass; and the order of risk."""

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from metrics.rollout.gates import stage_gate_rows
from metrics.rollout.model import CATEGORIES, PHASES
from metrics.rollout.phases import all_phases
from metrics.rollout.staging import with_staging
from metrics.rollout.state import RolloutFrames, states
from schemas.published.stage_gates import StageGates
from tests.support.brief_frames import day, frame

AS_OF = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)
QUARTER: dict[str, Any] = {"grain": "quarter", "window_start": date(2026, 7, 1), "window_end": date(2026, 10, 1)}
TIER_3: dict[str, Any] = {"tier": "3", "segment_kind": "all", "segment": "all"} | QUARTER
ONBOARDED: dict[str, Any] = {
    "repo_id": "r3",
    "onboarded_at": day("2026-02-02"),
    "phase": "pilot",
    "context_package_complete": True,
    "context_package_updated_at": day("2026-09-01"),
}


def frames(**rows: Any) -> RolloutFrames:  # noqa: ANN401
    """Frames of a rollout from rows; what is not named is empty."""
    given: dict[str, Any] = {}
    for each in fields(RolloutFrames):
        if each.name == "local_day":
            continue
        if each.name == "repositories":
            schema = {"repo_id": pl.String, "tier": pl.Int64, "is_active": pl.Boolean}
            given[each.name] = pl.DataFrame(rows.get(each.name, []), schema=schema, orient="row")
        else:
            given[each.name] = frame(each.name, rows.get(each.name, []))
    return RolloutFrames(**given)


def outcome(criterion: str, phase: str = "pilot", tier: str = "3", **rows: Any) -> dict[str, Any]:  # noqa: ANN401
    """The published row of one criterion."""
    known = frames(**{"repositories": [("r3", 3, True)]} | rows)
    found = stage_gate_rows(all_phases(), with_staging(states(known, AS_OF), known), known.attestations)
    return found.row(by_predicate=pl.col("stage_gate_id") == f"{phase}/{criterion}/{tier}", named=True)


def attested(criterion: str, result: str, phase: str = "pilot", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An attestation."""
    row = {"attestation_id": f"a-{result}", "phase": phase, "criterion": criterion, "outcome": result}
    return row | {"attested_by": "Jo", "attested_at": day("2026-01-10")} | more


def test_every_phase_asks_all_six_categories_in_tier_3_and_4() -> None:
    assert tuple(all_phases()) == PHASES
    for phase in all_phases().values():
        for tier in ("3", "4"):
            assert {each.category for each in phase.criteria if tier in each.tiers} == set(CATEGORIES), phase.id
        ids = [each.id for each in phase.criteria]
        assert len(set(ids)) == len(ids)


def test_without_anything_nothing_passes() -> None:
    known = frames()
    found = stage_gate_rows(all_phases(), states(known, AS_OF), known.attestations)
    assert "pass" not in set(found["outcome"])
    assert found.columns == [column.name for column in StageGates.table_columns()]
    assert found["stage_gate_id"].n_unique() == found.height
    silent = found.filter(pl.col("outcome") == "no_evidence")
    assert silent["note"].str.contains("No evidence").all()


def test_an_attestation_stands_in_where_facts_are_silent_and_the_newest_counts() -> None:
    assert outcome("scope_named")["outcome"] == "no_evidence"
    assert outcome("scope_named", attestations=[attested("scope_named", "pass")])["outcome"] == "pass"
    later = attested("scope_named", "fail", attested_at=day("2026-02-10"), note="two teams missing")
    row = outcome("scope_named", attestations=[later, attested("scope_named", "pass")])
    assert row["outcome"] == "fail"
    assert "two teams missing" in row["evidence"]


def test_facts_decide_whatever_was_attested() -> None:
    row = outcome("baseline_recorded", attestations=[attested("baseline_recorded", "pass")])
    assert row["outcome"] == "fail"
    assert "The facts decide; Jo attested pass" in row["note"]


@pytest.mark.parametrize("tier", ["3", "4"])
def test_high_tiers_are_not_eligible_without_a_complete_current_context_package(tier: str) -> None:
    repositories = [("r3", int(tier), True)]
    good = outcome("context_packages_complete", tier=tier, repositories=repositories, onboardings=[ONBOARDED])
    assert good["outcome"] == "pass"
    for broken in (
        {"context_package_complete": False},
        {"context_package_updated_at": day("2026-02-02")},
        {"context_package_updated_at": None},
    ):
        for phase in PHASES:
            row = outcome(
                "context_packages_complete", phase, tier, repositories=repositories, onboardings=[ONBOARDED | broken]
            )
            assert row["outcome"] == "fail", (phase, broken)


def test_stability_and_claims_are_read_off_the_newest_final_verdicts() -> None:
    verdict = {"constraint": "stability_regression", "is_provisional": False, "claim": "none"} | TIER_3
    old = verdict | {"status": "violated", "window_start": date(2026, 4, 1)}
    assert outcome("stability_holds", "controlled_expansion", verdicts=[old | {"status": "holds"}])["outcome"] == "pass"
    newest = [old, verdict | {"status": "at_risk"}]
    assert outcome("stability_holds", "controlled_expansion", verdicts=newest)["outcome"] == "pass"
    bad = [old | {"status": "holds"}, verdict | {"status": "violated"}]
    assert outcome("stability_holds", "controlled_expansion", verdicts=bad)["outcome"] == "fail"
    running = [verdict | {"status": "violated", "is_provisional": True}]
    assert outcome("stability_holds", "controlled_expansion", verdicts=running)["outcome"] == "no_evidence"
    claimed = [verdict | {"status": "holds", "claim": "with_reservation"}]
    assert outcome("gain_claimable", "governance_enforcement", verdicts=claimed)["outcome"] == "pass"
    denied = [verdict | {"status": "holds", "claim": "not_claimable"}]
    assert outcome("gain_claimable", "governance_enforcement", verdicts=denied)["outcome"] == "fail"


def test_rising_exception_drift_blocks_the_next_phase() -> None:
    mode = {"failure_mode": "exception_drift", "tier": "3", "signals": "[]", "controls": ""}
    for status, expected in (("present", "fail"), ("watch", "pass"), ("clear", "pass"), ("no_data", "no_evidence")):
        row = outcome("no_exception_drift", "controlled_expansion", failure_modes=[mode | {"status": status}])
        assert row["outcome"] == expected


def test_overrides_and_adoption_are_measured_against_the_limit() -> None:
    rate = {"metric": "gate_override_rate", "statistic": "rate", "is_provisional": False} | TIER_3
    for value, expected in ((0.04, "pass"), (0.06, "fail")):
        row = outcome("gates_enforced", "governance_enforcement", metric_values=[rate | {"value": value}])
        assert row["outcome"] == expected
    repositories = [("r3", 3, True), ("r4", 3, True), ("r5", 3, False)]
    row = outcome("half_onboarded", "governance_enforcement", repositories=repositories, onboardings=[ONBOARDED])
    assert (row["outcome"], row["evidence"]) == ("pass", "50 % of active repositories are onboarded, 50 % are asked")
    row = outcome("nearly_all_onboarded", "org_wide", repositories=repositories, onboardings=[ONBOARDED])
    assert row["outcome"] == "fail"


def granted(tier: int, on: str) -> dict[str, Any]:
    """A phase that was granted."""
    row = {"decision_id": f"p{tier}", "tier": tier, "from_phase": "pilot", "to_phase": "controlled_expansion"}
    return row | {"is_approved": True, "approvers": "Jo", "decided_at": day(on)}


def test_the_order_of_risk() -> None:
    frozen = {"tier": "3", "baseline_start": date(2025, 7, 1), "baseline_end": date(2025, 10, 1), "set_by": "Jo"}
    frozen |= {"frozen_at": day("2025-10-02")}
    tightened = {
        "control_change_id": "c",
        "layer": "gates",
        "tier": 3,
        "effective_at": day("2026-01-05"),
        "summary": "g",
    }
    kept: dict[str, Any] = {
        "repositories": [("r2", 2, True), ("r3", 3, True)],
        "onboardings": [ONBOARDED, ONBOARDED | {"repo_id": "r2", "onboarded_at": day("2025-11-03")}],
        "phase_decisions": [granted(2, "2026-01-12"), granted(3, "2026-06-01")],
        "baselines": [frozen],
        "control_changes": [tightened],
    }
    assert outcome("staging_kept", "controlled_expansion", **kept)["outcome"] == "pass"
    early = kept | {"phase_decisions": [granted(2, "2026-03-12")]}
    row = outcome("staging_kept", "controlled_expansion", **early)
    assert row["outcome"] == "fail"
    assert "before tier 2 was done on 2026-03-12" in row["evidence"]
    moving = kept | {"baselines": [frozen | {"frozen_at": None}]}
    assert "without a frozen baseline" in outcome("staging_kept", "controlled_expansion", **moving)["evidence"]
    volume = {"metric": "throughput", "statistic": "count", "segment_kind": "ai_use", "segment": "assisted"}
    values = [TIER_3 | volume | {"value": 90.0, "is_provisional": False}]
    loose = kept | {"control_changes": [], "metric_values": values}
    assert "before any gate was tightened" in outcome("staging_kept", "controlled_expansion", **loose)["evidence"]
    assert outcome("staging_kept", "controlled_expansion", **(kept | {"metric_values": values}))["outcome"] == "pass"
