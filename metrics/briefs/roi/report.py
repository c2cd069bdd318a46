"""The ROI report, put together from its parts (METRICS §7)."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from metrics.briefs import actions as done
from metrics.briefs import next_steps as steps
from metrics.briefs import quality as known
from metrics.briefs.document import Action, Figure
from metrics.briefs.monthly import identity_of
from metrics.briefs.roi import confidence as sure
from metrics.briefs.roi.document import Phase, RoiReport, TierResult, Value
from metrics.briefs.roi.figures import compared, curves, risks, tiers_of
from metrics.briefs.roi.gains import claims_in_short, tier_result
from metrics.briefs.roi.periods import ClaimWindow, baseline_periods, claim_window, quarter_name
from metrics.briefs.roi.tables import RoiTables
from metrics.briefs.roi.value import value
from metrics.briefs.tables import Origin
from metrics.calendar import Period, add_months
from metrics.words import day, joined, sentence, within_sentence, written_in
from schemas.value_settings import Value as Settings


def roi_report(
    tables: RoiTables, origin: Origin, settings: Settings, quarter: Period, phase: Phase | None = None
) -> RoiReport:
    """The report of one quarter.

    Args:
        tables: frames of the snapshot's tables.
        origin: what they are the tables of.
        settings: the assumptions that value rests on.
        quarter: the quarter; `periods.chosen_quarter` says which can be had.
        phase: at whose end the report is made; None for a quarterly one.
    """
    with written_in(origin.locale):
        return _report(tables, origin, settings, quarter, phase)


def _report(tables: RoiTables, origin: Origin, settings: Settings, quarter: Period, phase: Phase | None) -> RoiReport:
    window = claim_window(tables.verdicts, quarter.start)
    claim_span = done.Span(window.period.start, quarter.end, origin.calendar)
    quarter_span = done.Span(quarter.start, quarter.end, origin.calendar)
    figures = compared(tables, window)
    tiers = tiers_of(figures, tables.verdicts)
    own = [figure for figure in figures if figure.tier in tiers]
    results = tuple(tier_result(tables, own, tier, window, claim_span) for tier in tiers)
    notes = known.baselines(tables.baselines)
    since = min((note.end for note in notes), default=None)
    controls = done.actions(tables.control_changes, tables.control_effects, since, quarter_span)
    counts, overdue = done.exceptions(tables.exceptions, quarter_span)
    worth = value(tables, own, results, settings, _span_of(baseline_periods(tables.comparisons, window), tiers), window)
    risky = risks(own, tiers)
    told = [figure for result in results for each in result.distributions for figure in each.figures]
    shown = [*told, *risky, *_behind_value(own)]
    cut_day = origin.calendar.local_day(origin.as_of)
    last_month = add_months(quarter.end, -1)
    open_rows = steps.undecided(tables.verdicts, tables.decisions, last_month, quarter.end, cut_day)
    entries = sure.definitions(shown, tables, window)
    used = known.definition_notes((entry.id, entry.version) for entry in entries)
    return RoiReport(
        title=_title(quarter, phase),
        quarter=quarter.start,
        quarter_end=quarter.end,
        claim_start=window.period.start,
        claim_end=window.period.end,
        identity=identity_of(origin),
        phase=phase,
        is_provisional=any(figure.is_provisional for figure in own),
        summary=_summary(results, worth, window, own, since),
        scope=_scope(results, controls, quarter, window),
        controls=controls,
        controls_note=done.actions_note(controls, tables.control_effects).replace("the month", "the window"),
        tiers=results,
        curves=curves(tables.bins, tiers),
        risks=risky,
        risk_notes=_risk_notes(risky),
        undecided=steps.undecided_verdicts(row for row in open_rows if row["tier"] in tiers),
        exception_counts=counts,
        overdue_exceptions=overdue,
        exceptions_note=done.exceptions_note(counts).replace("month's end", "quarter's end"),
        remediation=_remediation(tables.phase_decisions, quarter_span),
        value=worth,
        confidence=sure.confidence(tables, own, results, window, origin),
        baselines=notes,
        baselines_note=known.baselines_note(notes),
        definitions=entries,
        definitions_note=known.definitions_note(used, tables.definition_log, since, quarter.end, origin.calendar),
    )


def _title(quarter: Period, phase: Phase | None) -> str:
    if phase is not None:
        return f"ROI report, end of {phase.name.replace('_', ' ')}"
    name = quarter_name(quarter.start)
    return f"ROI report, {name[4:]} {name[:4]}"


def _span_of(baselines: Mapping[str, Period], tiers: Sequence[str]) -> Period | None:
    """From the first to the last day that the baseline of any of the tiers has."""
    own = [baselines[tier] for tier in tiers if tier in baselines]
    return Period(min(each.start for each in own), max(each.end for each in own)) if own else None


def _behind_value(figures: Sequence[Figure]) -> list[Figure]:
    metrics = ("validated_throughput", "throughput", "rework_share")
    return [figure for figure in figures if figure.metric in metrics]


def _summary(
    results: Sequence[TierResult],
    worth: Value,
    window: ClaimWindow,
    figures: Sequence[Figure],
    since: date | None,
) -> tuple[str, ...]:
    if not figures:
        before = f" It ends before {day(since)}, the end of the baseline." if since else ""
        return (f"Nothing of the quarter can be compared with a baseline: no gain is judged.{before}",)
    waiting = any(figure.is_provisional for figure in figures)
    note = ("Figures are provisional: outcomes may still arrive, and a later edition says what they changed.",)
    return (*claims_in_short(results, window.period.end), *(note if waiting else ()), worth.sentence)


def _scope(
    results: Sequence[TierResult], controls: Sequence[Action], quarter: Period, window: ClaimWindow
) -> tuple[str, ...]:
    """What the report is about, in two sentences."""
    last = window.period.end - timedelta(days=1)
    new = sum(action.is_in_month for action in controls)
    tiers = joined(sorted(result.tier for result in results))
    begun = f"{len(controls) or 'No'} control changes" if len(controls) != 1 else "1 control change"
    if not results:
        return ("No tier can be compared with a baseline over this quarter.",)
    return (
        f"Faster validated delivery by risk tier ({tiers}), in the window {day(window.period.start)} to"
        f" {day(last)} against the baseline.",
        f"{begun} since the baseline, {new or 'none'} of them in the quarter {quarter_name(quarter.start)}.",
    )


def _risk_notes(figures: Sequence[Figure]) -> tuple[str, ...]:
    """Which risks fell and which rose beyond chance, and of how many that cannot be said."""
    if not figures:
        return ("No risk can be compared with a baseline.",)
    fell = [f"{within_sentence(f.name)} in tier {f.tier}" for f in figures if _moved(f, "improved")]
    rose = [f"{within_sentence(f.name)} in tier {f.tier}" for f in figures if _moved(f, "worsened")]
    open_ones = len(figures) - len(fell) - len(rose)
    sentences = [
        f"Fell beyond chance: {joined(fell)}." if fell else "No risk fell beyond chance.",
        f"Rose beyond chance: {joined(rose)}." if rose else "None rose beyond chance.",
    ]
    if open_ones:
        unchanged = sum(f.direction == "unchanged" for f in figures)
        sentences.append(
            f"Of {len(figures)} figures {unchanged} stayed within their margin and {open_ones - unchanged} are open:"
            " whether they rose or fell we do not know."
        )
    return tuple(sentences)


def _moved(figure: Figure, direction: str) -> bool:
    return figure.direction == direction and not figure.is_unsettled


def _remediation(phase_decisions: pl.DataFrame, span: done.Span) -> tuple[str, ...]:
    """What was asked for when tiers passed from phase to phase, or did not."""
    found = []
    for row in phase_decisions.sort("decided_at").iter_rows(named=True) if not phase_decisions.is_empty() else ():
        decided = span.day(row["decided_at"])
        if decided is None or decided >= span.end or not row["remediation"]:
            continue
        where = f"tier {row['tier']}" if row["tier"] is not None else "every tier"
        outcome = "passed to" if row["is_approved"] else "was kept from"
        phase = row["to_phase"].replace("_", " ")
        found.append(sentence(f"{where} {outcome} {phase} on {day(decided)}, to {row['remediation']}"))
    return tuple(found)
