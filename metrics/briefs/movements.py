"""What moved beyond noise, and what looks as if it had moved but may be chance: one sentence a metric."""

from collections.abc import Sequence

from metrics.briefs.document import Figure, Movement
from metrics.definitions import all_metrics
from metrics.explain import STATISTIC_NAMES
from metrics.words import count, joined, share, within_sentence

MOVED_SHOWN = 4
NOT_MOVED_SHOWN = 2
LOOKS_MOVED = 0.10
"""From a tenth of the baseline on, a reader would take a figure as moved."""
LEVEL = 0.05
ORDER = ("worsened", "improved")


def moved(figures: Sequence[Figure]) -> tuple[Movement, ...]:
    """The figures of one tier whose 95 % interval excludes no change, worse before better, a sentence a metric."""
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in _told(figures):
        if figure.direction in ORDER and not figure.is_unsettled:
            groups.setdefault((figure.direction, figure.metric), []).append(figure)
    ranked = sorted(groups, key=lambda key: (not any(f.is_headline for f in groups[key]), ORDER.index(key[0])))
    shown = sorted(ranked[:MOVED_SHOWN], key=lambda key: ORDER.index(key[0]))
    found = [Movement(direction, _movement(groups[direction, metric])) for direction, metric in shown]
    for direction in ORDER:
        left = [
            within_sentence(all_metrics()[metric].name) for other, metric in ranked[MOVED_SHOWN:] if other == direction
        ]
        if left:
            found.append(Movement(direction, f"{joined(left)} too."))
    return tuple(found)


def _movement(figures: list[Figure]) -> str:
    """`cycle time of changes, median: 24.3 h → 17.8 h (−27 %; −43 to −6.1 %), n = 271.`."""
    first = next((figure for figure in figures if figure.is_headline), figures[0])
    definition = all_metrics().get(first.metric)
    name = within_sentence(definition.name) if definition else first.metric
    labels = [name, STATISTIC_NAMES.get(first.statistic, "")]
    labels.append("" if first.unit in ("hours", "fraction") or name.endswith(first.unit) else first.unit)
    size = f", n = {count(first.n)}" if first.n is not None else ""
    return (
        f"{', '.join(label for label in labels if label)}: {first.baseline_text} → {first.value_text} "
        f"({first.change_text}; {first.interval_text}){size}."
    )


def not_moved(figures: Sequence[Figure]) -> tuple[Movement, ...]:
    """Figures of one tier that a reader would take as moved: their interval holds no change, or they may still rise."""
    doubtful = [figure for figure in _told(figures) if figure.direction == "inconclusive" or figure.is_unsettled]
    found = [figure for figure in doubtful if _relative(figure) >= LOOKS_MOVED]
    by_metric: dict[str, Figure] = {}
    for figure in sorted(found, key=lambda figure: (not figure.is_headline, -_relative(figure))):
        by_metric.setdefault(figure.metric, figure)
    shown = list(by_metric.values())[:NOT_MOVED_SHOWN]
    return tuple(Movement("unsettled" if each.is_unsettled else "inconclusive", _movement([each])) for each in shown)


def _told(figures: Sequence[Figure]) -> list[Figure]:
    """Without the stages of the lead time, which have a list of their own."""
    return [f for f in figures if (definition := all_metrics().get(f.metric)) is None or definition.parent is None]


def _relative(figure: Figure) -> float:
    if figure.value is None or not figure.baseline_value:
        return 0.0
    return abs(figure.value / figure.baseline_value - 1)


def chance_note(figures: Sequence[Figure]) -> str:
    """How many figures would seem to have moved if nothing had."""
    settled = [figure for figure in _told(figures) if figure.tier != "all" and not figure.is_unsettled]
    judged = [figure for figure in settled if figure.change_low is not None and figure.change_high is not None]
    beyond = [figure for figure in judged if figure.direction in ORDER]
    if not judged:
        return "No figure could be compared with its baseline: we do not know what moved."
    return (
        f"{len(judged)} figures of the tiers were compared with their baselines; "
        f"{len(beyond)} of them moved beyond the 95 % interval. "
        f"If nothing at all had changed, about {max(round(LEVEL * len(judged)), 1)} would have ({share(LEVEL)})."
    )
