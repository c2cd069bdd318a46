"""The monthly stability brief as data: what every form of it (Markdown, HTML, JSON, CSV) shows alike.

Instants are ISO-8601 texts in UTC; days are local days of the workspace. A null figure is one that cannot be given.
"""

from dataclasses import dataclass
from datetime import date

from metrics import words


@dataclass(frozen=True)
class Revision:
    """A later edition of a brief that was given out before: its number, against what, and what changed."""

    number: int
    sentence: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One statistic of one tier in the month, against its baseline.

    `change` with its 95 % interval is relative for durations and counts, absolute in the metric's unit for rates.
    """

    metric: str
    statistic: str
    name: str
    tier: str
    unit: str
    is_relative: bool
    baseline_value: float | None
    value: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    n: int | None
    direction: str
    is_provisional: bool
    is_headline: bool

    @property
    def value_text(self) -> str:
        """The month's value, without a long unit."""
        return words.UNKNOWN if self.value is None else words.short(self.value, self.unit)

    @property
    def baseline_text(self) -> str:
        """The baseline's value, without a long unit."""
        return words.UNKNOWN if self.baseline_value is None else words.short(self.baseline_value, self.unit)

    @property
    def change_text(self) -> str:
        """The change, with its sign."""
        return words.UNKNOWN if self.change is None else words.difference(self.change, self.unit, self.is_relative)

    @property
    def interval_text(self) -> str:
        """The 95 % interval of the change."""
        return words.interval(self.change_low, self.change_high, self.unit, self.is_relative)

    @property
    def direction_text(self) -> str:
        """What became of it, in a word or two. What is provisional may still rise, so its fall says nothing yet."""
        if self.is_unsettled:
            return words.DIRECTION_NAMES["unsettled"]
        if self.change_low is None or self.change_high is None:
            return words.UNKNOWN
        return words.DIRECTION_NAMES.get(self.direction, self.direction)

    @property
    def is_unsettled(self) -> bool:
        """Whether it fell, or stayed, in a month of which outcomes may still arrive: they can only add to it."""
        return self.is_provisional and self.direction in ("improved", "worsened", "unchanged") and not self.rose

    @property
    def rose(self) -> bool:
        """Whether the value is above the baseline's."""
        return (self.change or 0.0) > 0


@dataclass(frozen=True)
class TrendPoint:
    """One month of a trend; the bounds are of the 95 % interval."""

    month: date
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Trend:
    """A figure over the months up to the brief's, beside its baseline."""

    metric: str
    statistic: str
    tier: str
    baseline_value: float | None
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True)
class RecordBehind:
    """A record behind a violation: what it is, its id, and where it can be looked at (empty where nobody knows)."""

    kind: str
    id: str
    url: str

    @property
    def name(self) -> str:
        """The id without the host and owner that a reader knows."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True)
class Standing:
    """What the verdicts of one tier and window come to. `status` and `claim` are empty where nothing was judged."""

    grain: str
    window_start: date
    window_end: date
    status: str
    claim: str
    is_provisional: bool
    sentence: str
    claim_sentence: str
    records: tuple[RecordBehind, ...] = ()
    """Of a violation, the worst records to look at first."""

    @property
    def status_text(self) -> str:
        """The status in words."""
        return words.STATUS_NAMES.get(self.status, words.UNKNOWN)


@dataclass(frozen=True)
class Movement:
    """A metric that moved, or looks as if it had, in a sentence without its direction.

    `direction` is that of a comparison, or `unsettled` for a fall that outcomes still to come may undo.
    """

    direction: str
    sentence: str

    @property
    def direction_text(self) -> str:
        """`Better`, `Worse`, `Unclear` or `May still rise`."""
        return words.DIRECTION_NAMES[self.direction].capitalize()


@dataclass(frozen=True)
class TierSection:
    """One tier: how it stands, what moved, and what looks as if it had."""

    tier: str
    name: str
    standings: tuple[Standing, ...]
    moved: tuple[Movement, ...]
    not_moved: tuple[Movement, ...]


@dataclass(frozen=True)
class Action:
    """Something that was done: a control changed, or a decision taken."""

    day: date
    kind: str
    tiers: tuple[str, ...]
    text: str
    owner: str
    effect: str
    is_in_month: bool


@dataclass(frozen=True)
class Commitment:
    """A decision that is open or was closed in the month."""

    decision_id: str
    subject: str
    action: str
    owner: str
    decided_on: date
    due_on: date | None
    closed_on: date | None
    is_overdue: bool


@dataclass(frozen=True)
class ExceptionCount:
    """Exceptions of one tier (`all` for those of every tier) at the month's end."""

    tier: str
    in_force: int
    overdue: int
    never_reviewed: int


@dataclass(frozen=True)
class OverdueException:
    """An exception past its expiry that nobody closed."""

    exception_id: str
    policy: str
    where: str
    approver: str
    expired_on: date
    days_overdue: int


@dataclass(frozen=True)
class Constriction:
    """The stage that holds most of a tier's lead time, and its remedy."""

    tier: str
    stage: str
    share: float | None
    finding: str
    next_step: str

    @property
    def share_text(self) -> str:
        """The share in per cent."""
        return words.UNKNOWN if self.share is None else words.share(self.share)


@dataclass(frozen=True)
class Undecided:
    """A violation on which no decision is recorded: the verdicts that say so."""

    tier: str
    constraint: str
    since: date
    verdict_ids: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class NextStep:
    """Something to do, the command that records it (or empty), why, and who might."""

    text: str
    command: str
    reason: str
    owner: str


@dataclass(frozen=True)
class Quality:
    """What a reader has to know of the data, one sentence each."""

    freshness: tuple[str, ...]
    rejected: tuple[str, ...]
    provisional: tuple[str, ...]
    not_judged: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class BaselineNote:
    """The period that a tier is compared with."""

    tier: str
    start: date
    end: date
    set_by: str
    reason: str


@dataclass(frozen=True)
class DefinitionNote:
    """The version of a definition that was used."""

    id: str
    version: str


@dataclass(frozen=True)
class Identity:
    """What the brief was made from: the same identity gives the same brief, to the byte."""

    organisation: str
    snapshot_id: str
    as_of: str
    known_at: str | None
    timezone: str
    locale: str = words.ENGLISH


@dataclass(frozen=True)
class MonthlyBrief:
    """The monthly stability brief."""

    title: str
    month: date
    month_end: date
    is_running: bool
    identity: Identity
    summary: tuple[str, ...]
    tiers: tuple[TierSection, ...]
    chance_note: str
    figures: tuple[Figure, ...]
    trends: tuple[Trend, ...]
    actions: tuple[Action, ...]
    actions_note: str
    commitments: tuple[Commitment, ...]
    undecided: tuple[Undecided, ...]
    exception_counts: tuple[ExceptionCount, ...]
    overdue_exceptions: tuple[OverdueException, ...]
    exceptions_note: str
    constrictions: tuple[Constriction, ...]
    next_steps: tuple[NextStep, ...]
    quality: Quality
    baselines: tuple[BaselineNote, ...]
    baselines_note: str
    definitions: tuple[DefinitionNote, ...]
    definitions_note: str
    revision: Revision | None = None
    format: int = 1

    @property
    def headline_figures(self) -> tuple[Figure, ...]:
        """The figures that the verdicts on speed and stability rest on."""
        return tuple(figure for figure in self.figures if figure.is_headline)
