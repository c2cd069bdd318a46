"""What two editions of a brief say differently: its figures and verdicts as they are read, never the prose around them.

A late correction of data makes a new edition; what is only newer (a decision, a source read again) makes none.
"""

from collections.abc import Mapping

from metrics.briefs.document import Figure, MonthlyBrief, Revision, Standing
from metrics.briefs.roi.document import Range, RoiReport
from metrics.words import ENGLISH, STATUS_NAMES, count, day, money, money_range, number, plural, tier_name, written_in

SHOWN = 12
"""Changes that a revision names before it counts them."""
GRAIN_NAMES = {"month": "the month", "quarter": "the quarter", "trailing_year": "four quarters"}

Facts = dict[str, str]
"""What is read, by what it is of, in the order of the document."""


def facts_of(brief: MonthlyBrief | RoiReport) -> Facts:
    """All figures and verdicts of a brief, as a reader of English sees them: the same in any locale."""
    with written_in(ENGLISH):
        return _of_month(brief) if isinstance(brief, MonthlyBrief) else _of_report(brief)


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What differs, one sentence each: verdicts and claims first, as they stand first in a document."""
    names = [name for name in now if now[name] != before.get(name)]
    gone = [name for name in before if name not in now]
    said = [_moved(name, before[name], now[name]) for name in names if name in before]
    said += [f"{name}: not given before, {now[name]} now." for name in names if name not in before]
    said += [f"{name}: {before[name]} before, not given now." for name in gone]
    left = len(said) - SHOWN
    return tuple(said) if left <= 0 else (*said[:SHOWN], f"And {plural(left, 'other figure')}.")


def _moved(name: str, before: str, now: str) -> str:
    """The values alone where they differ, with all that belongs to them where they do not."""
    values = [text.split(" (")[0] for text in (before, now)]
    was, is_ = values if values[0] != values[1] else (before, now)
    return f"{name}: {was} before, {is_} now."


def revision(number_: int, earlier: str, before: Mapping[str, str], now: Mapping[str, str]) -> Revision:
    """A later edition.

    Args:
        number_: of the edition, from 2.
        earlier: what the edition before was made from, in words.
        before: its facts.
        now: those of this one.
    """
    differing = sum(before.get(name) != now.get(name) for name in {*before, *now})
    what = "1 figure differs" if differing == 1 else f"{differing} figures differ"
    sentence = f"It replaces edition {number_ - 1} ({earlier}), which stays as it is: {what}."
    return Revision(number_, sentence, changes(before, now))


def _of_month(brief: MonthlyBrief) -> Facts:
    found: Facts = {}
    for section in brief.tiers:
        for standing in section.standings:
            found |= _standing(section.tier, standing)
    for figure in sorted(brief.figures, key=lambda each: not each.is_headline):
        found |= _figure(figure)
    for each in brief.exception_counts:
        name = f"{tier_name(each.tier)}, exceptions"
        found[name] = f"{count(each.in_force)} in force, {count(each.overdue)} past expiry"
    return found


def _of_report(report: RoiReport) -> Facts:
    found: Facts = {}
    for result in report.tiers:
        found[f"{result.name}, claim"] = result.claim_text
        for standing in (result.standing, result.quarter):
            if standing is not None:
                found |= _standing(result.tier, standing)
    value = report.value
    found["Value less cost"] = _money(value.total, value.currency)
    for line in value.lines:
        whose = f", tier {line.tier}" if line.tier.isdigit() else ""
        found[f"{line.name}{whose}"] = _money(line.counted, value.currency)
    for given in value.assumptions:
        found[given.name] = f"{number(given.likely)} ({number(given.low)} to {number(given.high)}) {given.unit}"
    for figure in report.figures:
        found |= _figure(figure)
    return found


def _standing(tier: str, standing: Standing) -> Facts:
    status = STATUS_NAMES.get(standing.status, "not judged")
    name = f"{tier_name(tier)}, verdict over {GRAIN_NAMES[standing.grain]} from {day(standing.window_start)}"
    return {name: f"{status}{', provisional' if standing.is_provisional else ''}"}


def _figure(figure: Figure) -> Facts:
    size = "" if figure.n is None else f", n = {count(figure.n)}"
    said = f"{figure.value_text} ({figure.change_text}; {figure.interval_text}), {figure.direction_text}{size}"
    return {f"{tier_name(figure.tier)}, {figure.name}": said}


def _money(found: Range | None, currency: str) -> str:
    if found is None:
        return "not given"
    return f"{money(found.estimate, currency)} ({money_range(found.low, found.high, currency)})"
