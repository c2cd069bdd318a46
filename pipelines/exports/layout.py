"""What both printed forms of the brief arrange alike: the grid of headline figures, and how much of a list is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.briefs.document import Action, Figure, MonthlyBrief, Standing, TierSection, Trend
from metrics.briefs.figures import figure_name
from metrics.words import day, sentence, tier_name

OVERDUE_SHOWN = 3
UNITS_WITH_SIGN = ("hours", "fraction")
GRAIN_NAMES = {"month": "Month", "quarter": "Quarter", "trailing_year": "Four quarters"}


@dataclass(frozen=True)
class GridRow:
    """One headline figure over all tiers."""

    metric: str
    statistic: str
    name: str
    unit: str
    cells: Mapping[str, Figure]
    trends: Mapping[str, Trend]


@dataclass(frozen=True)
class Layout:
    """What the forms have in common. `period` and `baseline` are spans of days in words, both ends inclusive."""

    period: str
    baseline: str
    tiers: tuple[str, ...]
    tier_names: Mapping[str, str]
    grid: tuple[GridRow, ...]
    actions: tuple[Action, ...]
    overdue_shown: int
    overdue_left: int
    quality: tuple[str, ...]
    grain_names: Mapping[str, str]
    months: int

    def standing(self, section: TierSection, grain: str) -> Standing | None:
        """How a tier stands in the window of that length; None where it has none."""
        return next((standing for standing in section.standings if standing.grain == grain), None)

    def told(self, section: TierSection) -> list[Standing]:
        """The month, and the longest other window that was judged."""
        longer = [standing for standing in section.standings if standing.grain != "month" and standing.status]
        return [*(standing for standing in section.standings if standing.grain == "month"), *longer[-1:]]

    def tone(self, figure: Figure) -> str:
        """The direction whose colour a figure takes; none while it is not settled."""
        return "" if figure.is_unsettled else figure.direction

    def actions_of(self, tier: str | None) -> list[Action]:
        """What was done in a tier alone, or with None what was done in all of them."""
        wanted = "all" if tier is None else tier
        return [] if tier == "all" else [action for action in self.actions if wanted in action.tiers]


def layout_of(brief: MonthlyBrief) -> Layout:
    """Arranges a brief."""
    tiers = tuple(section.tier for section in brief.tiers)
    return Layout(
        period=span(brief.month, brief.month_end),
        baseline=baseline_words(brief),
        tiers=tiers,
        tier_names={tier: tier_name(tier) for tier in tiers},
        grid=_grid(brief.headline_figures, brief.trends),
        actions=brief.actions,
        overdue_shown=OVERDUE_SHOWN,
        overdue_left=max(len(brief.overdue_exceptions) - OVERDUE_SHOWN, 0),
        quality=_quality(brief),
        grain_names=GRAIN_NAMES,
        months=max((len(trend.points) for trend in brief.trends), default=0),
    )


def span(start: date, end: date) -> str:
    """A span of days in words; `end` is exclusive, as in the tables, its last day is shown."""
    return f"{day(start)} to {day(end - timedelta(days=1))}"


def _quality(brief: MonthlyBrief) -> tuple[str, ...]:
    known = brief.quality
    sentences = (*known.provisional, *known.not_judged, *known.freshness, *known.rejected, *known.links)
    return (*sentences, brief.baselines_note, brief.definitions_note)


def baseline_words(brief: MonthlyBrief) -> str:
    """The baselines, tiers with the same one together."""
    groups: dict[tuple[date, date], list[str]] = {}
    for note in brief.baselines:
        groups.setdefault((note.start, note.end), []).append(note.tier)
    if not groups:
        return "the window before each, because no baseline is named"
    if len(groups) == 1:
        return span(*next(iter(groups)))
    return "; ".join(f"{span(*period)} (tiers {', '.join(tiers)})" for period, tiers in sorted(groups.items()))


def _grid(figures: Sequence[Figure], trends: Sequence[Trend]) -> tuple[GridRow, ...]:
    rows = []
    for metric, statistic in dict.fromkeys((figure.metric, figure.statistic) for figure in figures):
        cells = {f.tier: f for f in figures if (f.metric, f.statistic) == (metric, statistic)}
        unit = next(iter(cells.values())).unit
        drawn = {t.tier: t for t in trends if (t.metric, t.statistic) == (metric, statistic)}
        name = sentence(figure_name(metric, statistic)).rstrip(".")
        shown = "" if unit in UNITS_WITH_SIGN or name.endswith(unit) else unit
        rows.append(GridRow(metric, statistic, name, shown, cells, drawn))
    return tuple(rows)
