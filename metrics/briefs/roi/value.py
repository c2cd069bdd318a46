"""Value: the ledger of all tiers, its total as a range, and what that depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.briefs.document import Figure
from metrics.briefs.roi.assumptions import Priced, priced
from metrics.briefs.roi.document import Assumption, Lever, Range, Subtotal, TierResult, Value, ValueLine
from metrics.briefs.roi.ledger import (
    PROGRAMME,
    Quantity,
    Rates,
    baseline_rates,
    line_of,
    price_of,
    quantities,
    summed,
)
from metrics.briefs.roi.periods import ClaimWindow
from metrics.briefs.roi.tables import RoiTables
from metrics.calendar import Period
from metrics.words import MINUS, joined, money, money_range, number, plural, sentence, share, signed
from schemas.value_settings import Value as Settings

LEVERS_SHOWN = 8
DAYS_PER_WEEK = 7
RULES = (
    "Elapsed time is never priced: while a change waits, nobody works on it.",
    "A gain is priced only where its tier may claim it; costs are counted in every tier.",
    "Outcomes gained are validated changes per engineer-week beyond the baseline's, so that hiring is no gain; each at"
    " the baseline's cost of one.",
    "A change that did not hold is no outcome, and its repair counts as rework, not as an outcome of its own.",
    "Licences and tools are those of the whole organisation, beyond the baseline's rate, whichever tiers may claim.",
    "The range combines the lines' 95 % intervals as independent; assumptions are held at their likely value, and the"
    " figure of what the result depends on moves them.",
)


@dataclass(frozen=True)
class Sheet:
    """All quantities, and the rates by which they are priced: what a total is made of again for each lever."""

    quantities: tuple[Quantity, ...]
    rates: Mapping[str, Rates]
    priced: Priced

    def lines(self, given: Mapping[str, float]) -> list[ValueLine]:
        """The ledger at given assumptions."""
        made = [line_of(q, price_of(q.kind, q.tier, self.rates[q.tier], given)) for q in self.quantities]
        return [*made, _tools(self.priced)]

    def total(self, given: Mapping[str, float]) -> float:
        """The estimate at given assumptions."""
        return sum(line.counted.estimate for line in self.lines(given) if line.counted is not None)


def value(
    tables: RoiTables,
    figures: Sequence[Figure],
    results: Sequence[TierResult],
    settings: Settings,
    baseline: Period | None,
    window: ClaimWindow,
) -> Value:
    """The value of what may be claimed, less what it cost.

    Args:
        tables: of the report.
        figures: compared over the claim window.
        results: of the tiers.
        settings: `[value]`.
        baseline: the span of the tiers' baselines; None where none is known.
        window: over which claims are judged and value is counted.
    """
    tiers = [result.tier for result in results]
    weeks = (window.period.end - window.period.start).days / DAYS_PER_WEEK
    sheet = Sheet(
        tuple(q for r in results for q in quantities(tables, figures, r.tier, weeks, is_priced=r.is_priced)),
        {tier: baseline_rates(figures, tier) for tier in tiers},
        priced(settings, tables.team_capacity, tables.spend, tiers, baseline, window),
    )
    given = sheet.priced.likely()
    lines = sheet.lines(given)
    counted = [line.counted for line in lines if line.counted is not None]
    total = None if sheet.priced.missing or not counted else summed(counted)
    used = _used(sheet, lines)
    return Value(
        currency=settings.currency,
        start=window.period.start,
        end=window.period.end,
        lines=tuple(lines),
        spending=sheet.priced.spending or (),
        subtotals=_subtotals(lines, results),
        total=total,
        sentence=_sentence(total, results, lines, sheet.priced),
        missing=sheet.priced.missing,
        assumptions=used,
        levers=() if total is None else _levers(sheet, used, lines, total.estimate, settings.vary),
        rules=RULES,
        self_reported=_self_reported(settings, figures),
    )


def _tools(priced: Priced) -> ValueLine:
    extra = None
    if priced.spending is not None:
        paid = -sum(each.extra for each in priced.spending)
        extra = Range(paid, paid, paid)
    note = "" if extra else "not given: what was paid is not known"
    return ValueLine(
        "tools.programme", "tools", PROGRAMME, "Licences and tools", priced.currency, extra, 1.0, extra, extra, note
    )


def _subtotals(lines: Sequence[ValueLine], results: Sequence[TierResult]) -> tuple[Subtotal, ...]:
    """What may be claimed, what the other tiers cost, and the tools; a part without an amount is left out."""
    claimed = [result.tier for result in results if result.is_priced]
    reserved = [result.tier for result in results if result.is_priced and result.claim == "with_reservation"]
    reservation = f"; with reservation {tiers_in_words(reserved)}" if reserved else ""
    others = [result.tier for result in results if not result.is_priced]
    parts = (
        ("claimed", f"Gains that may be claimed: {tiers_in_words(claimed)}{reservation}", claimed),
        ("cost", f"What it cost in {tiers_in_words(others)}, whose gains may not be priced", others),
        ("tools", "Licences and tools", [PROGRAMME]),
    )
    found = []
    for id_, name, tiers in parts:
        counted = [line.counted for line in lines if line.tier in tiers and line.counted is not None]
        if counted:
            found.append(Subtotal(id_, name, summed(counted)))
    return tuple(found)


def tiers_in_words(tiers: Sequence[str]) -> str:
    """`tier 4`, `tiers 1 and 2`."""
    return f"{'tier' if len(tiers) == 1 else 'tiers'} {joined(sorted(tiers))}"


def _used(sheet: Sheet, lines: Sequence[ValueLine]) -> tuple[Assumption, ...]:
    """The assumptions that a line with an amount rests on."""
    given = sheet.priced.likely()
    used = []
    for assumption in sheet.priced.assumptions:
        moved = {**given, assumption.id: given[assumption.id] * 2 + 1}
        again = sheet.lines(moved)
        if any(a.amount != b.amount for a, b in zip(lines, again, strict=True)):
            used.append(assumption)
    return tuple(used)


def _levers(
    sheet: Sheet, assumptions: Sequence[Assumption], lines: Sequence[ValueLine], total: float, vary: float
) -> tuple[Lever, ...]:
    """What the total depends on, the strongest first: each line's interval, and each assumption."""
    given = sheet.priced.likely()
    found = []
    for line in lines:
        if line.counted is not None and line.quantity is not None and not line.counted.is_exact:
            name = line.name if line.tier == PROGRAMME else f"{line.name}, tier {line.tier}"
            ends = [total - line.counted.estimate + end for end in (line.counted.low, line.counted.high)]
            bounds = (signed(line.quantity.low), signed(line.quantity.high))
            found.append(Lever(line.id, name, *bounds, *ends))
    for each in assumptions:
        low, high = (each.low, each.high) if each.is_range else (each.likely * (1 - vary), each.likely * (1 + vary))
        ends = [sheet.total({**given, each.id: end}) for end in (low, high)]
        found.append(Lever(each.id, each.name, number(low), number(high), *ends))
    moving = [lever for lever in found if lever.swing > 0]
    return tuple(sorted(moving, key=lambda lever: (-lever.swing, lever.id))[:LEVERS_SHOWN])


def _sentence(total: Range | None, results: Sequence[TierResult], lines: Sequence[ValueLine], priced: Priced) -> str:
    """The result in words; that it may be nothing is said where the range says so."""
    tiers = [result.tier for result in results if result.is_priced]
    if not results:
        return "No value is given: nothing can be compared with a baseline."
    if total is None:
        if not any(line.amount is not None for line in lines):
            if priced.assumptions:
                return "No value is given in money: nothing of what was measured can be priced."
            return "No value is given in money: no assumption to price anything with is there."
        missing = plural(len(priced.missing), "assumption")
        return f"No total is given: {missing} for it {'is' if len(priced.missing) == 1 else 'are'} missing."
    span = money_range(total.low, total.high, priced.currency)
    likely = money(total.estimate, priced.currency)
    if not tiers:
        lead = "no tier's gain may be priced; what is left is cost"
    else:
        lead = f"the gains of {tiers_in_words(tiers)}, less the costs of all tiers and of the tools"
    ending = ""
    if total.low < 0 < total.high:
        ending = ": we do not know whether it paid for itself"
    elif total.low > 0:
        ending = ": more than it cost"
    elif total.high < 0 and tiers:
        ending = ": less than it cost"
    return sentence(f"{lead}: {span}, estimate {likely}{ending}")


def _self_reported(settings: Settings, figures: Sequence[Figure]) -> str:
    """What people say, beside what was measured; nothing where nothing was measured."""
    told = settings.self_reported
    measured = [f for f in figures if (f.metric, f.statistic) == ("validated_throughput", "per_engineer_week")]
    if told is None or not measured:
        return ""
    beside = joined(
        [f"{_relative(f)} in tier {f.tier}" for f in sorted(measured, key=lambda f: f.tier) if f.baseline_value]
    )
    return (
        f"{plural(told.people, 'person')} reported to save {number(told.hours_per_week)} h a week ({told.source})."
        f" Measured beside it, validated changes per engineer-week: {beside}. What is reported enters no sum: in a"
        " controlled trial (METR, 2025) developers believed to be 20 % faster and were 19 % slower."
    ).replace("persons", "people")


def _relative(figure: Figure) -> str:
    if figure.value is None or not figure.baseline_value:
        return "not known"
    change = figure.value / figure.baseline_value - 1
    return f"{'+' if change > 0 else MINUS}{share(abs(change))}"
