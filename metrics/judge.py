"""Verdicts: every constraint judged in every tier and window, as guardrails are judged in experiments (METRICS §5).

The gain is a superiority test at 5 %, one-sided, divided by the number of statistics that could count as the gain.
Each guardrail is a
non-inferiority test against its margin; `violated` needs significance by Holm's procedure across the guardrails.
Which methods: `metrics.stats.mover`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from metrics.margins import Margins
from metrics.model import Constraint, Figure, Status
from metrics.readings import CHANCE_ALLOWED, Place, Reading
from metrics.stats.multiplicity import holm, spent_level
from metrics.units import MIXED
from metrics.views import View, silent_places, views
from metrics.views import readings as read_views

GATE_METRIC = "ai_gate_pass_rate"
"""The gain that dropping a required gate would bring about."""
UNITS_ROSE = "There were more of them than before: per week it did not fall, so there is no gain to claim."
LEVEL = 0.05
"""One-sided level of gains and of violations."""
TIERS_JUDGED = ("1", "2", "3", "4")


@dataclass(frozen=True)
class Guardrail:
    """One guardrail in a verdict.

    `reading` is None where nothing watched it; `per_week` says which rate of it was judged.
    """

    figure: Figure
    tier: str
    reading: Reading | None
    per_week: bool = False
    is_violated: bool = False
    is_withdrawn: bool = False
    """Whether records of it exist, while the register says of nobody that he watches for them any more."""

    @property
    def is_missing(self) -> bool:
        """Whether records of it were withdrawn, or stopped coming in."""
        return self.is_withdrawn or bool(self.reading and self.reading.is_silent)

    @property
    def is_judged(self) -> bool:
        """Whether the data bear a judgement."""
        return self.reading is not None and self.reading.shortfall is None


@dataclass(frozen=True)
class Verdict:
    """A constraint's judgement in one tier and window."""

    constraint: Constraint
    place: Place
    status: Status
    gains: tuple[Reading, ...]
    """The gains that could be judged."""
    improved: tuple[Reading, ...]
    guardrails: tuple[Guardrail, ...]
    is_provisional: bool

    @property
    def id(self) -> str:
        """Stable over builds: constraint, tier, grain and window."""
        return f"{self.constraint.id}:{self.place.tier}:{self.place.grain}:{self.place.window_start}"

    @property
    def is_triggered(self) -> bool:
        """Whether a gain was there, or none was needed."""
        return self.constraint.always or bool(self.improved)

    @property
    def judged(self) -> list[Guardrail]:
        """Guardrails that the data bear a judgement of."""
        return [guardrail for guardrail in self.guardrails if guardrail.is_judged]

    @property
    def unwatched(self) -> list[Guardrail]:
        """Guardrails for which there is nothing to read."""
        return [guardrail for guardrail in self.guardrails if guardrail.reading is None]

    @property
    def too_few(self) -> list[Guardrail]:
        """Guardrails with too few units on some side."""
        return [guardrail for guardrail in self.guardrails if guardrail.reading and not guardrail.is_judged]

    @property
    def chance(self) -> float:
        """The largest chance that a judged guardrail exceeds its margin."""
        return max((g.reading.certainty_worse for g in self.judged if g.reading), default=float("nan"))


@dataclass
class Judge:
    """Reads contrasts once per figure and judges constraints from the readings."""

    contrasts: pl.DataFrame
    margins: Margins = field(default_factory=Margins)
    today: date | None = None
    """The local day of the cut; windows that end later are running, and looked at every day. None: none is."""
    withdrawn: frozenset[tuple[str, str]] = frozenset()
    """Metric and tier of what is recorded, or was, and by the register watched no more."""
    kinds: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Per metric, the kinds of outcome that it is made from: where their records stop, it cannot be judged."""
    loosened: Mapping[str, date] = field(default_factory=dict)
    """Per tier, the day on which a gate was required no more: passing more is no gain then."""
    readings: dict[Figure, dict[Place, Reading]] = field(default_factory=dict)
    seen: tuple[View, ...] = field(init=False)
    """The views of the data."""
    silent: Mapping[str, frozenset[Place]] = field(init=False)
    """Per kind of outcome, where its records stopped."""

    def __post_init__(self) -> None:
        """Tell the views apart once."""
        self.seen = tuple(views(self.contrasts, self.margins))
        self.silent = silent_places(self.seen)

    def reading(self, figure: Figure) -> Mapping[Place, Reading]:
        """All readings of a figure."""
        if figure not in self.readings:
            silent = {place for kind in self.kinds.get(figure.metric, ()) for place in self.silent.get(kind, ())}
            self.readings[figure] = read_views(self.seen, figure, self.margins, silent)
        return self.readings[figure]

    def verdicts(self, constraints: Sequence[Constraint]) -> list[Verdict]:
        """Every constraint in every tier and window that has anything to judge."""
        return [self.judge(constraint, place) for constraint in constraints for place in self._places(constraint)]

    def _places(self, constraint: Constraint) -> list[Place]:
        """The tiers' windows in which a figure of the constraint can be read."""
        tiers = (MIXED,) if constraint.across_tiers else constraint.tiers or TIERS_JUDGED
        figures = constraint.gains or constraint.guardrails
        places = {place for figure in figures for place in self.reading(figure) if place.tier in tiers}
        return sorted(places)

    def level(self, place: Place, is_provisional: bool) -> float:
        """The level of a violation: of a window that may still change, what the looks so far may spend (ADR 0012)."""
        if self.today is None or not is_provisional:
            return LEVEL
        elapsed = (self.today - place.window_start) / (place.window_end - place.window_start)
        return float(spent_level(min(elapsed, 1.0), LEVEL))

    def judge(self, constraint: Constraint, place: Place) -> Verdict:
        """One verdict."""
        found = [self.reading(figure).get(place) for figure in constraint.gains]
        gains = [reading for reading in found if reading and reading.shortfall is None]
        level = LEVEL / max(len(constraint.gains), 1)
        improved = [self._claimed(reading, level) for reading in gains if 1 - reading.certainty_better <= level]
        everything = self._guardrails(constraint, place)
        metrics = {reading.figure.metric for reading in improved}
        guardrails = [g for g in everything if not constraint.same_metric_only or g.figure.metric in metrics]
        provisional = any(reading.is_provisional for reading in found if reading) or any(
            guardrail.reading.is_provisional for guardrail in guardrails if guardrail.reading
        )
        worse = marked(everything, self.level(place, provisional))
        guardrails = [g for g in worse if not constraint.same_metric_only or g.figure.metric in metrics]
        verdict = Verdict(
            constraint, place, "not_triggered", tuple(gains), tuple(improved), tuple(guardrails), provisional
        )
        return replace(verdict, status=status_of(verdict))

    def _claimed(self, reading: Reading, level: float) -> Reading:
        """A gain with the numbers of the data as they are.

        It bears a claim if every view of them shows it, by the same bar as in the baseline.
        """
        gain = replace(reading.as_it_is or reading, certainty_better=reading.certainty_better)
        lowered = self.loosened.get(reading.place.tier)
        if reading.figure.metric == GATE_METRIC and lowered is not None and reading.place.window_end > lowered:
            why = f"A gate is required no more since {lowered}: no gain to claim."
            return replace(gain, bears_claim=False, no_claim=why)
        if 1 - reading.certainty_in_all_views > level:
            return replace(gain, bears_claim=False, no_claim=reading.view or UNITS_ROSE)
        return gain

    def _guardrails(self, constraint: Constraint, place: Place) -> list[Guardrail]:
        """The guardrails of a verdict, read in the tiers where they stand, whatever improved."""
        tiers = (constraint.tiers or TIERS_JUDGED) if constraint.across_tiers else (place.tier,)
        guardrails: list[Guardrail] = []
        for figure in constraint.guardrails:
            for tier in tiers:
                if figure.tiers and tier not in figure.tiers:
                    continue
                reading = self.reading(figure).get(place if tier == place.tier else replace(place, tier=tier))
                if reading is None and (constraint.across_tiers or figure.beside):
                    continue
                withdrawn = (figure.metric, tier) in self.withdrawn
                guardrails.append(Guardrail(figure, tier, reading, is_withdrawn=withdrawn))
                if reading and reading.units_rose and reading.per_week:
                    guardrails.append(Guardrail(figure, tier, reading.per_week, per_week=True))
        return guardrails


def marked(guardrails: Sequence[Guardrail], level: float) -> list[Guardrail]:
    """The same guardrails; those that got worse beyond their margin at a family-wise level are marked (Holm 1979).

    The family are all figures of the constraint that can be judged there: a figure and the same one per week are one
    hypothesis, and what triggered does not count. More units, or more triggers, must not make it harder to see what
    got worse.
    """
    chances: dict[tuple[Figure, str], float] = {}
    for guardrail in guardrails:
        if guardrail.is_judged:
            key = (guardrail.figure, guardrail.tier)
            chances[key] = min(chances.get(key, 1.0), _chance(guardrail))
    worse = holm(np.array(list(chances.values()), dtype=np.float64).reshape(1, -1), level)[0]
    rejected = {key for key, is_worse in zip(chances, worse, strict=True) if is_worse}
    return [
        replace(g, is_violated=True) if (g.figure, g.tier) in rejected and g.is_judged and _chance(g) <= level else g
        for g in guardrails
    ]


def _chance(guardrail: Guardrail) -> float:
    """The chance of such a figure, were it no worse than its margin."""
    return 1 - guardrail.reading.certainty_worse if guardrail.reading else 1.0


def status_of(verdict: Verdict) -> Status:
    """The status, worst first (METRICS §5)."""
    if not verdict.is_triggered:
        return "not_triggered" if verdict.gains else "inconclusive"
    readings = [guardrail.reading for guardrail in verdict.judged if guardrail.reading]
    if any(guardrail.is_violated for guardrail in verdict.guardrails):
        return "violated"
    if any(reading.exceeds or reading.certainty_worse > CHANCE_ALLOWED for reading in readings):
        return "at_risk"
    if verdict.too_few or not readings or any(guardrail.is_missing for guardrail in verdict.guardrails):
        return "inconclusive"
    return "holds"
