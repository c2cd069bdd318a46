"""What the forms of the ROI report arrange alike: grids, the scale of a figure's bars, words for amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from metrics.briefs.document import Figure, Standing
from metrics.briefs.roi.document import Assumption, Curve, Lever, Range, RoiReport, ValueLine
from metrics.briefs.roi.figures import DRAWN
from metrics.definitions import all_metrics
from metrics.words import (
    UNKNOWN,
    day,
    joined,
    money,
    money_range,
    number,
    quantity,
    sentence,
    share,
    signed,
    within_sentence,
)
from pipelines.exports.charts import Scale, curve_chart, lever_bar, range_bar

GRAIN_NAMES = {"quarter": "the quarter", "trailing_year": "four quarters"}
QUANTILE_NAMES = {"p50": "Median", "p75": "75th percentile", "p90": "90th percentile", "p95": "95th percentile"}
KINDS = ("outcomes", "rework", "incidents", "reviews", "tools")
PROGRAMME_NAME = "All"
FIRST, LAST, EDGE_STEP = 4.0, 800.0, 2
PLAIN_CLAIM = "Claimable."
"""What the chip beside it says already."""
TOO_WIDE = 10.0
"""A relative change that may be more than tenfold comes of a handful of events."""
NAMED = 3
"""Lines that a note names before it counts them."""


@dataclass(frozen=True)
class RiskRow:
    """One risk over all tiers."""

    name: str
    unit: str
    cells: Mapping[str, Figure]


@dataclass(frozen=True)
class RoiLayout:
    """What the forms have in common. `window` and `quarter` are spans of days in words, both ends inclusive."""

    report: RoiReport
    window: str
    quarter: str
    tiers: tuple[str, ...]
    risks: tuple[RiskRow, ...]
    quantiles: Mapping[str, str]
    ledger_scale: Scale
    lever_scale: Scale
    plain_claim: str = PLAIN_CLAIM

    def grain(self, standing: Standing) -> str:
        """The length of a standing's window in words."""
        return GRAIN_NAMES.get(standing.grain, standing.grain)

    def money(self, amount: float) -> str:
        """An amount in the report's currency."""
        return money(amount, self.report.value.currency)

    def span(self, found: Range | None) -> str:
        """A range of money, or one amount where nothing was estimated."""
        if found is None:
            return UNKNOWN
        currency = self.report.value.currency
        if found.is_exact:
            return money(found.estimate, currency)
        return money_range(found.low, found.high, currency)

    def likely(self, found: Range | None) -> str:
        """The estimate of a range of money."""
        return UNKNOWN if found is None else money(found.estimate, self.report.value.currency)

    def measured(self, line: ValueLine) -> str:
        """`+30.3 (−160 to 220)`: what was measured of a line."""
        if line.quantity is None:
            return UNKNOWN
        if line.kind == "tools":
            return "–"
        found = line.quantity
        text = signed(found.estimate)
        return text if found.is_exact else f"{text} ({signed(found.low)} to {signed(found.high)})"

    def price(self, line: ValueLine) -> str:
        """The price of one unit of a line."""
        if line.kind == "tools":
            return "–"
        return UNKNOWN if line.price is None else money(line.price, self.report.value.currency)

    def whose(self, line: ValueLine) -> str:
        """The tier of a line."""
        return line.tier if line.tier.isdigit() else PROGRAMME_NAME

    def bar(self, line: ValueLine) -> Markup:
        """A line's counted amount as a drawing; nothing where it has none."""
        if line.counted is None:
            return Markup("")
        return range_bar(line.counted, self.ledger_scale, f"{line.name}: {self.span(line.counted)}")

    def sum_bar(self, found: Range, label: str) -> Markup:
        """A sum as a drawing on the scale of the ledger."""
        return range_bar(found, self.ledger_scale, f"{label}: {self.span(found)}", "sum")

    def ends(self, lever: Lever) -> str:
        """What the total becomes at both ends of a lever."""
        return money_range(lever.at_low, lever.at_high, self.report.value.currency)

    @property
    def units(self) -> tuple[tuple[str, str], ...]:
        """What the lines are measured in, by kind."""
        return tuple({line.kind: line.unit for line in self.report.value.lines if line.kind != "tools"}.items())

    @property
    def notes(self) -> tuple[str, ...]:
        """Why lines are not given, or not counted in full: every reason once, with the lines that it is for."""
        reasons: dict[str, list[str]] = {}
        for line in self.report.value.lines:
            for reason in filter(None, line.note.split("; ")):
                name = line.name if line.kind == "tools" else f"{within_sentence(line.name)} in tier {line.tier}"
                reasons.setdefault(reason, []).append(name)
        return tuple(sentence(_noted(reason, names)) for reason, names in reasons.items())

    def lever_bar(self, lever: Lever) -> Markup:
        """A lever as a drawing."""
        total = self.report.value.total
        middle = total.estimate if total is not None else 0.0
        label = f"{lever.name}: {self.money(lever.at_low)} to {self.money(lever.at_high)}"
        return lever_bar(lever.at_low, lever.at_high, middle, self.lever_scale, label)

    def curve(self, tier: str) -> Markup:
        """The whole distribution of a tier's lead time; nothing where there is none."""
        found = next((curve for curve in self.report.curves if (curve.metric, curve.tier) == (DRAWN, tier)), None)
        return curve_chart(found, f"Lead time for changes in tier {tier}, cumulative") if found else Markup("")

    @property
    def edges(self) -> tuple[float, ...]:
        """Hours at which the appendix tells distributions: every second edge of the bins from four hours to a month."""
        every = sorted({hours for curve in self.report.curves for hours in curve.hours if FIRST <= hours <= LAST})
        return tuple(every[::EDGE_STEP])

    @property
    def edge_names(self) -> tuple[str, ...]:
        """The edges in words."""
        return tuple(quantity(hours, "hours") for hours in self.edges)

    def shares(self, curve: Curve) -> tuple[str, ...]:
        """`12 % → 18 %` at each edge: the share that took at most so long, before and now."""
        return tuple(
            f"{share(_at(curve, curve.baseline, edge))} → {share(_at(curve, curve.window, edge))}"
            for edge in self.edges
        )

    def curve_name(self, curve: Curve) -> str:
        """What a curve is of."""
        return f"{all_metrics()[curve.metric].name}, tier {curve.tier}"

    def assumed(self, assumption: Assumption) -> str:
        """`5,000 (2,500 to 10,000) USD per hour`."""
        likely = number(assumption.likely)
        ends = f" ({number(assumption.low)} to {number(assumption.high)})" if assumption.is_range else ""
        return f"{likely}{ends} {assumption.unit}"

    def bounds(self, figure: Figure) -> str:
        """The interval of a change, unless it is too wide to say anything."""
        is_wide = figure.is_relative and figure.change_high is not None and figure.change_high > TOO_WIDE
        return "too few to tell" if is_wide else figure.interval_text

    def cell(self, figure: Figure | None) -> str:
        """A figure on one line of Markdown: before and now, and the change with its interval."""
        if figure is None:
            return UNKNOWN
        change = f"({figure.change_text}; {self.bounds(figure)})"
        return f"{figure.baseline_text} → **{figure.value_text}** {change}"

    def tone(self, figure: Figure) -> str:
        """The direction whose colour a figure takes; none while it is not settled."""
        return "" if figure.is_unsettled else figure.direction


def roi_layout(report: RoiReport) -> RoiLayout:
    """Arranges a report."""
    value = report.value
    counted = [line.counted for line in value.lines if line.counted is not None]
    sums = [each.amount for each in value.subtotals] + ([value.total] if value.total else [])
    bounds = [bound for found in (*counted, *sums) for bound in (found.low, found.high)]
    levers = [end for lever in value.levers for end in (lever.at_low, lever.at_high)]
    return RoiLayout(
        report=report,
        window=span(report.claim_start, report.claim_end),
        quarter=span(report.quarter, report.quarter_end),
        tiers=tuple(result.tier for result in report.tiers),
        risks=_risks(report.risks),
        quantiles=QUANTILE_NAMES,
        ledger_scale=Scale.of(bounds or [0.0]),
        lever_scale=Scale.of(levers or [0.0]),
    )


def span(start: date, end: date) -> str:
    """A span of days in words; `end` is exclusive, as in the tables, its last day is shown."""
    return f"{day(start)} to {day(end - timedelta(days=1))}"


def _at(curve: Curve, shares: tuple[float, ...], edge: float) -> float:
    """The share at an edge, which a tier without units in that bin may not have itself."""
    return max((each for hours, each in zip(curve.hours, shares, strict=True) if hours <= edge), default=0.0)


def _noted(reason: str, names: list[str]) -> str:
    shown = names if len(names) <= NAMED else [*names[:NAMED], f"{len(names) - NAMED} more"]
    return f"{joined(shown)}: {reason}"


def _risks(figures: tuple[Figure, ...]) -> tuple[RiskRow, ...]:
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault((figure.metric, figure.statistic), {})[figure.tier] = figure
    found = []
    for cells in rows.values():
        first = next(iter(cells.values()))
        name = sentence(first.name).rstrip(".")
        unit = "" if first.unit in ("hours", "fraction") or name.endswith(first.unit) else first.unit
        found.append(RiskRow(name, unit, cells))
    return tuple(found)
