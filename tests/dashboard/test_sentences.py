"""The opening sentences, for every way in which a window can turn out."""

import json

import pytest

from dashboard.sentences import headline_of, mixed_sentence, story, tier_sentence
from dashboard.verdict_queries import Verdict


def verdict(tier: str, status: str, *, faster: bool = True, constraint: str = "speed_vs_escape") -> Verdict:
    """A verdict whose one guardrail is the rollback rate."""
    gain = {"metric": "pr_cycle_time", "statistic": "p50", "unit": "hours", "improved": faster}
    guardrail = {
        "metric": "rollback_rate",
        "statistic": "rate",
        "tier": "1" if tier == "all" else tier,
        "unit": "fraction",
        "judged": status != "inconclusive",
        "violated": status == "violated",
        "baseline_value": 0.03,
        "value": 0.06,
        "certainty_worse": 0.9,
    }
    evidence = json.dumps({"gains": [gain], "guardrails": [guardrail], "records": []})
    return Verdict(f"{tier}", constraint, "1", tier, False, None, None, status, "none", None, "", evidence)


@pytest.mark.parametrize(
    ("verdicts", "lead"),
    [
        (
            [verdict("4", "holds"), verdict("3", "violated"), verdict("2", "violated")],
            "Tiers 4, 3 and 2 got faster. Tiers 3 and 2 paid for it; tier 4 did not.",
        ),
        ([verdict("4", "violated")], "Tier 4 got faster. It paid for it."),
        (
            [verdict("4", "violated"), verdict("3", "violated")],
            "Tiers 4 and 3 got faster. All of them paid for it.",
        ),
        ([verdict("4", "holds"), verdict("3", "holds")], "Tiers 4 and 3 got faster. Nothing that guards it got worse."),
        ([verdict("4", "at_risk")], "Tier 4 got faster. Whether it was paid for is not certain."),
        (
            [verdict("4", "holds"), verdict("3", "inconclusive")],
            "Tiers 4 and 3 got faster. Tier 4 did not pay for it; whether tier 3 did is not certain.",
        ),
        (
            [verdict("4", "violated"), verdict("3", "holds"), verdict("2", "at_risk")],
            "Tiers 4, 3 and 2 got faster. Tier 4 paid for it; tier 3 did not; whether tier 2 did is not certain.",
        ),
        ([verdict("4", "not_triggered", faster=False)], "No tier is measurably faster than its baseline."),
        (
            [verdict("4", "violated", faster=False)],
            "No tier is measurably faster than its baseline. Tier 4 got worse without getting faster.",
        ),
        ([], "There is nothing to judge in this window."),
    ],
)
def test_the_opening_says_who_is_faster_and_who_paid(verdicts: list[Verdict], lead: str) -> None:
    assert headline_of(verdicts, ("4", "3", "2", "1"))[0] == lead


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (verdict("3", "violated"), "Faster than its baseline, but it got worse: rollback rate 3.00 → 6.00 %."),
        (verdict("3", "at_risk"), "Faster than its baseline, but at risk: rollback rate 3.00 → 6.00 %."),
        (verdict("3", "holds"), "Faster than its baseline, and every guardrail is within its margin."),
        (
            verdict("3", "inconclusive"),
            "Faster than its baseline, and there is too little data to say what it cost.",
        ),
        (verdict("3", "not_triggered", faster=False), "Not measurably faster than its baseline."),
        (verdict("3", "holds", faster=False), "Not measurably faster than its baseline, and nothing got worse."),
    ],
)
def test_a_tier_in_a_sentence(found: Verdict, words: str) -> None:
    assert tier_sentence(story("3", [found])) == words


def test_a_quicker_review_alone_is_no_speed() -> None:
    gain = {"metric": "pickup_time", "statistic": "p50", "unit": "hours", "improved": True}
    evidence = json.dumps({"gains": [gain], "guardrails": [], "records": []})
    found = Verdict("1", "speed_vs_review", "1", "1", False, None, None, "holds", "claimable", None, "", evidence)
    assert not story("1", [found]).is_faster


def test_the_worst_verdict_decides_a_tiers_story() -> None:
    told = story(
        "3", [verdict("3", "holds"), verdict("3", "violated", constraint="median_vs_tail"), verdict("4", "at_risk")]
    )
    assert told.status == "violated"
    assert told.verdict is not None
    assert told.verdict.constraint == "median_vs_tail"


def test_the_mixed_figure_is_told_apart() -> None:
    assert "no verdict on any tier" in mixed_sentence([verdict("all", "holds")])
    assert "improves while rollback rate worsens in tier 1" in mixed_sentence([verdict("all", "violated")])
