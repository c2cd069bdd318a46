"""The whole brief in a sentence or two: which tiers gained, and which paid for it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from metrics.briefs.document import Standing
from metrics.words import day, joined, sentence, tier_name, within_sentence

GRAINS = (("trailing_year", "over the four quarters to {end}"), ("month", "in the month"))
UNKNOWN = "We do not know how any tier stands: no verdict could be given."
MISLEADS = "the mixed figure improved while a tier got worse, so it misleads"


def _without_gain(*statuses: str) -> Callable[[Standing], bool]:
    return lambda standing: standing.claim == "none" and standing.status in statuses


GROUPS: tuple[tuple[str, Callable[[Standing], bool]], ...] = (
    ("gained at a price beyond the margins", lambda s: s.claim == "not_claimable" and s.status == "violated"),
    (
        "gained at a price that may be beyond the margins",
        lambda s: s.claim == "not_claimable" and s.status == "at_risk",
    ),
    ("gained at a price that cannot be judged", lambda s: s.claim == "not_claimable" and s.status == "inconclusive"),
    ("gained within every margin", lambda s: s.claim == "claimable"),
    ("gained within the margins, with reservation", lambda s: s.claim == "with_reservation"),
    ("did not gain and got worse beyond the margins", _without_gain("violated")),
    ("did not gain and may have got worse", _without_gain("at_risk")),
    ("did not gain beyond chance", _without_gain("holds", "not_triggered")),
    ("cannot be judged", lambda s: s.claim in ("none", "") and s.status in ("inconclusive", "")),
)
"""What may be said of a tier, worst first; every status with every claim it can bear falls into one."""


def summary(sections: Sequence[tuple[str, Sequence[Standing]]]) -> tuple[str, ...]:
    """The longest window that was judged, and the month, of which only what differs is said.

    Args:
        sections: each tier with its standings.
    """
    sentences: list[str] = []
    before: list[str] = []
    for grain, lead in GRAINS:
        found = [(tier, each) for tier, standings in sections for each in standings if each.grain == grain]
        if not any(standing.status for _, standing in found):
            continue
        parts = _parts(found)
        end = found[0][1].window_end - timedelta(days=1)
        sentences.append(sentence(_likened(lead.format(end=day(end)), parts, before)))
        before = parts
    return tuple(sentences) or (UNKNOWN,)


def _likened(lead: str, parts: list[str], before: list[str]) -> str:
    """`in the month likewise, but tier 4 …`, where some parts were said before and none is silently missing."""
    differing = [part for part in parts if part not in before]
    if before and not differing and len(parts) == len(before):
        return f"{lead} likewise"
    alike = len(differing) < len(parts) and (MISLEADS in parts) == (MISLEADS in before)
    return f"{lead} likewise, but {'; '.join(differing)}" if alike and differing else f"{lead}: {'; '.join(parts)}"


def _parts(found: Sequence[tuple[str, Standing]]) -> list[str]:
    """What may be said of which tiers, worst first."""
    parts = []
    for words, belongs in GROUPS:
        numbers = sorted(tier for tier, standing in found if tier.isdigit() and belongs(standing))
        if numbers:
            parts.append(f"{'tier' if len(numbers) == 1 else 'tiers'} {joined(numbers)} {words}")
    if any(tier == "all" and standing.status == "violated" for tier, standing in found):
        parts.append(MISLEADS)
    return parts or [f"{within_sentence(tier_name(tier))}: {standing.status_text}" for tier, standing in found]
