"""A tier's standing in one sentence, from the evidence of its verdicts."""

from datetime import date

from metrics.briefs.document import Standing
from metrics.briefs.standings import standings
from tests.support.brief_frames import MONTH, MONTH_END, Row, frame, gain, guardrail, verdict

FASTER = gain("pr_cycle_time", "p50", 24.0, 18.0)
SHARES = {"unit": "fraction"}


def month_of(*rows: Row) -> Standing:
    return standings(frame("verdicts", rows), rows[0]["tier"] if rows else "3", MONTH, MONTH_END)[0]


def test_a_violation_says_what_was_gained_and_what_it_cost() -> None:
    price = guardrail("rollback_rate", "rate", 0.05, 0.12, violated=True, certainty_worse=0.99, **SHARES)
    held = guardrail("escaped_defects", "rate", 6.0, 9.0, unit="per 100 merged changes", certainty_worse=0.9)
    found = month_of(verdict("speed_vs_escape", "violated", "not_claimable", gains=[FASTER], guardrails=[held, price]))
    assert found.sentence == (
        "The median of cycle time of changes fell from 24.0 h to 18.0 h, "
        "but the rollback rate rose from 5.00 % to 12.0 %, beyond its margin."
    )
    assert found.claim_sentence == "Not claimable, because of speed against escapes."


def test_a_constraint_with_a_gain_speaks_before_stability_by_itself() -> None:
    price = guardrail("rollback_rate", "rate", 0.05, 0.12, violated=True, certainty_worse=0.99, **SHARES)
    found = month_of(
        verdict("stability_regression", "violated", "not_claimable", guardrails=[price]),
        verdict("median_vs_tail", "violated", "not_claimable", gains=[FASTER], guardrails=[price]),
    )
    assert found.sentence.startswith("The median of cycle time of changes fell")
    assert found.claim_sentence == "Not claimable, because of median against tail and stability regression."


def test_risk_prints_its_chance() -> None:
    risky = guardrail("rollback_rate", "rate", 0.05, 0.06, certainty_worse=0.34, **SHARES)
    found = month_of(
        verdict("speed_vs_escape", "at_risk", "with_reservation", gains=[FASTER], guardrails=[risky]),
    )
    assert found.sentence.endswith("the chance that this is worse than its margin allows is 34 %.")
    assert found.claim_sentence == (
        "Claimable with reservation: the chance that a margin is exceeded is 34 %; "
        "a month is too short for a claim without one."
    )


def test_what_holds_prints_its_certainty() -> None:
    rails = [
        guardrail("rollback_rate", "rate", 0.05, 0.04, certainty_worse=chance, **SHARES) for chance in (0.02, 0.15)
    ]
    found = month_of(verdict("speed_vs_escape", "holds", "with_reservation", gains=[FASTER], guardrails=rails))
    assert found.sentence.endswith("; every guardrail is within its margin, at a certainty of 85 %.")


def test_stability_that_holds_without_a_gain_claims_nothing() -> None:
    rail = guardrail("rollback_rate", "rate", 0.05, 0.04, certainty_worse=0.1, **SHARES)
    found = month_of(
        verdict("speed_vs_escape", "not_triggered", "none", gains=[FASTER | {"improved": False}]),
        verdict("stability_regression", "holds", "none", guardrails=[rail]),
    )
    assert found.status == "not_triggered"
    assert found.sentence == "No gain beyond chance; stability is within its margins, at a certainty of 90 %."
    assert found.claim_sentence == "No gain to claim."


def test_too_little_data_says_that_we_do_not_know_and_what_is_missing() -> None:
    short = gain("pr_cycle_time", "p50", 24.0, 18.0, shortfall="7 units in the window; 13 more are needed to judge it")
    found = month_of(verdict("speed_vs_escape", "inconclusive", "none", gains=[short | {"improved": False}]))
    assert found.sentence == (
        "We do not know: median of cycle time of changes has 7 units in the window; 13 more are needed to judge it."
    )


def test_without_verdicts_we_do_not_know() -> None:
    found = standings(frame("verdicts", []), "3", MONTH, MONTH_END)
    assert [(each.grain, each.status) for each in found] == [("month", "")]
    assert found[0].sentence.startswith("We do not know")


def test_the_mixture_names_the_tier_that_got_worse() -> None:
    mixed = gain("pr_cycle_time", "p50", 20.0, 8.0)
    worse = guardrail("pr_cycle_time", "p50", 2.0, 3.0, tier="1", violated=True, certainty_worse=0.999)
    row = verdict("mixture_vs_tiers", "violated", "not_claimable", tier="all", gains=[mixed], guardrails=[worse])
    assert month_of(row).sentence == (
        "The mixed median of cycle time of changes fell from 20.0 h to 8.00 h, "
        "but in tier 1 the median of cycle time of changes rose from 2.00 h to 3.00 h, beyond its margin."
    )


def test_the_newest_longer_windows_that_were_over_with_the_month_stand_beside_it() -> None:
    rows = [
        verdict("speed_vs_escape", "not_triggered", "none", grain="quarter", window_start=start, gains=[])
        for start in (date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1))
    ]
    found = standings(frame("verdicts", rows), "3", MONTH, MONTH_END)
    assert [(each.grain, each.window_start) for each in found] == [("month", MONTH), ("quarter", date(2026, 7, 1))]
