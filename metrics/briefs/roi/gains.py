"""What each tier may claim, whether that may be priced, and which controls it can be put down to."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl

from metrics.briefs.actions import Span
from metrics.briefs.document import Figure, Movement, Standing
from metrics.briefs.figures import figure_name, is_relative
from metrics.briefs.movements import moved
from metrics.briefs.roi.document import Enabling, TierResult
from metrics.briefs.roi.figures import distributions
from metrics.briefs.roi.periods import QUARTER_GRAIN, ClaimWindow
from metrics.briefs.roi.tables import RoiTables
from metrics.briefs.standings import standing_over, verdict_rows
from metrics.definitions import all_metrics
from metrics.words import difference, joined, tier_name, within_sentence

Row = dict[str, Any]
PRICED_CLAIMS = ("claimable", "with_reservation")
ENABLES_NOTHING = ("measurement",)
"""Layers of controls that make nothing faster: what is measured otherwise only looks otherwise."""
NOT_JUDGED = "We do not know: nothing could be judged in this window."


def tier_result(tables: RoiTables, figures: Sequence[Figure], tier: str, window: ClaimWindow, span: Span) -> TierResult:
    """One tier over the claim window, with the report's quarter beside it.

    Args:
        tables: of the report.
        figures: all compared figures of the claim window.
        tier: as text.
        window: over which claims are judged.
        span: the claim window in local days.
    """
    end = window.period.end
    standing = standing_over(tables.verdicts, tier, window.grain, end)
    quarter = standing_over(tables.verdicts, tier, QUARTER_GRAIN, end) if window.grain != QUARTER_GRAIN else None
    rows = verdict_rows(tables.verdicts, tier, window.grain, end) if standing else []
    own = [figure for figure in figures if figure.tier == tier]
    gained = _gained(rows, own)
    movements = moved(own)
    claim = standing.claim if standing else ""
    enabled, note = _enabled(tables, tier, gained, span) if gained else ((), "")
    return TierResult(
        tier=tier,
        name=tier_name(tier),
        claim=claim,
        is_priced=claim in PRICED_CLAIMS and not _is_violated(quarter),
        standing=standing,
        quarter=quarter,
        claim_sentence=_claim_sentence(standing, quarter, rows),
        gains=tuple(_gain_sentence(figure) for figure in gained),
        distributions=distributions(figures, tier),
        improved=_only(movements, "improved"),
        worsened=_only(movements, "worsened"),
        enabled_by=enabled,
        enabled_note=note,
    )


def _is_violated(quarter: Standing | None) -> bool:
    return quarter is not None and quarter.status == "violated"


def _only(movements: Iterable[Movement], direction: str) -> tuple[Movement, ...]:
    return tuple(each for each in movements if each.direction == direction)


def _claim_sentence(standing: Standing | None, quarter: Standing | None, rows: Sequence[Row]) -> str:
    """What may be claimed and what bars it; a violation in the report's own quarter bars a price as well."""
    if standing is None:
        return NOT_JUDGED
    said = standing.claim_sentence
    if standing.claim == "not_claimable" and not _triggered(rows):
        said = f"{said} Nothing that could be claimed improved beyond chance."
    if standing.claim in PRICED_CLAIMS and _is_violated(quarter):
        return f"{said} In the quarter by itself a constraint is violated: the gain is not priced."
    return said


def _triggered(rows: Sequence[Row]) -> bool:
    return any(gain.get("improved") for row in rows for gain in row["evidence"].get("gains", []))


def _gained(rows: Sequence[Row], own: Sequence[Figure]) -> list[Figure]:
    """The figures that triggered a constraint: those of the headline first, in the order of the metric tree."""
    named = {(g["metric"], g["statistic"]) for r in rows for g in r["evidence"].get("gains", []) if g.get("improved")}
    found = [figure for figure in own if (figure.metric, figure.statistic) in named]
    return sorted(found, key=lambda figure: not figure.is_headline)


def _gain_sentence(figure: Figure) -> str:
    """`median of lead time for changes: 66.7 h → 44.9 h (−33 %; −42 to −22 %)`."""
    return f"{figure.name}: {figure.baseline_text} → {figure.value_text} ({figure.change_text}; {figure.interval_text})"


def _enabled(tables: RoiTables, tier: str, gained: Sequence[Figure], span: Span) -> tuple[tuple[Enabling, ...], str]:
    """The controls after which the tier's gains were measured to improve, and how far that can be told apart."""
    changes = {r["control_change_id"]: r for r in _rows(tables.control_changes) if r["layer"] not in ENABLES_NOTHING}
    metrics = {figure.metric for figure in gained}
    effects: dict[str, list[str]] = {}
    for row in _rows(tables.control_effects):
        if row["tier"] == tier and row["metric"] in metrics and row["control_change_id"] in changes and _improved(row):
            effects.setdefault(row["control_change_id"], []).append(_effect(row))
    found = []
    for id_, said in effects.items():
        change = changes[id_]
        day = span.day(change["effective_at"])
        if day is not None and day < span.end:
            found.append(Enabling(day, change["layer"], change["summary"], change["owner"] or "", joined(said)))
    found.sort(key=lambda each: (each.day, each.text))
    if not found:
        return (), "We do not know which control enabled it: after none did these figures improve beyond chance."
    which = "this control" if len(found) == 1 else "these controls"
    return tuple(found), (
        f"In the quarter after {which} the figures improved beyond chance against the quarter before; what else changed"
        " in the same time is in that difference too."
    )


def _improved(row: Row) -> bool:
    low, high = row["change_ci_low"], row["change_ci_high"]
    if low is None or high is None:
        return False
    definition = all_metrics().get(row["metric"])
    return bool(low > 0) if definition and definition.direction == "higher" else bool(high < 0)


def _effect(row: Row) -> str:
    definition = all_metrics().get(row["metric"])
    change = difference(row["change"], definition.unit if definition else "", is_relative(row["statistic"]))
    return f"{figure_name(row['metric'], row['statistic'])} {change}"


def _rows(frame: pl.DataFrame) -> list[Row]:
    return frame.rows(named=True)


def claims_in_short(results: Sequence[TierResult], window_end: date) -> tuple[str, ...]:
    """The summary's sentences on claims: which tiers may claim, with what, and which may not, because of what."""
    sentences = []
    for result in results:
        if result.standing is not None and result.claim in (*PRICED_CLAIMS, "not_claimable"):
            told = within_sentence(result.standing.sentence)
            sentences.append(f"{result.name}: {told} {result.claim_sentence}")
    quiet = [each.tier for each in results if each.claim == "none"]
    if quiet:
        sentences.append(f"{'Tier' if len(quiet) == 1 else 'Tiers'} {joined(sorted(quiet))}: no gain to claim.")
    unknown = [each.tier for each in results if not each.claim]
    if unknown:
        named = f"{'tier' if len(unknown) == 1 else 'tiers'} {joined(sorted(unknown))}"
        sentences.append(f"We do not know what {named} may claim: nothing could be judged.")
    return tuple(sentences) or (f"We do not know what any tier may claim: nothing was judged up to {window_end}.",)
