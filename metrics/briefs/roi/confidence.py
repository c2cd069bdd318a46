"""How sure we are: what was compared with what, what chance leaves open, and what the data lack."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from metrics.briefs.document import Figure
from metrics.briefs.figures import figure_name, is_relative
from metrics.briefs.movements import chance_note
from metrics.briefs.quality import freshness, links, rejected
from metrics.briefs.roi.document import Confidence, DefinitionEntry, TierResult
from metrics.briefs.roi.gains import PRICED_CLAIMS
from metrics.briefs.roi.periods import QUARTER_GRAIN, ClaimWindow
from metrics.briefs.roi.tables import RoiTables
from metrics.briefs.tables import Origin
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.words import DIRECTION_NAMES, difference, interval, joined, within_sentence
from metrics.words import day as written

CONTROLLED_FIGURES = (("pr_cycle_time", "p50"), ("lead_time", "p50"), ("rollback_rate", "rate"))
TRIPLED = 2.0
WINDOWS = {
    "trailing_year": "Claims rest on the four quarters to {end}, because a quarter by itself holds too few rare events;"
    " the window is fixed by rule and not chosen for what it shows.",
    "quarter": "Claims rest on the quarter by itself: four quarters after the baseline are not there yet.",
}


def confidence(
    tables: RoiTables, figures: Sequence[Figure], results: Sequence[TierResult], window: ClaimWindow, origin: Origin
) -> Confidence:
    """All of it, sentence by sentence; what is not known says so."""
    last = window.period.end - timedelta(days=1)
    return Confidence(
        comparison=(
            WINDOWS[window.grain].format(end=written(last)),
            *_controlled(tables, results, window),
            *_mixture(tables, window),
        ),
        uncertainty=(*_claims(results), chance_note(figures), *_not_judged(tables, window)),
        data=(
            *_provisional(figures, window.period.end),
            *freshness(tables.source_status, origin),
            *rejected(tables.quarantine, tables.orphans),
            *links(tables.link_counts, "the window"),
        ),
    )


def _controlled(tables: RoiTables, results: Sequence[TierResult], window: ClaimWindow) -> tuple[str, ...]:
    """The difference in differences of the quarter where there is one; else that there is none."""
    if tables.comparisons.is_empty():
        return ("No figure could be compared with a baseline.",)
    rows = tables.comparisons.filter(
        (pl.col("comparator") == "control")
        & (pl.col("grain") == QUARTER_GRAIN)
        & (pl.col("window_end") == window.period.end)
    )
    sentences = []
    without = []
    for result in results:
        own = rows.filter(pl.col("tier") == result.tier)
        told = [_difference(row) for row in own.iter_rows(named=True) if _is_told(row)]
        if told:
            against = "against repositories of the tier that are not onboarded, over the quarter"
            sentences.append(f"{result.name}, {against}: {'; '.join(told)}.")
        else:
            without.append(result.tier)
    if without:
        named = f"{'Tier' if len(without) == 1 else 'Tiers'} {joined(sorted(without))}"
        sentences.append(
            f"{named}: compared with the baseline alone, without a control group; what else changed in the same time is"
            " in these figures too."
        )
    return tuple(sentences)


def _mixture(tables: RoiTables, window: ClaimWindow) -> tuple[str, ...]:
    """Whether the figures of all tiers mixed would mislead."""
    if tables.verdicts.is_empty():
        return ()
    judged = (pl.col("grain") == window.grain) & (pl.col("window_end") == window.period.end) & (pl.col("tier") == "all")
    if tables.verdicts.filter(judged & (pl.col("status") == "violated")).is_empty():
        return ()
    return ("All tiers mixed improved while a tier got worse: the mixed figures mislead, and none stands here.",)


def _is_told(row: Mapping[str, Any]) -> bool:
    return (row["metric"], row["statistic"]) in CONTROLLED_FIGURES and row["change"] is not None


def _difference(row: Mapping[str, Any]) -> str:
    metric, statistic = str(row["metric"]), str(row["statistic"])
    unit, relative = all_metrics()[metric].unit, is_relative(statistic)
    change = difference(row["change"], unit, relative)
    if _is_wide(row["change_ci_low"], row["change_ci_high"]):
        return f"{figure_name(metric, statistic)}: too few repositories to tell"
    bounds = interval(row["change_ci_low"], row["change_ci_high"], unit, relative)
    word = DIRECTION_NAMES.get(str(row["direction"]), str(row["direction"]))
    return f"{figure_name(metric, statistic)} {change} ({bounds}), {word}"


def _is_wide(low: float | None, high: float | None) -> bool:
    """Whether an interval says nothing that a reader could use: unbounded, or beyond tripling."""
    return low is None or high is None or high > TRIPLED


def _claims(results: Sequence[TierResult]) -> tuple[str, ...]:
    """How sure each claim is."""
    found = []
    for result in results:
        if result.standing is not None and result.claim in PRICED_CLAIMS:
            found.append(f"{result.name}: {within_sentence(result.standing.sentence)}")
    return tuple(found)


def _not_judged(tables: RoiTables, window: ClaimWindow) -> tuple[str, ...]:
    if tables.verdicts.is_empty():
        return ("No verdict was given.",)
    rows = tables.verdicts.filter((pl.col("grain") == window.grain) & (pl.col("window_end") == window.period.end))
    unwatched = rows.filter(pl.col("not_judged").is_not_null()).select("tier", "not_judged").unique()
    found = [f"Tier {tier}: nothing watches {names}; not judged." for tier, names in unwatched.sort("tier").iter_rows()]
    undecidable = rows.filter(pl.col("status") == "inconclusive").height
    if undecidable:
        verdicts = "verdict is" if undecidable == 1 else "verdicts are"
        found.append(f"{undecidable} {verdicts} inconclusive for want of data.")
    return tuple(found)


def _provisional(figures: Sequence[Figure], end: date) -> tuple[str, ...]:
    definitions = all_metrics()
    metrics = {figure.metric for figure in figures if figure.is_provisional and figure.metric in definitions}
    if not metrics:
        return ("Every figure is final: the time in which outcomes may still arrive is over.",)
    last = max(end + definitions[metric].follow_up for metric in metrics)
    names = joined(sorted(within_sentence(definitions[metric].name) for metric in metrics))
    return (f"Provisional until {written(last)}, because outcomes may still arrive: {names}.",)


def definitions(figures: Sequence[Figure], tables: RoiTables, window: ClaimWindow) -> tuple[DefinitionEntry, ...]:
    """The definitions behind the report's figures and verdicts, in words, with the versions that made them."""
    metrics, constraints, verdicts = all_metrics(), all_constraints(), tables.verdicts
    used = dict.fromkeys(figure.metric for figure in figures if figure.metric in metrics)
    versions = dict(tables.comparisons.select("metric", "version").unique().iter_rows()) if used else {}
    found = [
        DefinitionEntry(name, metrics[name].name, "metric", versions[name], metrics[name].formula) for name in used
    ]
    if verdicts.is_empty():
        return tuple(found)
    rows = verdicts.filter((pl.col("grain") == window.grain) & (pl.col("window_end") == window.period.end))
    for name, version in rows.select("constraint", "version").unique().sort("constraint").iter_rows():
        known = constraints.get(name)
        found.append(
            DefinitionEntry(name, known.name if known else name, "constraint", version, known.question if known else "")
        )
    return tuple(found)
