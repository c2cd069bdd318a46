"""Each constraint with an example that it must find, and ones on which it must stay silent."""

from dataclasses import dataclass
from typing import Any

import pytest

from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.judge import Judge
from metrics.model import Status
from metrics.verdicts import verdicts
from tests.support.contrasts import Row, contrasts, level, median, per_week, share

FASTER = median("pr_cycle_time", 24.0, 18.0)
MORE = per_week("throughput", 20.0, 30.0, "per_engineer_week")
COVERED = level("coverage_delta", 0.4, 0.1)
MORE_PASS = share("ai_gate_pass_rate", 0.70, 0.82)


@dataclass(frozen=True)
class Case:
    """What was measured, and the status that it must lead to."""

    constraint: str
    says: str
    rows: tuple[Row, ...]
    status: Status
    tier: str = "3"


CASES = (
    Case(
        "speed_vs_escape", "faster, and twice the rollbacks", (FASTER, share("rollback_rate", 0.04, 0.08)), "violated"
    ),
    Case("speed_vs_escape", "faster, and fewer rollbacks", (FASTER, share("rollback_rate", 0.06, 0.03)), "holds"),
    Case(
        "speed_vs_escape",
        "slower, and twice the rollbacks",
        (median("pr_cycle_time", 18.0, 24.0), share("rollback_rate", 0.04, 0.08)),
        "not_triggered",
    ),
    Case(
        "median_vs_tail",
        "the median falls, the tail doubles",
        (FASTER, median("pr_cycle_time", 100.0, 200.0, statistic="p95")),
        "violated",
    ),
    Case(
        "median_vs_tail",
        "the tail of lead time rises, but only cycle time improved",
        (
            FASTER,
            median("pr_cycle_time", 100.0, 90.0, statistic="p95"),
            median("lead_time", 50.0, 52.0),
            median("lead_time", 200.0, 400.0, statistic="p95"),
        ),
        "holds",
    ),
    Case(
        "mixture_vs_tiers",
        "the mixture is faster, tier 1 slower",
        (median("pr_cycle_time", 24.0, 18.0, tier="all"), median("pr_cycle_time", 10.0, 14.0, tier="1")),
        "violated",
        "all",
    ),
    Case(
        "mixture_vs_tiers",
        "the mixture and every tier are faster",
        (median("pr_cycle_time", 24.0, 18.0, tier="all"), median("pr_cycle_time", 14.0, 10.0, tier="1")),
        "holds",
        "all",
    ),
    Case("stability_regression", "more rollbacks, slower", (share("rollback_rate", 0.04, 0.08),), "violated"),
    Case("stability_regression", "fewer rollbacks", (share("rollback_rate", 0.06, 0.03),), "holds"),
    Case("volume_vs_incidents", "more, and more incidents", (MORE, per_week("incident_rate", 2.0, 6.0)), "violated"),
    Case(
        "volume_vs_incidents",
        "more, and fewer incidents and failures",
        (MORE, per_week("incident_rate", 6.0, 3.0), share("change_failure_rate", 0.12, 0.07)),
        "holds",
    ),
    Case(
        "volume_vs_incidents",
        "more people: no gain per engineer-week, whatever the incidents",
        (
            per_week("throughput", 20.0, 30.0),
            per_week("throughput", 20.0, 20.0, "per_engineer_week"),
            per_week("incident_rate", 2.0, 6.0),
        ),
        "not_triggered",
    ),
    Case(
        "throughput_vs_rework",
        "more, of which half as much again repairs",
        (MORE, share("rework_share", 0.10, 0.16)),
        "violated",
    ),
    Case("throughput_vs_rework", "more, with less rework", (MORE, share("rework_share", 0.16, 0.10)), "holds"),
    Case(
        "speed_vs_review",
        "picked up sooner, and twice as much unreviewed",
        (median("pickup_time", 6.0, 3.0), share("unreviewed_merge_share", 0.05, 0.10)),
        "violated",
    ),
    Case(
        "speed_vs_review",
        "faster, and fewer are accepted: from one in twelve turned down to one in six",
        (FASTER, share("acceptance_rate", 0.92, 0.84)),
        "violated",
    ),
    Case(
        "speed_vs_review",
        "faster, more accepted, all reviewed",
        (FASTER, share("acceptance_rate", 0.84, 0.92), share("unreviewed_merge_share", 0.10, 0.05)),
        "holds",
    ),
    Case(
        "coverage_vs_signal",
        "covers more, and flaky twice as often",
        (COVERED, share("flaky_test_rate", 0.03, 0.06)),
        "violated",
    ),
    Case("coverage_vs_signal", "covers more and tells more", (COVERED, share("flaky_test_rate", 0.06, 0.03)), "holds"),
    Case(
        "coverage_vs_signal",
        "flakier, but coverage did not grow",
        (level("coverage_delta", 0.05, 0.1), share("flaky_test_rate", 0.03, 0.06)),
        "not_triggered",
    ),
    Case(
        "gates_vs_stability",
        "more pass, and of these twice as many do not hold",
        (MORE_PASS, share("gate_passing_validated_share", 0.95, 0.90)),
        "violated",
    ),
    Case(
        "gates_vs_stability",
        "more pass and hold, but what was overridden holds better: the gates tell nothing",
        (
            MORE_PASS,
            share("gate_passing_validated_share", 0.90, 0.91),
            share("gate_overridden_validated_share", 0.97, 0.97, n=600),
        ),
        "violated",
    ),
    Case(
        "gates_vs_stability",
        "the same in tier 2, where gates are not asked to tell",
        (
            MORE_PASS | {"tier": "2"},
            share("gate_passing_validated_share", 0.90, 0.93, tier="2"),
            share("gate_overridden_validated_share", 0.97, 0.97, n=600, tier="2"),
        ),
        "holds",
        "2",
    ),
    Case(
        "gates_vs_stability",
        "more pass and hold; of overridden ones there are too few to compare",
        (
            MORE_PASS,
            share("gate_passing_validated_share", 0.90, 0.93),
            share("gate_overridden_validated_share", 1.0, 1.0, n=12),
        ),
        "holds",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.constraint}: {case.says}")
def test_a_constraint_finds_its_counterexample_and_is_silent_elsewhere(case: Case) -> None:
    judge = Judge(contrasts(*case.rows))
    found = {verdict.place.tier: verdict.status for verdict in judge.verdicts([all_constraints()[case.constraint]])}
    assert found == {case.tier: case.status}


def test_every_constraint_is_shown_to_fire_and_to_stay_silent() -> None:
    fires = {case.constraint for case in CASES if case.status == "violated"}
    silent = {case.constraint for case in CASES if case.status != "violated"}
    assert fires == silent == set(all_constraints())


def test_where_units_rose_the_bad_ones_are_judged_per_week_too() -> None:
    rows = (
        MORE_PASS,
        share("gate_passing_validated_share", 0.90, 0.93, n=4000, before_n=2000),
        per_week("gate_passing_validated_share", 15.4, 24.0, "rest_per_week"),
    )
    (verdict,) = Judge(contrasts(*rows)).verdicts([all_constraints()["gates_vs_stability"]])
    assert verdict.status == "violated"
    assert [guardrail.per_week for guardrail in verdict.guardrails if guardrail.is_violated] == [True]


def test_more_changes_by_nobody_knows_how_many_people_trigger_but_bear_no_claim() -> None:
    safe = (per_week("incident_rate", 6.0, 3.0), share("change_failure_rate", 0.12, 0.07))
    unknown = _verdict_on("volume_vs_incidents", per_week("throughput", 20.0, 30.0), *safe)
    assert (unknown["status"], unknown["claim"]) == ("holds", "not_claimable")
    assert "team_capacity" in unknown["reason"]
    known = _verdict_on("volume_vs_incidents", MORE, *safe)
    assert (known["status"], known["claim"]) == ("holds", "claimable")
    assert "per engineer-week rose from" in known["reason"]


def test_verdict_on_say_levels_and_what_stands_beside() -> None:
    covered = _verdict_on("coverage_vs_signal", COVERED, share("flaky_test_rate", 0.03, 0.06))
    assert "was 0.40 points (n = 2,000)" in covered["reason"]
    passing = (share("gate_passing_validated_share", 0.90, 0.91), share("gate_overridden_validated_share", 0.97, 0.97))
    beside = _verdict_on("gates_vs_stability", MORE_PASS, *passing)
    assert "91.0 % beside 97.0 %" in beside["reason"]


def _verdict_on(constraint: str, *rows: Row) -> dict[str, Any]:
    """The published row of the one verdict on these contrasts."""
    return verdicts(contrasts(*rows), [all_constraints()[constraint]], all_metrics()).frame.row(0, named=True)
