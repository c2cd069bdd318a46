"""What a definition is made of: metrics, their estimators and worked examples, and constraints.

Definitions are data. A metric names a fact (a relation made by `metrics.facts`), a filter, a value and an instant as
SQL expressions over that
fact's columns; `metrics.aggregate` runs them all. Nothing here computes anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Side = Literal["leading", "lagging"]
Direction = Literal["lower", "higher", "context"]
"""Which way is better; `context` metrics are read, not judged."""
Cluster = Literal["repository", "reviewer", "team"]


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """The cohort over which work that has not ended yet is counted as censored (product-limit estimate).

    `start` is the instant at which a unit enters (and the window that it belongs to), `end` the instant that ended
    it, null while it runs;
    a unit that has ended by the cut counts as an event. `where` restricts the fact's rows.
    """

    fact: str
    start: str
    end: str
    where: str = "true"
    hours_per_unit: float = 1.0
    """How many hours the metric's unit has: 24 for days."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A value per unit, reported whole: n, mean, quantiles, histogram. Quantile intervals by Woodruff's inversion.

    `value` is in the metric's unit; `time` decides the window; units whose value or instant is null are left out.
    """

    fact: str
    time: str
    value: str
    where: str = "true"
    category: str | None = None
    unfinished: Unfinished | None = None
    is_signed: bool = False
    """Whether values lie on both sides of zero: quantiles have no relative change then; the mean is compared."""
    first_bin: float = 1.0 / 60.0
    """Upper edge of the histogram's lowest bin, in the metric's unit (one minute, for hours)."""
    name = "distribution"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of one fact that add to the numerator, the denominator or both of a ratio.

    A part without a `category` in a ratio that has one elsewhere stands under every category (a common denominator).
    """

    fact: str
    time: str
    numerator: str = "0"
    denominator: str = "0"
    where: str = "true"
    category: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio of sums over all parts. `share`: the numerator is part of the denominator (Wilson on the effective size).

    `events`: counted events per unit, of which several may fall on one (score interval of a Poisson count on the
    effective size).
    """

    parts: tuple[Part, ...]
    kind: Literal["share", "events"] = "share"
    scale: float = 1.0
    statistic: str = "rate"
    counts_events: bool = True
    """Whether the numerator counts events (and can be judged per week), rather than lines or other amounts."""
    weekly: bool = False
    """Whether the numerator is published as `count` and `per_week` too.

    Windows with a denominator and no event are zeros.
    """
    divisor: int = 1
    """What sums of denominators are divided by: days come as whole numbers and are given in weeks."""
    name = "ratio of sums"


@dataclass(frozen=True, kw_only=True)
class Count:
    """Units counted: `count`, and `per_week` of the time elapsed in the window."""

    fact: str
    time: str
    where: str = "true"
    category: str | None = None
    per_engineer: bool = False
    """Whether they are teams' changes, given `per_engineer_week` where `team_capacity` tells the engineers."""
    name = "count"


@dataclass(frozen=True, kw_only=True)
class Downtime:
    """The union of intervals per service, in hours: overlapping incidents of one service count once.

    Statistic `downtime`.
    """

    fact: str
    start: str
    end: str
    where: str = "true"
    name = "union of intervals"


@dataclass(frozen=True, kw_only=True)
class Stock:
    """What is in a state at the end of each window (at the cut, while it runs): entered at `start`, left at `end`.

    Statistic `count`; with a `numerator` (SQL over the fact and the instant `moment`), statistic `rate`: the share for
    which it holds. A level has no interval.
    """

    fact: str
    start: str
    end: str
    where: str = "true"
    numerator: str | None = None
    name = "stock at the window's end"


@dataclass(frozen=True, kw_only=True)
class Variation:
    """Coefficient of variation (`cv`) of the weekly count over the weeks that end with a month or quarter."""

    fact: str
    time: str
    where: str = "true"
    weeks: int = 26
    name = "coefficient of variation"


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much falls on one holder in one calendar week: a distribution over the holder-weeks with at least one unit.

    `holder` is SQL of an integer code that names nobody; `time` decides the week, and the first unit of a holder-week
    the window. The week that still runs is left out. Over the holders of a window also `gini` and `top_decile_share`.
    In the mixed figure a holder's week is one, whatever tiers its units are of.
    """

    fact: str
    time: str
    holder: str
    where: str = "true"
    name = "load per holder and week"


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """How many units are open at once: a distribution over holder-days, each the average over the local day.

    A unit is open from `start` to `end` (null: still open at the cut). Days on which a holder had nothing open are
    left out. In the mixed figure a holder's day is one, whatever tiers its units are of.
    """

    fact: str
    start: str
    end: str
    holder: str
    where: str = "true"
    name = "units open at once"


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What counts as an outcome: rows of a fact, each with the instant at which it came about."""

    fact: str
    time: str
    recorded: str
    """The instant at which it enters the books: where no row has one, nobody keeps such outcomes."""
    says: str
    """What they are, as a sentence for the note of each row."""
    where: str = "true"


@dataclass(frozen=True, kw_only=True)
class PerTeamWeek:
    """Outcomes divided by team-weeks (statistic `rate`), a ratio of sums clustered by team.

    A team-week is a calendar week in which a team had a unit of `activity` open in the tier; a week that lies in two
    windows counts in each by its days. In the mixed figure a team's week is one, whatever tiers it worked in.
    `otherwise` stands in where nobody keeps outcomes of the first kind.
    """

    outcomes: Outcomes
    otherwise: Outcomes
    activity: Concurrency
    name = "outcomes per team-week"


Estimator = Distribution | Ratio | Count | Downtime | Stock | Variation | Load | Concurrency | PerTeamWeek


@dataclass(frozen=True, kw_only=True)
class Example:
    """A worked example: a few rows of the facts, and what the metric must make of them in one window.

    `facts` maps a fact to rows (columns left out are null; `tier` defaults to 3, a repository of its own is given to
    all).
    `expect` maps a statistic to its value (None: no such row) in tier `tier` (or `'all'`) for the window [start, end).
    """

    says: str
    facts: Mapping[str, Sequence[Mapping[str, object]]]
    expect: Mapping[str, float | None]
    grain: Literal["week", "month", "quarter"] = "month"
    start: date = date(2026, 1, 1)
    tier: str = "3"
    segment_kind: str = "all"
    segment: str = "all"
    cut: date | None = None
    """The day at whose beginning events are cut; without one, a year after the window's start, when all has settled."""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Units whose outcome may still be open after the follow-up, as it waits for something else first.

    `until` is an SQL instant: while it lies after the cut, the unit of that window may still come to count.
    """

    fact: str
    time: str
    among: str
    until: str


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One version of a definition: when it took effect, who owned it, and why it changed."""

    version: str
    effective_at: date
    change: str
    owner: str = "measurement owner"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One definition of the metric tree."""

    id: str
    name: str
    side: Side
    unit: str
    direction: Direction
    formula: str
    source: str
    estimators: tuple[Estimator, ...]
    revisions: tuple[Revision, ...]
    examples: tuple[Example, ...]
    caveats: tuple[str, ...] = ()
    place: int = 100
    """Where it stands among the headlines or the others of its side, or among its parent's parts; ties by id."""
    headline: bool = False
    core: bool = False
    """Core metrics are also given by team and by repository."""
    parent: str | None = None
    """The metric that this one is a part of (a stage of the lead time)."""
    follow_up: timedelta = timedelta(0)
    """How long after a window's end its outcomes may still arrive; until then the window is provisional."""
    pending: Pending | None = None
    """What keeps a window provisional beyond its follow-up, as long as more than a hundredth of its units is open."""
    inputs: tuple[str, ...] = ("changes",)
    """Event tables without which there is nothing to measure."""
    requires: str = ""
    """What the workspace must have said for it to be measured, in words: `a section of plumbline.toml`."""
    watched: tuple[str, ...] = ()
    """Kinds of outcome (register `coverage`) of which at least one must be watched; units from before are left out."""
    targets: Mapping[int, float] = field(default_factory=dict)
    """Target per tier, in the metric's unit; a tier without one has none."""
    reporting: str = "weekly on the dashboard, monthly in the brief"
    audience: str = "engineering leaders, measurement owner"
    paired_constraints: tuple[str, ...] = ()
    owner: str = "measurement owner"
    clustered_by: Cluster = "repository"
    """What work is alike in, and intervals are clustered by."""

    @property
    def version(self) -> str:
        """The version in force: that of the newest revision."""
        return self.revisions[-1].version


@dataclass(frozen=True)
class Inconclusive:
    """A result that is none, with the reason in words and what it would take."""

    reason: str


MarginKind = Literal["rate", "duration", "count"]
"""What a guardrail's margin is a margin of: a share or rate of events, a duration, a count per week (METRICS §5)."""

Status = Literal["violated", "at_risk", "inconclusive", "holds", "not_triggered"]
STATUSES: tuple[Status, ...] = ("violated", "at_risk", "inconclusive", "holds", "not_triggered")
"""Worst first."""

Claim = Literal["claimable", "with_reservation", "not_claimable", "none"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One statistic of one metric, and which way of it is worse."""

    metric: str
    statistic: str
    margin: MarginKind
    worse: Literal["higher", "lower"] = "higher"
    otherwise: str | None = None
    """The statistic read where the first is not there; a gain read so bears no claim (hiring is none, METRICS §5)."""
    above_zero: bool = False
    """A gain that is a level above zero, rather than better than the baseline."""
    beside: str | None = None
    """A guardrail that must do better than the same statistic of this other metric, in the same window."""
    tiers: tuple[str, ...] = ()
    """The only tiers in which a guardrail is judged; all where empty."""
    own_margins: tuple[tuple[str, float], ...] = ()
    """Relative margins that a workspace sets in place of the default, by tier."""


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """What may not get worse while something else gets better.

    `gains` trigger it (none: always triggered); each statistic among them is tested at the level divided by their
    number.
    `guardrails` are judged in the same tier. With `same_metric_only`, only those of a metric that did improve are
    judged;
    `across_tiers` looks for the gain in the mixed figure and for the guardrails in every tier.
    """

    id: str
    name: str
    question: str
    explanation: str
    gains: tuple[Figure, ...]
    guardrails: tuple[Figure, ...]
    revisions: tuple[Revision, ...]
    same_metric_only: bool = False
    across_tiers: bool = False
    tiers: tuple[str, ...] = ()
    """The only tiers that are judged; all where empty."""
    place: int = 100
    """Where it stands in grids and briefs, the most important first; ties by id. A workspace's own come last."""
    owner: str = "measurement owner"

    @property
    def version(self) -> str:
        """The version in force: that of the newest revision."""
        return self.revisions[-1].version

    @property
    def always(self) -> bool:
        """Whether it is judged without a gain."""
        return not self.gains
