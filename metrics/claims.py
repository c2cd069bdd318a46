"""Claims: what may be said of a tier's gain in a window, from all its verdicts (METRICS §5)."""

from collections import defaultdict
from collections.abc import Sequence

from metrics.judge import Verdict
from metrics.model import Claim
from metrics.readings import Place

CLAIMABLE_GRAINS = ("quarter", "trailing_year")
"""A month is too short to bear a claim without reservation."""


def claims(verdicts: Sequence[Verdict]) -> dict[Place, Claim]:
    """One claim per tier and window."""
    by_place: dict[Place, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_place[verdict.place].append(verdict)
    return {place: claim_of(found) for place, found in by_place.items()}


def claim_of(verdicts: Sequence[Verdict]) -> Claim:
    """The claim that the verdicts of one tier and window bear.

    A guardrail that nothing watches, or a follow-up that still runs, is a reservation: silence is not safety. More
    changes without the number of people behind them are a trigger, but no gain to claim. Nor is one that another view
    of the same data does not show; and where records stopped coming in, or their watchers were struck out, nothing is.
    """
    triggered = [verdict for verdict in verdicts if verdict.is_triggered]
    if not any(not verdict.constraint.always for verdict in triggered):
        return "none"
    gains = [reading for verdict in triggered for reading in verdict.improved]
    if not any(reading.bears_claim for reading in gains):
        return "not_claimable"
    if any(verdict.status == "violated" for verdict in verdicts):
        return "not_claimable"
    if any(verdict.status == "inconclusive" for verdict in triggered):
        return "not_claimable"
    if any(guardrail.is_missing for verdict in triggered for guardrail in verdict.guardrails):
        return "not_claimable"
    if any(g.reading and g.reading.exceeds for verdict in triggered for g in verdict.judged):
        return "not_claimable"
    final = triggered[0].place.grain in CLAIMABLE_GRAINS and not any(verdict.is_provisional for verdict in triggered)
    whole = not any(verdict.unwatched for verdict in triggered)
    holds = all(verdict.status == "holds" for verdict in triggered)
    return "claimable" if holds and final and whole else "with_reservation"
