"""Verdicts: every constraint judged in every tier and window, as guardrails are judged in experiments (METRICS §5).

The gain is a superiority test at 5 %, one-sided, divided by the number of statistics that could count as the gain.
Each guardrail is a
non-inferiority test against its margin; `violated` needs significance by Holm's procedure across the guardrails.
Which methods: `metrics.stats.mover`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from metrics.margins import Margins
from metrics.model import Constraint, Figure, Status
from metrics.readings import CHANCE_ALLOWED, Place, Reading, read
from metrics.units import MIXED

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
    readings: dict[Figure, dict[Place, Reading]] = field(default_factory=dict)

    def reading(self, figure: Figure) -> Mapping[Place, Reading]:
        """All readings of a figure."""
        if figure not in self.readings:
            self.readings[figure] = read(self.contrasts, figure, self.margins)
        return self.readings[figure]

    def verdicts(self, constraints: Sequence[Constraint]) -> list[Verdict]:
        """Every constraint in every tier and window that has anything to judge."""
        return [self.judge(constraint, place) for constraint in constraints for place in self._places(constraint)]

    def _places(self, constraint: Constraint) -> list[Place]:
        """The tiers' windows in which a figure of the constraint can be read."""
        tiers = (MIXED,) if constraint.across_tiers else TIERS_JUDGED
        figures = constraint.gains or constraint.guardrails
        places = {place for figure in figures for place in self.reading(figure) if place.tier in tiers}
        return sorted(places)

    def judge(self, constraint: Constraint, place: Place) -> Verdict:
        """One verdict."""
        found = [self.reading(figure).get(place) for figure in constraint.gains]
        gains = [reading for reading in found if reading and reading.shortfall is None]
        level = LEVEL / max(len(constraint.gains), 1)
        improved = [reading for reading in gains if 1 - reading.certainty_better <= level]
        guardrails = self._guardrails(constraint, place, improved)
        provisional = any(reading.is_provisional for reading in found if reading) or any(
            guardrail.reading.is_provisional for guardrail in guardrails if guardrail.reading
        )
        verdict = Verdict(
            constraint, place, "not_triggered", tuple(gains), tuple(improved), tuple(guardrails), provisional
        )
        return replace(verdict, status=status_of(verdict))

    def _guardrails(self, constraint: Constraint, place: Place, improved: Sequence[Reading]) -> list[Guardrail]:
        """The guardrails of a verdict, read in the tiers where they stand.

        Those that are worse at Holm's level are marked.
        """
        metrics = {(reading.figure.metric) for reading in improved}
        figures = [f for f in constraint.guardrails if not constraint.same_metric_only or f.metric in metrics]
        tiers = TIERS_JUDGED if constraint.across_tiers else (place.tier,)
        guardrails: list[Guardrail] = []
        for figure in figures:
            for tier in tiers:
                reading = self.reading(figure).get(replace(place, tier=tier))
                if reading is None and constraint.across_tiers:
                    continue
                guardrails.append(Guardrail(figure, tier, reading))
                if reading and reading.units_rose and reading.per_week:
                    guardrails.append(Guardrail(figure, tier, reading.per_week, per_week=True))
        return holm(guardrails, LEVEL)


def holm(guardrails: Sequence[Guardrail], level: float) -> list[Guardrail]:
    """Marks the guardrails that got worse beyond their margin at a family-wise level (Holm 1979)."""
    order = sorted(
        (i for i, guardrail in enumerate(guardrails) if guardrail.is_judged),
        key=lambda i: -_certainty(guardrails[i]),
    )
    marked = list(guardrails)
    for step, index in enumerate(order):
        if 1 - _certainty(guardrails[index]) > level / (len(order) - step):
            break
        marked[index] = replace(guardrails[index], is_violated=True)
    return marked


def _certainty(guardrail: Guardrail) -> float:
    return guardrail.reading.certainty_worse if guardrail.reading else 0.0


def status_of(verdict: Verdict) -> Status:
    """The status, worst first (METRICS §5)."""
    if not verdict.is_triggered:
        return "not_triggered" if verdict.gains else "inconclusive"
    readings = [guardrail.reading for guardrail in verdict.judged if guardrail.reading]
    if any(guardrail.is_violated for guardrail in verdict.guardrails):
        return "violated"
    if any(reading.exceeds or reading.certainty_worse > CHANCE_ALLOWED for reading in readings):
        return "at_risk"
    if verdict.too_few or not readings:
        return "inconclusive"
    return "holds"
