"""Sentences that open a page, written by rules from the verdicts: where we are faster, and whether it was paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.naming import capital, evidence_in_sentence, evidence_movement
from dashboard.queries import MIXED
from dashboard.verdict_queries import Verdict
from metrics.model import STATUSES
from metrics.words import joined

SPEED_METRICS = ("pr_cycle_time", "lead_time")
"""Gains in these are what "faster" means; a quicker review within a slower change is no speed."""


@dataclass(frozen=True)
class TierStory:
    """What the verdicts of one tier and window come to."""

    tier: str
    is_faster: bool
    claim: str
    status: str
    """The worst status of what was triggered; `not_triggered` where nothing was."""
    verdict: Verdict | None
    """The verdict with that status."""


def story(tier: str, verdicts: Sequence[Verdict]) -> TierStory:
    """Reads the verdicts of one tier."""
    own = [verdict for verdict in verdicts if verdict.tier == tier]
    is_faster = any(gain.get("metric") in SPEED_METRICS for verdict in own for gain in verdict.improved)
    worst = min(own, key=lambda verdict: _rank(verdict.status), default=None)
    claim = own[0].claim if own else "none"
    return TierStory(tier, is_faster, claim, worst.status if worst else "not_triggered", worst)


def _rank(status: str) -> int:
    return [str(each) for each in STATUSES].index(status)


def headline(stories: Sequence[TierStory]) -> str:
    """One or two sentences over all tiers: who is faster, and who paid."""
    faster = [each for each in stories if each.is_faster]
    if not stories:
        return "There is nothing to judge in this window."
    first = f"{_tiers(faster)} got faster." if faster else "No tier is measurably faster than its baseline."
    paid = [each for each in faster if each.status == "violated"]
    doubtful = [each for each in faster if each.status in ("at_risk", "inconclusive")]
    clean = [each for each in faster if each.status in ("holds", "not_triggered")]
    clauses = []
    if paid:
        clauses.append("all of them paid for it" if len(paid) == len(faster) > 1 else f"{_tiers(paid)} paid for it")
    if clean:
        clauses.append(f"{_tiers(clean)} did not" if clauses else "nothing that guards it got worse")
    if doubtful:
        clauses.append(
            f"whether {_tiers(doubtful)} did is not certain" if clauses else "whether it was paid for is not certain"
        )
    if len(paid) == len(faster) == 1:
        clauses = ["it paid for it"]
    if clean and doubtful and not paid:
        clauses = [f"{_tiers(clean)} did not pay for it", f"whether {_tiers(doubtful)} did is not certain"]
    second = f" {capital('; '.join(clauses))}." if clauses else ""
    worse = [each for each in stories if not each.is_faster and each.status == "violated"]
    third = f" {capital(_tiers(worse))} got worse without getting faster." if worse else ""
    return first + second + third


def tier_sentence(told: TierStory) -> str:
    """One tier in a sentence, with the figure that decides it."""
    start = "Faster than its baseline" if told.is_faster else "Not measurably faster than its baseline"
    guardrail = told.verdict.worst_guardrail if told.verdict else None
    if guardrail is None or told.status in ("holds", "not_triggered", "inconclusive"):
        end = {
            "holds": "and every guardrail is within its margin" if told.is_faster else "and nothing got worse",
            "inconclusive": "and there is too little data to say what it cost",
        }.get(told.status, "")
        return f"{start}{f', {end}' if end else ''}."
    moved = evidence_movement(guardrail)
    joint = "but" if told.is_faster else "and"
    return f"{start}, {joint} {'it got worse' if told.status == 'violated' else 'at risk'}: {moved}."


def mixed_sentence(verdicts: Sequence[Verdict]) -> str:
    """What the figure over all tiers hides, if anything."""
    found = [verdict for verdict in verdicts if verdict.tier == MIXED]
    worse = [g for verdict in found for g in verdict.evidence["guardrails"] if g.get("violated")]
    if not worse:
        return "The figure over all tiers mixes work of different risk; it is no verdict on any tier."
    tiers = joined([f"tier {tier}" for tier in sorted({str(each["tier"]) for each in worse}, reverse=True)])
    names = joined(sorted({evidence_in_sentence(each) for each in worse}))
    return f"The figure over all tiers misleads: it improves while {names} worsens in {tiers}."


def _tiers(stories: Sequence[TierStory]) -> str:
    names = [each.tier for each in stories]
    return f"tier {names[0]}" if len(names) == 1 else f"tiers {joined(names)}"


def headline_of(verdicts: Sequence[Verdict], tiers: Sequence[str]) -> tuple[str, Mapping[str, TierStory]]:
    """The opening sentences and the story of every tier that has verdicts."""
    stories = {tier: story(tier, verdicts) for tier in tiers if any(verdict.tier == tier for verdict in verdicts)}
    return capital(headline(list(stories.values()))), stories
