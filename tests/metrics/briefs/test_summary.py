"""The whole in a sentence or two."""

from datetime import date
from itertools import product

from metrics.briefs.document import Standing
from metrics.briefs.summary import GROUPS, MISLEADS, UNKNOWN, summary
from metrics.model import STATUSES


def standing(grain: str, status: str, claim: str) -> Standing:
    end = date(2026, 11, 1) if grain == "month" else date(2026, 10, 1)
    return Standing(grain, date(2026, 10, 1), end, status, claim, False, "", "")


def test_tiers_are_grouped_worst_first() -> None:
    sections = [
        ("4", [standing("trailing_year", "holds", "claimable")]),
        ("3", [standing("trailing_year", "violated", "not_claimable")]),
        ("2", [standing("trailing_year", "violated", "not_claimable")]),
        ("all", [standing("trailing_year", "violated", "not_claimable")]),
    ]
    assert summary(sections) == (
        "Over the four quarters to 2026-09-30: tiers 2 and 3 gained at a price beyond the margins; "
        f"tier 4 gained within every margin; {MISLEADS}.",
    )


def test_of_the_month_only_what_differs_is_said() -> None:
    both = [standing("trailing_year", "violated", "not_claimable"), standing("month", "violated", "not_claimable")]
    other = [standing("trailing_year", "holds", "claimable"), standing("month", "holds", "with_reservation")]
    assert summary([("3", both), ("4", other)])[1] == (
        "In the month likewise, but tier 4 gained within the margins, with reservation."
    )
    assert summary([("3", both)])[1] == "In the month likewise."


def test_a_mixture_that_no_longer_misleads_is_not_passed_over() -> None:
    mixed = [standing("trailing_year", "violated", "not_claimable"), standing("month", "holds", "claimable")]
    both = [standing("trailing_year", "holds", "claimable"), standing("month", "holds", "claimable")]
    assert summary([("3", both), ("all", mixed)])[1] == "In the month: tier 3 gained within every margin."


def test_a_tier_of_which_nothing_was_judged_is_named() -> None:
    sections = [("3", [standing("month", "violated", "none")]), ("4", [standing("month", "", "")])]
    assert summary(sections) == (
        "In the month: tier 3 did not gain and got worse beyond the margins; tier 4 cannot be judged.",
    )


def test_without_any_verdict_we_do_not_know() -> None:
    assert summary([("3", [standing("month", "", "")])]) == (UNKNOWN,)
    assert summary([]) == (UNKNOWN,)


def test_every_status_and_claim_that_can_meet_falls_into_one_group() -> None:
    possible = {("violated", "not_claimable"), ("at_risk", "not_claimable"), ("inconclusive", "not_claimable")}
    possible |= {("holds", "claimable"), *product(("at_risk", "holds", "not_triggered"), ("with_reservation",))}
    possible |= set(product(STATUSES, ("none",))) | {("", "")}
    for status, claim in possible:
        found = [words for words, belongs in GROUPS if belongs(standing("month", status, claim))]
        assert len(found) == 1, (status, claim, found)
