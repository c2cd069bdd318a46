"""Tier: the metric tree of one tier, each figure with its trend, its distribution and what it is held against."""

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.components import Cell, claim_chip, opening, paragraph, record_cell, section, table
from dashboard.metric_card import Figures, metric_card
from dashboard.naming import TIER_NAMES, TIER_NOTES, capital, figure
from dashboard.periods import Window, days
from dashboard.queries import MIXED, TIERS, UNTIERED, comparisons, histograms, monthly, slowest_changes, stage_hours, tiers_present, values, verdicts
from dashboard.sentences import story, tier_sentence
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.model import Metric, Side
from schemas.units import SECONDS_PER_HOUR

SLOWEST = 10
SIDES: tuple[tuple[Side, str, str], ...] = (
    ("lagging", "What the business ends up with", "Lagging metrics: speed, stability and what it costs."),
    ("leading", "What predicts it", "Leading metrics: how work is reviewed, checked and sized."),
)


def render(scene: Scene) -> None:
    """Draws the page."""
    present = tiers_present(scene.snapshot)
    if scene.window is None or not present:
        paragraph("This snapshot holds no metric values. Load events with `plumbline load DIR`, then run `plumbline build`.")
        return
    tier = st.segmented_control(
        "Tier", present, default=present[0], required=True, format_func=TIER_NAMES.__getitem__, key="tier", bind="query-params", label_visibility="collapsed"
    )
    figures = _figures(scene, scene.window, tier)
    _head(scene, scene.window, tier, figures)
    _stages(scene, scene.window, tier, figures)
    for side, title, about in SIDES:
        tree = [metric for metric in all_metrics().values() if metric.side == side and metric.parent is None]
        section(title, about)
        _cards([metric for metric in tree if metric.headline], figures)
        _more(tree, figures, side)
    if tier != MIXED:
        _slowest(scene, scene.window, tier)


def _figures(scene: Scene, window: Window, tier: str) -> Figures:
    """Everything that the page's cards show, in a handful of queries."""
    found = comparisons(scene.snapshot, window)
    own = [verdict for verdict in verdicts(scene.snapshot, window) if verdict.tier == tier and verdict.baseline_start]
    baseline = (own[0].baseline_start, own[0].baseline_end) if own else None
    return Figures(
        window=window,
        tier=tier,
        values=values(scene.snapshot, window, tier),
        comparisons=found.filter(found["tier"] == tier),
        months=monthly(scene.snapshot, tier),
        histogram=histograms(scene.snapshot, tier, window.start, window.end),
        baseline=baseline if baseline and baseline[0] and baseline[1] else None,  # type: ignore[arg-type]
        baseline_histogram=histograms(scene.snapshot, tier, *baseline) if baseline and baseline[0] and baseline[1] else None,  # type: ignore[arg-type]
        snapshot=scene.snapshot,
    )


def _head(scene: Scene, window: Window, tier: str, figures: Figures) -> None:
    told = story(tier, verdicts(scene.snapshot, window))
    name = f"{TIER_NAMES[tier]}{f', {TIER_NOTES[tier]}' if tier in TIER_NOTES else ''}"
    against = f" against {days(*figures.baseline)}" if figures.baseline else ""
    if tier in TIERS:
        opening(f"{name} · {window.label}", tier_sentence(told), f"{capital(window.name)}{against}. Shaded in the charts: the window in blue, the baseline in grey.")
        st.html(f"<p>{claim_chip(told.claim)}</p>")
    elif tier == UNTIERED:
        opening(f"{name} · {window.label}", "Work without a tier is shown, and judged by nothing.", "Assign tiers in the register tier_assignments.csv.")
    else:
        opening(f"{name} · {window.label}", "A mixed figure is no verdict on any tier.", "Work that moves to a faster tier makes the mixture look better and nothing faster. Read the tiers.")


def _cards(metrics: Sequence[Metric], figures: Figures) -> None:
    for metric in metrics:
        metric_card(metric, figures)


def _more(tree: Sequence[Metric], figures: Figures, side: Side) -> None:
    others = [metric for metric in tree if not metric.headline]
    if others:
        names = ", ".join(metric.name.lower() for metric in others)
        opened = st.expander(f"{len(others)} more: {names}", key=f"more-{side}", on_change="rerun")
        if opened.open:
            with opened:
                _cards(others, figures)


def _stages(scene: Scene, window: Window, tier: str, figures: Figures) -> None:
    """Where the lead time goes."""
    spans = {}
    if figures.baseline:
        spans["Baseline"] = stage_hours(scene.snapshot, tier, *figures.baseline)
    spans[capital(window.name)] = stage_hours(scene.snapshot, tier, window.start, window.end)
    spans = {label: hours for label, hours in spans.items() if hours}
    now = spans.get(capital(window.name))
    if not now:
        return
    names = {metric.id: metric.name for metric in all_metrics().values() if metric.parent == "lead_time"}
    largest = max(now, key=lambda stage: now[stage])
    section("Where the time goes", f"{capital(names.get(largest, largest).lower())} holds most of the lead time: {now[largest] / sum(now.values()):.0%} of {figure(sum(now.values()), 'hours')} on average.")
    st.plotly_chart(charts.stages(spans, names), config=charts.CONFIG, key=f"stages-{tier}", alt="Mean hours of the lead time by stage, now and in the baseline")


def _slowest(scene: Scene, window: Window, tier: str) -> None:
    rows = slowest_changes(scene.snapshot, tier, window, SLOWEST)
    section("Slowest changes", f"The {len(rows)} changes merged in {window.name} that took longest from opening to merge; a starting point for questions about the work, not about people.")
    if not len(rows):
        paragraph("No change was merged in this window.")
        return
    table(
        ["Change", "Cycle time", "Longest stage", "Lines", "AI use", "Merged"],
        [
            [
                record_cell(row["change_id"]),
                Cell(figure(row["cycle_seconds"] / SECONDS_PER_HOUR, "hours"), is_number=True),
                Cell(_longest_stage(row)),
                Cell(f"{row['size_lines']:,}" if row["size_lines"] is not None else "–", is_number=True),
                Cell(row["ai_use"]),
                Cell(f"{row['merged_at']:%Y-%m-%d}"),
            ]
            for row in rows.iter_rows(named=True)
        ],
        f"Slowest changes of {TIER_NAMES[tier]}",
    )


def _longest_stage(row: dict[str, float | None]) -> str:
    found = {name: row[f"{name}_seconds"] or 0.0 for name in ("draft", "pickup", "review", "merge_wait")}
    name = max(found, key=lambda each: found[each])
    return f"{name.replace('_', ' ')}, {figure(found[name] / SECONDS_PER_HOUR, 'hours')}" if found[name] else "–"


VIEW = View(
    title="Tier",
    path="tier",
    icon=":material/stacked_line_chart:",
    place=1,
    about="The metric tree of one tier: trends, distributions and tails against the baseline, and the slowest changes.",
    render=render,
)
