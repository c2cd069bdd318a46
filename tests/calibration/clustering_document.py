"""docs/clustering-and-censoring.md: the sentences and tables of what `clustering_and_censoring` measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from metrics.words import count, number, quantity


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; None where the data bear none."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def width(self) -> float | None:
        """From the lower bound to the upper one."""
        return None if self.low is None or self.high is None else self.high - self.low

    @property
    def excludes_zero(self) -> bool:
        """Whether a change is told from none."""
        return (self.low is not None and self.low > 0) or (self.high is not None and self.high < 0)


@dataclass(frozen=True)
class Clustering:
    """One figure of the quarter: its level and its change, clustered by repository and with independent units."""

    name: str
    unit: str
    statistic: str
    tier: str
    n: int
    level: Interval
    level_alone: Interval
    change: Interval
    change_alone: Interval

    @property
    def of_level(self) -> float | None:
        """How many times wider the clustered interval of the level is."""
        return _ratio(self.level.width, self.level_alone.width)

    @property
    def of_change(self) -> float | None:
        """How many times wider the clustered interval of the change is."""
        return _ratio(self.change.width, self.change_alone.width)


@dataclass(frozen=True)
class Censoring:
    """One cohort that entered in the quarter: the median of what has ended, and that of the product limit."""

    name: str
    unit: str
    tier: str
    n: int
    still_open: int
    finished: float | None
    product_limit: float | None

    @property
    def flattered(self) -> float | None:
        """By what share the median of what has ended lies below the product-limit one."""
        if self.finished is None or not self.product_limit:
            return None
        return 1 - self.finished / self.product_limit


TOLD = ("hours", "fraction")
"""Units that stand with every number."""

INTRODUCTION = """# What clustering and censoring do

Made by `make clustering` from the sample organisation: its last complete quarter (2026Q3), by tier. Figures of the
headline metrics that are distributions or ratios and are clustered by repository; every number comes from the engine
that a build runs.

## Clustering

Work in one repository is alike, so a hundred changes of one repository tell less than one change each of a hundred.
An interval that takes all changes as independent is too narrow: it takes a good quarter of three busy repositories for
an improvement of the tier. Below stand both intervals of the same figures, from the same units and by the same
estimators; for the independent one each unit was put into a repository of its own. *Width* is how many times wider the
published interval is: 1 says that repositories differ by no more than chance, 2 that it takes four times the changes to
know as much. Below 1 is chance in what repositories differ by. Where a bound is not known the data bear none, and no
width is given.

The change since the baseline is where it matters, for verdicts rest on it: a repository's own level cancels there, and
what remains is that repositories did not all move alike.
"""

CENSORING = """## Censoring

The median of finished work leaves out what is still open, which is the slow part. Below, of the cohort that entered in
the quarter (changes opened, changes merged, incidents opened, intents approved, deployments failed): the median of
those that have ended, and the product-limit median (`km_p50`), in which unfinished work counts for as long as it has
been seen; as it stood on the quarter's last day, and at the sample's cut a month later. *Flattered* is by how much the
first median is lower: where it is 10 % or more the row's note in `metric_values` says so. A cycle time of the quarter
that is read on its last day looks better than the same quarter a month later, when the slow changes have ended; the
product-limit median has told so from the start.

The median interpolates between the two middle ones of an even number, the product limit takes the lower of them: in a
small cohort in which little is open it can lie below (–). An intent that was dropped
leaves its cohort.
"""


def document(figures: Sequence[Clustering], then: Sequence[Censoring], now: Sequence[Censoring]) -> str:
    """The whole page."""
    parts = [INTRODUCTION, summary(figures), "", *_figures_table(figures), "", CENSORING]
    parts += [*_censoring_table(then, now), ""]
    return "\n".join(parts)


def summary(figures: Sequence[Clustering]) -> str:
    """The widths in one table, by kind of figure, and how many changes are told from none either way."""
    kinds = {"medians": "p50", "90th percentiles": "p90", "rates": "rate"}
    lines = ["| width, clustered ÷ independent | figures | level: median | largest | change: median | largest |"]
    lines.append("| --- |" + " --- |" * 5)
    for kind, statistic in kinds.items():
        rows = [row for row in figures if row.statistic == statistic]
        levels, changes = _known(row.of_level for row in rows), _known(row.of_change for row in rows)
        cells = (f"{median(levels):.2f}", f"{max(levels):.2f}", f"{median(changes):.2f}", f"{max(changes):.2f}")
        lines.append(f"| {kind} | {len(rows)} | {' | '.join(cells)} |")
    alone = [row for row in figures if row.change_alone.excludes_zero]
    lost = [row for row in alone if not row.change.excludes_zero]
    named = "; ".join(f"{row.name}, tier {row.tier}, {row.statistic}" for row in lost)
    told = f"Of {len(figures)} changes since the baseline {len(alone)} would pass for real (95 %) if units were"
    lines += ["", f"{told} independent; {len(lost)} of those do not when clustered{': ' + named if lost else ''}."]
    return "\n".join(lines)


def _figures_table(figures: Sequence[Clustering]) -> list[str]:
    lines = ["| figure | tier | n | value | clustered by repository | as independent | width | width of change |"]
    lines.append("| --- |" + " --- |" * 7)
    for row in figures:
        cells = (
            f"{row.name}, {row.statistic}{'' if row.unit in TOLD else f' ({row.unit})'}",
            row.tier,
            count(row.n),
            _words(row.level.value, row.unit),
            _bounds(row.level, row.unit),
            _bounds(row.level_alone, row.unit),
            _width(row.of_level),
            _width(row.of_change),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _censoring_table(then: Sequence[Censoring], now: Sequence[Censoring]) -> list[str]:
    lines = [
        "| cohort | tier | on the last day: n | open | ended p50 | km_p50 | flattered | a month later: open | ended"
    ]
    lines[0] += " p50 | km_p50 | flattered |"
    lines.append("| --- |" + " --- |" * 10)
    later = {(row.name, row.tier): row for row in now}
    for row in then:
        cells = [row.name, row.tier, count(row.n), *_censored(row)]
        cells += _censored(later[(row.name, row.tier)])
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _censored(row: Censoring) -> list[str]:
    share = "–" if row.flattered is None or row.flattered < 0 else f"{100 * row.flattered:.1f} %"
    return [count(row.still_open), _words(row.finished, row.unit), _words(row.product_limit, row.unit), share]


def _ratio(clustered: float | None, alone: float | None) -> float | None:
    return None if clustered is None or not alone else clustered / alone


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _words(value: float | None, unit: str) -> str:
    """Durations and shares with their unit, as figures elsewhere; others without, which the row's name tells."""
    if value is None:
        return "–"
    return quantity(value, unit) if unit in TOLD else number(value)


def _bounds(interval: Interval, unit: str) -> str:
    return f"{_words(interval.low, unit)} to {_words(interval.high, unit)}"


def _width(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
