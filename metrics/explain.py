"""Verdicts in words: what moved, what it was paid with, how sure that is, and what would decide it.

Written by rules from the numbers.
"""

import math
from collections.abc import Sequence

from metrics.estimators.ratio import REST_PER_WEEK
from metrics.judge import Guardrail, Verdict
from metrics.margins import Margins, relative_margin
from metrics.model import Metric
from metrics.power import Open, units_of
from metrics.readings import Reading
from metrics.words import certain, joined, quantity, sentence, share

STATISTIC_NAMES = {
    "mean": "mean",
    "p50": "median",
    "p75": "75th percentile",
    "p90": "90th percentile",
    "p95": "95th percentile",
}


def figure_name(reading: Reading, metrics: dict[str, Metric]) -> str:
    """The metric by name, and the statistic where it is one of several."""
    name = metric_name(reading.figure.metric, metrics)
    statistic = STATISTIC_NAMES.get(reading.figure.statistic)
    if statistic:
        return f"{statistic} of {name}"
    if reading.figure.statistic == REST_PER_WEEK:
        return f"those that {name} leaves out, per week,"
    if reading.figure.statistic == "per_engineer_week":
        return f"{name} per engineer-week"
    return f"{name} per week" if "per_week" in reading.figure.statistic else name


def metric_name(metric: str, metrics: dict[str, Metric]) -> str:
    """A metric's name inside a sentence; abbreviations keep their capitals."""
    name = metrics[metric].name if metric in metrics else metric
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def movement(reading: Reading, metrics: dict[str, Metric]) -> str:
    """`rollback rate rose from 3.1 % to 6.4 % (n = 812 and 640)`."""
    if reading.figure.above_zero:
        name = figure_name(reading, metrics)
        return f"{name} was {quantity(reading.value, reading.unit)} (n = {reading.n:,})"
    if reading.figure.beside is not None:
        other = metric_name(reading.figure.beside, metrics)
        mine, theirs = quantity(reading.value, reading.unit), quantity(reading.baseline_value, reading.unit)
        name = figure_name(reading, metrics)
        return f"{name} was {mine} beside {theirs} of {other} (n = {reading.n:,} and {reading.baseline_n:,})"
    verb = (
        "rose"
        if reading.value > reading.baseline_value
        else "fell"
        if reading.value < reading.baseline_value
        else "stayed"
    )
    before, after = quantity(reading.baseline_value, reading.unit), quantity(reading.value, reading.unit)
    counts = f"(n = {reading.baseline_n:,} and {reading.n:,})"
    if verb == "stayed":
        return f"{figure_name(reading, metrics)} stayed at {after} {counts}"
    return f"{figure_name(reading, metrics)} {verb} from {before} to {after} {counts}"


def margin_words(guardrail: Guardrail, margins: Margins) -> str:
    """The margin, as it applies to this guardrail."""
    reading = guardrail.reading
    if reading is None:
        return ""
    figure = guardrail.figure
    if figure.beside is not None:
        return "nothing"
    if guardrail.per_week:
        return share(margins.count)
    relative = relative_margin(guardrail.tier, figure, margins)
    if figure.margin != "rate":
        return share(relative)
    floor = margins.floors.get(guardrail.tier, 0.0)
    scale = 100.0 if reading.unit != "fraction" else 1.0
    # Of a share of which more is better, what is counted is the rest.
    is_rest = figure.worse == "lower" and reading.unit == "fraction"
    counted = 1 - reading.baseline_value if is_rest else reading.baseline_value
    allowed = max(relative * counted, floor * scale)
    return f"{allowed * 100:.2f} points" if reading.unit == "fraction" else quantity(allowed, reading.unit)


def reason(verdict: Verdict, left_open: Sequence[Open], metrics: dict[str, Metric], margins: Margins) -> str:
    """Why the verdict is what it is, in two or three sentences; `left_open` says what would decide it."""
    sentences = [_gain(verdict, left_open, metrics)]
    if verdict.is_triggered:
        sentences.append(_price(verdict, left_open, metrics, margins))
        if verdict.unwatched:
            names = sorted({metric_name(guardrail.figure.metric, metrics) for guardrail in verdict.unwatched})
            sentences.append(f"Not judged, because nothing watches it: {joined(names)}.")
    sentences += dict.fromkeys(g.reading.view for g in verdict.judged if g.reading and verdict.is_triggered)
    if verdict.is_provisional:
        sentences.append("Provisional: the window or its follow-up has not passed.")
    return " ".join(sentence for sentence in sentences if sentence)


def _gain(verdict: Verdict, left_open: Sequence[Open], metrics: dict[str, Metric]) -> str:
    """What improved, or why nothing can be said to have."""
    if verdict.constraint.always:
        return ""
    if verdict.improved:
        found = sentence(joined([movement(reading, metrics) for reading in verdict.improved]))
        if all(reading.bears_claim for reading in verdict.improved):
            return found
        barriers = dict.fromkeys(reading.no_claim for reading in verdict.improved if reading.no_claim)
        if barriers:
            return " ".join([found, *barriers])
        return f"{found} Without team_capacity nobody knows whether more people did it: no gain to claim."
    if verdict.gains:
        names = [movement(reading, metrics) for reading in verdict.gains]
        return f"No gain beyond chance: {joined(names)}.{_gain_would_show(left_open, metrics)}"
    return "The gain cannot be judged: fewer than 20 units in the window or in the baseline."


def _gain_would_show(left_open: Sequence[Open], metrics: dict[str, Metric]) -> str:
    """How many more units would make a gain of what points the right way; empty where no number would."""
    soonest = next((each for each in left_open if each.more is not None), None)
    if soonest is None:
        return ""
    name = figure_name(soonest.reading, metrics)
    return f" With some {soonest.units}, and the same figures, the {name.removesuffix(',')} would be a gain."


def _price(verdict: Verdict, left_open: Sequence[Open], metrics: dict[str, Metric], margins: Margins) -> str:
    """What happened to the guardrails, by status."""

    def named(guardrail: Guardrail) -> str:
        where = f" in tier {guardrail.tier}" if verdict.constraint.across_tiers else ""
        return movement(guardrail.reading, metrics) + where if guardrail.reading else ""

    if verdict.status == "violated":
        worse = [g for g in verdict.guardrails if g.is_violated and g.reading]
        parts = [
            f"{named(g)}, beyond its margin of {margin_words(g, margins)}"
            f" (p = {max(1 - g.reading.certainty_worse, 1e-4):.4f})"
            for g in worse
            if g.reading
        ]
        return f"Violated: {joined(parts)}."
    if verdict.status == "at_risk":
        risky = max(verdict.judged, key=lambda g: g.reading.certainty_worse if g.reading else 0.0)
        return _at_risk(risky, named(risky), left_open, margins)
    if verdict.status == "inconclusive":
        missing = [f"{figure_name(g.reading, metrics)}: {shortfall(g.reading)}" for g in verdict.too_few if g.reading]
        return f"Too little data: {joined(missing)}." if missing else "None of its guardrails is watched."
    held = joined([named(guardrail) for guardrail in verdict.judged])
    certainty = 1 - verdict.chance
    return f"Within margin, at a certainty of {certain(certainty)} or more: {held}."


def shortfall(reading: Reading) -> str:
    """Why a figure cannot be judged and what it would take, with its units by name: `12 deployments in the window`."""
    return (reading.shortfall or "").replace(" units", f" {units_of(reading.figure.metric)}")


def _at_risk(risky: Guardrail, name: str, left_open: Sequence[Open], margins: Margins) -> str:
    reading = risky.reading
    if reading is None or math.isnan(reading.certainty_worse):
        return ""
    margin, chance = margin_words(risky, margins), share(reading.certainty_worse)
    power = next((each for each in left_open if each.reading is reading), None)
    if reading.exceeds:
        found = f"At risk: {name}, worse than its margin of {margin}, though not beyond doubt (certainty {chance})."
    else:
        found = f"At risk: {name}; the chance that it exceeds its margin of {margin} is {chance}."
    return f"{found}{_would_decide(power)}"


def _would_decide(power: Open | None) -> str:
    """What would decide a guardrail at risk."""
    if power is None:
        return ""
    if power.more is None:
        return " No larger window would decide it: its baseline, or the number of repositories, is too small."
    outcome = "be violated" if power.towards == "violated" else "hold"
    return f" With some {power.units} in the window, and the same figures, it would {outcome}."
