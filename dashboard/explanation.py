"""A verdict explained: what moved, what it was paid with, how sure that is, and the records behind it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.components import Cell, metric_cell, paragraph, status_chip, table
from dashboard.naming import (
    RELATIVE_STATISTICS,
    TIER_NAMES,
    change,
    evidence_name,
    evidence_statistic,
    figure,
)
from dashboard.periods import Window, days
from dashboard.queries import MIXED
from dashboard.records import show_records
from dashboard.snapshots import Snapshot
from dashboard.verdict_queries import Verdict
from metrics.model import Constraint
from metrics.readings import CHANCE_ALLOWED
from metrics.words import share


def explain(snapshot: Snapshot, verdict: Verdict, constraint: Constraint | None, window: Window) -> None:
    """The whole explanation of one verdict."""
    name = constraint.name if constraint else verdict.constraint
    st.html(
        f'<h2 style="font-size:1.25rem;margin:0;padding:0">{TIER_NAMES.get(verdict.tier, verdict.tier)} · {name}'
        f" &nbsp;{status_chip(verdict.status)}</h2>"
    )
    if constraint:
        paragraph(constraint.explanation)
    st.markdown(verdict.reason.replace("$", "\\$"))
    rows = [_row(gain, "gain", verdict) for gain in verdict.evidence["gains"]]
    rows += [_row(guardrail, "guardrail", verdict) for guardrail in verdict.evidence["guardrails"]]
    if rows:
        baseline = days(verdict.baseline_start, verdict.baseline_end)
        table(
            ["Figure", "Baseline", window.short, "Change", "n before", "n now", "Reading"],
            rows,
            f"Figures behind {name}",
        )
        paragraph(
            f"Baseline {baseline}, uncontrolled. Units of one repository are alike, so intervals are clustered by it.",
            "note",
        )
    show_records(snapshot, verdict)


def _row(figure_: Mapping[str, Any], role: str, verdict: Verdict) -> list[Cell]:
    name = evidence_name(figure_)
    if verdict.tier == MIXED:
        where = "mixed" if role == "gain" else f"tier {figure_['tier']}"
        name = f"{name} · {where}"
    unit, statistic = figure_.get("unit", ""), evidence_statistic(figure_)
    before, after = figure_.get("baseline_value"), figure_.get("value")
    return [
        metric_cell(name, figure_["metric"]),
        Cell(figure(before, unit), is_number=True),
        Cell(figure(after, unit), is_number=True),
        Cell(_movement(before, after, statistic, unit), is_number=True),
        Cell(f"{figure_['baseline_n']:,}" if "baseline_n" in figure_ else "–", is_number=True),
        Cell(f"{figure_['n']:,}" if "n" in figure_ else "–", is_number=True),
        _reading(figure_, role),
    ]


def _movement(before: float | None, after: float | None, statistic: str, unit: str) -> str:
    if before is None or after is None:
        return "–"
    if statistic not in RELATIVE_STATISTICS:
        return change(after - before, statistic, unit)
    return change(after / before - 1, statistic, unit) if before else "–"


def _reading(figure_: Mapping[str, Any], role: str) -> Cell:
    """What the judgement made of a figure."""
    if role == "gain":
        if figure_.get("improved"):
            return Cell("improved", tone="holds", symbol="✓")
        return Cell("no gain beyond chance", tone="not_triggered", symbol="–")
    if figure_.get("violated"):
        return Cell("worse beyond its margin", tone="violated", symbol="✕")
    if not figure_.get("judged"):
        shortfall = figure_.get("shortfall")
        return Cell(str(shortfall) if shortfall else "not watched", tone="inconclusive", symbol="?")
    risk = figure_.get("certainty_worse") or 0.0
    tone = "holds" if risk <= CHANCE_ALLOWED else "at_risk"
    word = "within its margin" if tone == "holds" else "may exceed its margin"
    return Cell(f"{word} (chance of worse {share(risk)})", tone=tone, symbol="✓" if tone == "holds" else "▲")
