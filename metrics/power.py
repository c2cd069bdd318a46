"""What it would take to decide what a verdict leaves open: how many more units in the window, at the same figures.

Supposes that the estimate stays where it is and the window alone grows, over the repositories that there are; the
baseline is past. Where even a window many times as large would leave it open, no number is given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.definitions import all_metrics
from metrics.judge import LEVEL, Guardrail, Verdict
from metrics.margins import FEWEST_UNITS, Contrasted, Margins
from metrics.model import Figure, Ratio
from metrics.readings import CHANCE_ALLOWED, Reading
from metrics.views import View

Towards = Literal["holds", "violated", "gain"]
Floats = NDArray[np.float64]

MOST_GROWTH = 32.0
"""A window is imagined to grow up to this many times; what would take more is not going to be decided."""
HALVINGS = 9
"""Steps of the search between no growth and the most, on the logarithm: to within one per cent."""
PLACE = ("tier", "grain", "window_start")
NOUNS = {
    "measured_changes": "changes",
    "change_facts": "changes",
    "change_gate_facts": "changes",
    "shallow_approval_facts": "approvals",
    "conflict_facts": "changes",
    "deployment_facts": "deployments",
    "incident_facts": "incidents",
    "defect_facts": "defects",
    "gate_facts": "gate results",
    "review_facts": "reviews",
    "test_run_facts": "test runs",
    "intent_facts": "intents",
    "exception_facts": "exceptions",
}
"""What the units of a figure are, by the fact that they are rows of."""


@dataclass(frozen=True)
class Open:
    """A figure that decides a verdict and does not do so yet.

    `more` is how many more units of the window would decide it `towards` what its estimate points at; None where no
    number within reason would.
    """

    reading: Reading
    towards: Towards
    more: int | None

    @property
    def units(self) -> str:
        """`140 more deployments`, rounded to two figures."""
        return f"{rounded(self.more or 0):,} more {units_of(self.reading.figure.metric)}"


def units_of(metric: str) -> str:
    """What the units of a metric are called."""
    definition = all_metrics().get(metric)
    if definition is None:
        return "units"
    first = definition.estimators[0]
    if isinstance(first, Ratio):
        fact = next((part.fact for part in first.parts if part.denominator != "0"), first.parts[0].fact)
    else:
        fact = getattr(first, "fact", "")
    return NOUNS.get(fact, "units")


def rounded(number: int) -> int:
    """Two significant figures: more would claim what nobody knows."""
    size = max(len(str(number)) - 2, 0)
    return round(number, -size)


def power(verdicts: Sequence[Verdict], seen: Sequence[View], margins: Margins) -> dict[str, list[Open]]:
    """By verdict, the figures that leave it open, the one that would decide it soonest first.

    Of what is at risk: the guardrails that may be beyond their margins; of what was not triggered: the gains that
    point the right way; of what is inconclusive: the figures with too few units.
    """
    asked = [question for verdict in verdicts for question in _questions(verdict)]
    answers = _answers([question for _, question in asked], seen, margins)
    found: dict[str, list[Open]] = {}
    for (name, question), more in zip(asked, answers, strict=True):
        found.setdefault(name, []).append(Open(question.reading, question.towards, more))
    for each in found.values():
        each.sort(key=lambda one: (one.more is None, one.more or 0))
    return found


@dataclass(frozen=True)
class _Question:
    """What is asked of a reading, and at which one-sided level it would be decided; None: for units to be judged at."""

    reading: Reading
    towards: Towards
    level: float


def _questions(verdict: Verdict) -> list[tuple[str, _Question]]:
    if verdict.status == "at_risk":
        family = max(len(verdict.judged), 1)
        found = [_on_guardrail(guardrail, family) for guardrail in verdict.judged]
    elif verdict.status == "not_triggered":
        level = LEVEL / max(len(verdict.constraint.gains), 1)
        found = [_Question(gain, "gain", level) for gain in verdict.gains if gain.certainty_better > 0.5]
    elif verdict.status == "inconclusive":
        found = [_Question(g.reading, "holds", CHANCE_ALLOWED) for g in verdict.too_few if g.reading]
    else:
        found = []
    return [(verdict.id, question) for question in found if question]


def _on_guardrail(guardrail: Guardrail, family: int) -> _Question | None:
    """What would decide a guardrail that is at risk: the margin is exceeded beyond doubt, or it is not."""
    reading = guardrail.reading
    if reading is None or reading.figure.beside is not None or guardrail.is_violated:
        return None
    if reading.exceeds:
        return _Question(reading, "violated", LEVEL / family)
    return _Question(reading, "holds", CHANCE_ALLOWED) if reading.certainty_worse > CHANCE_ALLOWED else None


def _answers(questions: Sequence[_Question], seen: Sequence[View], margins: Margins) -> list[int | None]:
    """Additional units for each question, asked figure by figure in one go."""
    answers: list[int | None] = [None] * len(questions)
    groups: dict[tuple[str, Figure, bool], list[int]] = {}
    for number, question in enumerate(questions):
        if question.reading.shortfall is not None:
            answers[number] = _missing(question.reading)
            continue
        group = (question.reading.view, question.reading.figure, question.towards == "gain")
        groups.setdefault(group, []).append(number)
    contrasts = {view.words: view.contrasts for view in seen}
    for (view, figure, is_gain), numbers in groups.items():
        rows = _rows(contrasts[view], figure, [questions[number].reading for number in numbers])
        if rows.is_empty():
            continue
        mine = [numbers[index] for index in rows["index"]]
        towards = [questions[number] for number in mine]
        decided = _decided_by_gain(towards) if is_gain else _decided_by_loss(towards, margins)
        for number, growth in zip(mine, _least_growth(Contrasted.of(rows, figure), decided), strict=True):
            if not np.isnan(growth):
                answers[number] = ceil(questions[number].reading.n * (growth - 1))
    return answers


def _missing(reading: Reading) -> int | None:
    """Units that are missing for a judgement; None where the records stopped, the baseline is short, or a tail is."""
    is_short = reading.n < FEWEST_UNITS and not reading.is_silent
    has_baseline = reading.figure.above_zero or reading.baseline_n >= FEWEST_UNITS
    return FEWEST_UNITS - reading.n if is_short and has_baseline else None


def _rows(contrasts: pl.DataFrame, figure: Figure, readings: Sequence[Reading]) -> pl.DataFrame:
    """The contrasts behind readings of one figure, each with the index of its reading."""
    places = pl.DataFrame(
        [(i, r.place.tier, r.place.grain, r.place.window_start) for i, r in enumerate(readings)],
        schema=["index", *PLACE],
        orient="row",
    )
    mine = contrasts.filter((pl.col("metric") == figure.metric) & (pl.col("segment_kind") == "all"))
    first = mine.filter(pl.col("statistic") == figure.statistic)
    if figure.otherwise is not None:
        instead = mine.filter(pl.col("statistic") == figure.otherwise)
        first = pl.concat([first, instead.join(first, on=list(PLACE), how="anti")])
    return first.join(places, on=list(PLACE), how="inner").sort("index")


Decided = Callable[[Contrasted], NDArray[np.bool_]]


def _decided_by_gain(questions: Sequence[_Question]) -> Decided:
    levels = np.array([question.level for question in questions])
    return lambda contrasted: contrasted.better().is_certain(1 - levels)


def _decided_by_loss(questions: Sequence[_Question], margins: Margins) -> Decided:
    levels = np.array([question.level for question in questions])
    is_beyond = np.array([question.towards == "violated" for question in questions])

    def decided(contrasted: Contrasted) -> NDArray[np.bool_]:
        worse = contrasted.worse(margins)
        return np.where(is_beyond, worse.is_certain(1 - levels), worse.is_refuted(1 - levels))

    return decided


def _least_growth(contrasted: Contrasted, decided: Decided) -> Floats:
    """The smallest factor on each window's size at which it is decided; NaN where none up to the most is enough."""
    size = len(contrasted.tiers)
    low, high = np.zeros(size), np.full(size, np.log(MOST_GROWTH))
    is_possible = decided(contrasted.grown(np.exp(high)))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_enough = decided(contrasted.grown(np.exp(middle)))
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return np.where(is_possible, np.exp(high), np.nan)
