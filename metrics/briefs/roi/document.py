"""The ROI report as data: what every form of it (Markdown, HTML, PDF, JSON, CSV) shows alike.

Amounts are in `Value.currency`; days are local days of the workspace; a null figure is one that cannot be given.
"""

from dataclasses import dataclass
from datetime import date

from metrics import words
from metrics.briefs.document import (
    Action,
    BaselineNote,
    ExceptionCount,
    Figure,
    Identity,
    Movement,
    OverdueException,
    Revision,
    Standing,
    Undecided,
)


@dataclass(frozen=True)
class Range:
    """An estimate with the bounds of its 95 % interval; equal to it where nothing was estimated."""

    estimate: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        """Whether it has no interval."""
        return self.low == self.high


@dataclass(frozen=True)
class Enabling:
    """A control change with what was measured of the tier's gain in the quarter after it."""

    day: date
    kind: str
    text: str
    owner: str
    effect: str


@dataclass(frozen=True)
class Distribution:
    """Quantiles of a duration in the baseline and in the window, from the middle to the tail."""

    metric: str
    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Curve:
    """Which share of the units took at most so many hours, before and now: the edges of the histograms' bins."""

    metric: str
    tier: str
    hours: tuple[float, ...]
    baseline: tuple[float, ...]
    window: tuple[float, ...]


@dataclass(frozen=True)
class TierResult:
    """One tier: what it may claim, what improved, and which controls that can be put down to.

    `claim` is that of the claim window; `status` the worst of its verdicts; `is_priced` whether gains count as value.
    """

    tier: str
    name: str
    claim: str
    is_priced: bool
    standing: Standing | None
    quarter: Standing | None
    claim_sentence: str
    gains: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    improved: tuple[Movement, ...]
    worsened: tuple[Movement, ...]
    enabled_by: tuple[Enabling, ...]
    enabled_note: str

    @property
    def claim_text(self) -> str:
        """The claim in words."""
        return words.CLAIM_NAMES.get(self.claim, words.UNKNOWN)


@dataclass(frozen=True)
class Assumption:
    """A figure that value rests on and nobody measured here, with where it was given."""

    id: str
    name: str
    low: float
    likely: float
    high: float
    unit: str
    source: str

    @property
    def is_range(self) -> bool:
        """Whether it was given as a range."""
        return self.low < self.high


@dataclass(frozen=True)
class ValueLine:
    """One line of the ledger.

    `quantity` times `price` is `amount`; `counted` is what of it enters the total: a tier whose gain may not be
    claimed, and reviews, count only where they cost. `note` says why a line has no amount or is not counted in full.
    """

    id: str
    kind: str
    tier: str
    name: str
    unit: str
    quantity: Range | None
    price: float | None
    amount: Range | None
    counted: Range | None
    note: str


@dataclass(frozen=True)
class Lever:
    """What the total would be at both ends of one thing that it depends on, everything else as estimated."""

    id: str
    name: str
    low_text: str
    high_text: str
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """How far the total moves."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Spending:
    """What was paid for a category in the window, beside what it would have been at the baseline's rate."""

    category: str
    amount: float
    at_baseline_rate: float

    @property
    def extra(self) -> float:
        """What counts as a cost."""
        return self.amount - self.at_baseline_rate


@dataclass(frozen=True)
class Subtotal:
    """Lines that belong together: `claimed` of tiers that may claim, `cost` of the others, `tools`."""

    id: str
    name: str
    amount: Range


@dataclass(frozen=True)
class Value:
    """The ledger. `total` is null where a cost is not known; `missing` then names what to give."""

    currency: str
    start: date
    end: date
    lines: tuple[ValueLine, ...]
    spending: tuple[Spending, ...]
    subtotals: tuple[Subtotal, ...]
    total: Range | None
    sentence: str
    missing: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    levers: tuple[Lever, ...]
    rules: tuple[str, ...]
    self_reported: str

    @property
    def has_money(self) -> bool:
        """Whether any line has an amount."""
        return any(line.amount is not None for line in self.lines)


@dataclass(frozen=True)
class PhaseDecision:
    """When a tier left a phase of the rollout, or was kept in it, and at what price."""

    tier: str
    to_phase: str
    is_approved: bool
    decided_on: date
    approvers: str
    remediation: str


@dataclass(frozen=True)
class Criterion:
    """A criterion of a phase that a tier has not passed."""

    tier: str
    criterion: str
    outcome: str
    note: str


@dataclass(frozen=True)
class Phase:
    """The phase at whose end the report was made."""

    name: str
    decisions: tuple[PhaseDecision, ...]
    passed: int
    open: tuple[Criterion, ...]


@dataclass(frozen=True)
class Confidence:
    """How sure we are, sentence by sentence."""

    comparison: tuple[str, ...]
    uncertainty: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True)
class DefinitionEntry:
    """A definition that was used, for the appendix."""

    id: str
    name: str
    kind: str
    version: str
    says: str


@dataclass(frozen=True)
class RoiReport:
    """The ROI report of a quarter, or of the quarter that was over when a phase ended."""

    title: str
    quarter: date
    quarter_end: date
    claim_start: date
    claim_end: date
    identity: Identity
    phase: Phase | None
    is_provisional: bool
    summary: tuple[str, ...]
    scope: tuple[str, ...]
    controls: tuple[Action, ...]
    controls_note: str
    tiers: tuple[TierResult, ...]
    curves: tuple[Curve, ...]
    risks: tuple[Figure, ...]
    risk_notes: tuple[str, ...]
    undecided: tuple[Undecided, ...]
    exception_counts: tuple[ExceptionCount, ...]
    overdue_exceptions: tuple[OverdueException, ...]
    exceptions_note: str
    remediation: tuple[str, ...]
    value: Value
    confidence: Confidence
    baselines: tuple[BaselineNote, ...]
    baselines_note: str
    definitions: tuple[DefinitionEntry, ...]
    definitions_note: str
    revision: Revision | None = None
    format: int = 1

    @property
    def name(self) -> str:
        """The period as files and commands name it: 2026Q3, or the phase."""
        return self.phase.name if self.phase else f"{self.quarter.year}Q{(self.quarter.month + 2) // 3}"

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every compared figure of the report: distributions, then risks."""
        found = [f for tier in self.tiers for each in tier.distributions for f in each.figures]
        return (*found, *self.risks)
