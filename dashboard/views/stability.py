"""Stability: failures, rollbacks, escapes, incidents and recovery, tier beside tier."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts
from dashboard.components import Cell, direction_cell, metric_cell, opening, paragraph, section, table
from dashboard.naming import between, capital, change, figure_in_sentence, figure_name, unit_of
from dashboard.periods import Window
from dashboard.queries import TIERS, comparisons, gap, tiers_present, trend_of, units
from dashboard.record_queries import control_changes
from dashboard.segments import AGAINST_NOTES, AGAINST_WORDS
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.words import joined, tier_name

FIGURES = (
    ("change_failure_rate", "rate"),
    ("rollback_rate", "rate"),
    ("escaped_defects", "rate"),
    ("incident_rate", "per_week"),
    ("failed_deployment_recovery_time", "p50"),
    ("time_to_restore", "p50"),
)
NOTHING = "This snapshot holds no metric values. Load events with `plumbline load DIR`, then run `plumbline build`."
UNTIERED = (
    "Nothing here lies in a tier. Say in the register tier_assignments which tier each repository has, then run"
    " `plumbline build`."
)
Row = Mapping[str, Any]


def render(scene: Scene) -> None:
    """Draws the page."""
    tiers = [tier for tier in tiers_present(scene.snapshot) if tier in TIERS]
    window = scene.window
    if window is None or not tiers:
        paragraph(NOTHING if window is None else UNTIERED)
        return
    compared = comparisons(scene.snapshot, window, scene.against, scene.segment)
    rows = {(row["metric"], row["statistic"], row["tier"]): row for row in compared.iter_rows(named=True)}
    opening(_eyebrow(scene, window), _lead(rows, tiers), _under(scene, window))
    if not rows:
        paragraph(f"There are no compared figures of {scene.segment.words} for this window; choose a quarter.")
    else:
        _table(rows, tiers, units(scene.snapshot, window, scene.segment))
    for metric, statistic in FIGURES:
        if metric in all_metrics():
            _panels(scene, metric, statistic, tiers)


def _eyebrow(scene: Scene, window: Window) -> str:
    whose = scene.snapshot.manifest.workspace if scene.segment.is_whole else capital(scene.segment.words)
    return f"{whose} · {window.label}"


def _under(scene: Scene, window: Window) -> str:
    against = "each tier's baseline" if scene.against == "baseline" else AGAINST_WORDS[scene.against]
    part = "" if scene.segment.is_whole else " A part of each tier, described and not judged."
    return (
        f"{capital(window.name)} against {against}, {AGAINST_NOTES[scene.against]}.{part} "
        "Panels of one row share their scale; triangles mark changes of controls."
    )


def _lead(rows: Mapping[tuple[str, str, str], Row], tiers: Sequence[str]) -> str:
    """Which tiers got less stable, and in what."""
    worse = {
        tier: [pair for pair in FIGURES if rows.get((*pair, tier), {}).get("direction") == "worsened"] for tier in tiers
    }
    told = [
        f"{tier_name(tier)} got worse: {joined([figure_in_sentence(*pair) for pair in pairs])} rose."
        for tier, pairs in worse.items()
        if pairs
    ]
    if not rows:
        return "Nothing to compare in this window."
    return " ".join(told) or "No tier got measurably less stable."


def _table(
    rows: Mapping[tuple[str, str, str], Row], tiers: Sequence[str], counts: Mapping[tuple[str, str, str], int]
) -> None:
    body = []
    for metric, statistic in FIGURES:
        if metric in all_metrics():
            cells = [
                _cell(rows.get((metric, statistic, tier)), metric, statistic, counts.get((metric, tier, statistic)))
                for tier in tiers
            ]
            body.append([metric_cell(figure_name(metric, statistic), metric), *cells])
    table(["Figure", *(tier_name(tier) for tier in tiers)], body, "Stability by tier")


def _cell(row: Row | None, metric: str, statistic: str, n: int | None) -> Cell:
    if row is None:
        return Cell("no data")
    unit = unit_of(metric, statistic)
    moved = between(row["baseline_value"], row["value"], unit)
    told = f"{change(row['change'], statistic, unit)} "
    counted = f"n = {n:,} · " if n is not None else ""
    return Cell("", parts=((moved, ""), (f"{counted}{told}", "")), after=direction_cell(str(row["direction"])).html())


def _panels(scene: Scene, metric: str, statistic: str, tiers: Sequence[str]) -> None:
    months = trend_of(scene.snapshot, metric, statistic, scene.segment).filter(pl.col("tier").is_in(tiers))
    name = figure_name(metric, statistic)
    reasons = list(dict.fromkeys(filter(None, (gap(scene.snapshot, metric, tier) for tier in tiers))))
    if not len(months) and not reasons:
        return
    section(name)
    for reason in reasons:
        paragraph(f"Not measured: {reason}.")
    if not len(months):
        return
    markers = {
        tier: [charts.Marker(each.day, each.words) for each in control_changes(scene.snapshot, tier)] for tier in tiers
    }
    drawn = charts.panels(months, tiers, unit_of(metric, statistic), scene.window, markers)
    st.plotly_chart(drawn, config=charts.CONFIG, key=f"panels-{metric}", alt=f"{name} by month and tier")


VIEW = View(
    title="Stability",
    path="stability",
    icon=":material/monitor_heart:",
    place=2,
    about="Failure rate, rollbacks, escapes, incidents and recovery, tier beside tier.",
    render=render,
    filters=("against", "team", "repository"),
)
