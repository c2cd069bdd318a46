"""Signals of failure modes: what each looks at in the published tables, and whether it shows.

A signal is data. It says `shows` where something is large and beyond chance, `hints` where it is only the one or the
other, `silent` where neither, and nothing where there is nothing to look at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

import polars as pl

from metrics.constraints import all_constraints
from metrics.words import from_to, quantity

Strength = Literal["shows", "hints", "silent"]
Row = dict[str, Any]

GRAIN = "quarter"
"""Signals are read off quarters: a month is too short for most tiers."""
VERDICT_GRAINS = ("quarter", "trailing_year")
HINT = 1.25
"""An estimate that grew to so many times what it was hints at a rise."""
FEWEST = 3
"""A level of fewer units than that only hints."""
QUARTERS_BEFORE = 4
"""A level is held against that of so many quarters earlier, or the first one known."""


@dataclass(frozen=True)
class Seen:
    """What a signal saw in a tier: how strongly, and in words."""

    strength: Strength
    words: str


@dataclass(frozen=True)
class Evidence:
    """The published tables that signals look at, of one tier: final windows only.

    `verdicts`, `comparisons` and `values` have the columns of the contract's tables.
    """

    verdicts: pl.DataFrame
    comparisons: pl.DataFrame
    values: pl.DataFrame

    def newest(self, metric: str, statistic: str, kind: str = "all", segment: str = "all") -> list[Row]:
        """The quarters of one statistic, oldest first."""
        rows = self.values.filter(
            (pl.col("metric") == metric)
            & (pl.col("statistic") == statistic)
            & (pl.col("segment_kind") == kind)
            & (pl.col("segment") == segment)
            & (pl.col("grain") == GRAIN)
            & pl.col("value").is_not_null()
        )
        return rows.sort("window_start").to_dicts()

    def comparison(self, metric: str, statistic: str) -> Row | None:
        """The newest quarter of one statistic against its baseline."""
        rows = self.comparisons.filter(
            (pl.col("metric") == metric)
            & (pl.col("statistic") == statistic)
            & (pl.col("segment_kind") == "all")
            & (pl.col("grain") == GRAIN)
        ).sort("window_start")
        return rows.row(-1, named=True) if rows.height else None


def evidence_by_tier(
    verdicts: pl.DataFrame, comparisons: pl.DataFrame, values: pl.DataFrame, tiers: Sequence[str]
) -> Iterator[tuple[str, Evidence]]:
    """The evidence of each tier, provisional windows left out."""
    final = values.filter(~pl.col("is_provisional"))
    windows = final.select("metric", "tier", "window_start", "window_end").unique()
    against = comparisons.filter(pl.col("comparator").ne_missing("control"))
    settled = against.join(windows, on=["metric", "tier", "window_start", "window_end"], how="semi")
    judged = verdicts.filter(~pl.col("is_provisional"))
    for tier in tiers:
        yield (
            tier,
            Evidence(
                *(frame.filter(pl.col("tier") == tier) for frame in (judged, settled, final)),
            ),
        )


class Signal(Protocol):
    """Something to look at."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics without which there is nothing to look at."""

    def see(self, evidence: Evidence) -> Seen | None:
        """What it sees; None where there is nothing to look at."""


@dataclass(frozen=True)
class Violation:
    """A constraint that is violated (shows) or at risk (hints) in the newest quarter or trailing year."""

    constraint: str

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the constraint is judged from."""
        constraint = all_constraints()[self.constraint]
        return tuple(dict.fromkeys(figure.metric for figure in (*constraint.gains, *constraint.guardrails)))

    def see(self, evidence: Evidence) -> Seen | None:
        """The worse of both windows."""
        found: list[Seen] = []
        for grain in VERDICT_GRAINS:
            rows = evidence.verdicts.filter((pl.col("constraint") == self.constraint) & (pl.col("grain") == grain))
            if rows.is_empty():
                continue
            row = rows.sort("window_start").row(-1, named=True)
            strength: Strength = (
                "shows" if row["status"] == "violated" else "hints" if row["status"] == "at_risk" else "silent"
            )
            words = f"{self.constraint} is {row['status'].replace('_', ' ')} in the {grain.replace('_', ' ')}"
            found.append(Seen(strength, f"{words} from {row['window_start']}"))
        return min(found, key=lambda seen: ORDER.index(seen.strength)) if found else None


@dataclass(frozen=True)
class Worsened:
    """A figure that got much worse against its baseline and beyond chance (shows), or only one of both (hints)."""

    metric: str
    statistic: str = "rate"
    rises: bool = True
    """Whether a rise is what is bad."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def see(self, evidence: Evidence) -> Seen | None:
        """The newest final quarter."""
        row = evidence.comparison(self.metric, self.statistic)
        if row is None or row["baseline_value"] is None:
            return None
        before, after = row["baseline_value"], row["value"]
        bound = row["change_ci_low"] if self.rises else row["change_ci_high"]
        is_sure = bound is not None and (bound > 0 if self.rises else bound < 0)
        # Of a share that falls, what counts is how much the rest of it grew.
        grown = after > HINT * before if self.rises else 1 - after > HINT * (1 - before)
        strength: Strength = "shows" if is_sure and grown else "hints" if is_sure or grown else "silent"
        return Seen(strength, f"{_named(self.metric, self.statistic)} {_moved(before, after, self.metric, evidence)}")


@dataclass(frozen=True)
class Rose:
    """A level that rose within a year: its interval above the one then (shows), or its estimate alone (hints)."""

    metric: str
    statistic: str = "rate"
    category: str | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def see(self, evidence: Evidence) -> Seen | None:
        """The newest final quarter and the one a year before, or the first."""
        kind, segment = ("category", self.category) if self.category else ("all", "all")
        rows = evidence.newest(self.metric, self.statistic, kind, segment)
        if len(rows) < 2:
            return None
        now, then = rows[-1], rows[max(len(rows) - 1 - QUARTERS_BEFORE, 0)]
        strength: Strength = "silent"
        if now["value"] > HINT * then["value"]:
            apart = now["ci_low"] is not None and then["ci_high"] is not None and now["ci_low"] > then["ci_high"]
            strength = "shows" if apart else "hints"
        what = f"{_named(self.metric, self.statistic)}{f' ({segment})' if self.category else ''}"
        return Seen(strength, f"{what} {_moved(then['value'], now['value'], self.metric, evidence)} within a year")


@dataclass(frozen=True)
class Level:
    """A level beyond what is acceptable: from `hints` on, and from `shows` on."""

    metric: str
    hints: float
    shows: float
    statistic: str = "rate"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def see(self, evidence: Evidence) -> Seen | None:
        """The newest final quarter."""
        rows = evidence.newest(self.metric, self.statistic)
        if not rows:
            return None
        value = rows[-1]["value"]
        is_high = value >= self.shows and rows[-1]["n"] >= FEWEST
        strength: Strength = "shows" if is_high else "hints" if value >= self.hints else "silent"
        return Seen(strength, f"{_named(self.metric, self.statistic)} is {quantity(value, rows[-1]['unit'])}")


@dataclass(frozen=True)
class Apart:
    """A rate of agents' changes that stands above that of people's: intervals apart (shows), or estimates (hints)."""

    metric: str
    segment: str = "authored"
    other: str = "none"
    statistic: str = "rate"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def see(self, evidence: Evidence) -> Seen | None:
        """The newest final quarter in which both are known."""
        mine = {
            row["window_start"]: row for row in evidence.newest(self.metric, self.statistic, "ai_use", self.segment)
        }
        other = {row["window_start"]: row for row in evidence.newest(self.metric, self.statistic, "ai_use", self.other)}
        both: list[date] = sorted(set(mine) & set(other))
        if not both:
            return None
        one, two = mine[both[-1]], other[both[-1]]
        strength: Strength = "silent"
        if one["value"] > HINT * two["value"]:
            apart = one["ci_low"] is not None and two["ci_high"] is not None and one["ci_low"] > two["ci_high"]
            strength = "shows" if apart else "hints"
        values = [quantity(row["value"], row["unit"]) for row in (one, two)]
        name = _named(self.metric, self.statistic)
        words = f"{values[0]} of changes with AI use {self.segment}, {values[1]} with {self.other}"
        return Seen(strength, f"{name} is {words}")


@dataclass(frozen=True)
class Against:
    """Something that improved upstream while something downstream got worse, both against the baseline."""

    faster: tuple[tuple[str, str], ...]
    slower: tuple[tuple[str, str], ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of both sides."""
        return tuple(metric for metric, _ in (*self.faster, *self.slower))

    def see(self, evidence: Evidence) -> Seen | None:
        """Shows where both are beyond chance, hints where the loss is by its estimate alone."""
        gains = [row for figure in self.faster if (row := evidence.comparison(*figure))]
        losses = [row for figure in self.slower if (row := evidence.comparison(*figure))]
        if not gains or not losses:
            return None
        won = [row for row in gains if row["change_ci_high"] is not None and row["change_ci_high"] < 0]
        lost = [row for row in losses if row["change_ci_low"] is not None and row["change_ci_low"] > 0]
        leaning = [row for row in losses if row["change"] is not None and row["change"] > HINT - 1]
        strength: Strength = "shows" if won and lost else "hints" if won and leaning else "silent"
        shown = [*(won or gains)[:1], *(lost or leaning or losses)[:1]]
        words = [
            f"{_named(row['metric'], row['statistic'])}"
            f" {_moved(row['baseline_value'], row['value'], row['metric'], evidence)}"
            for row in shown
        ]
        return Seen(strength, " while ".join(words))


ORDER: tuple[Strength, ...] = ("shows", "hints", "silent")


def _named(metric: str, statistic: str) -> str:
    return f"{metric} {statistic}" if statistic != "rate" else metric


def _moved(before: float, after: float, metric: str, evidence: Evidence) -> str:
    """How a figure moved, in its unit."""
    units = evidence.values.filter(pl.col("metric") == metric)["unit"]
    unit = next((unit for unit in units if unit not in ("units", "count", "per week")), "")
    verb = "rose" if after > before else "fell" if after < before else "stayed"
    first, second = from_to(before, after, unit) if unit else (f"{before:,.0f}", f"{after:,.0f}")
    return f"stayed at {second}" if verb == "stayed" else f"{verb} from {first} to {second}"


__all__ = ["Against", "Apart", "Evidence", "Level", "Rose", "Seen", "Signal", "Violation", "Worsened"]
