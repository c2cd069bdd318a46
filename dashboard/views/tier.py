"""Tier: the metric tree of one tier, each figure with its trend, its distribution and what it is held against."""

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.choices import tier_choice
from dashboard.components import (
    Cell,
    anchor,
    claim_chip,
    link,
    opening,
    paragraph,
    record_cell,
    section,
    status_chip,
    table,
)
from dashboard.metric_card import Figures, metric_card
from dashboard.naming import TIER_NAMES, TIER_NOTES, capital, figure
from dashboard.periods import Window, days
from dashboard.queries import (
    MIXED,
    TIERS,
    UNTIERED,
    comparisons,
    histograms,
    monthly,
    stage_hours,
    tiers_present,
    values,
    verdicts,
)
from dashboard.record_queries import slowest_changes
from dashboard.records import longest_stage
from dashboard.sentences import story, tier_sentence
from dashboard.views import Scene, View
from metrics.constraints import all_constraints
from metrics.definitions import all_metrics
from metrics.model import Metric, Side
from metrics.words import share
from schemas.units import SECONDS_PER_HOUR

SLOWEST = 10
KEY = (
    "Blue: the median or rate by month with its 95 % interval. Orange: the 95th percentile. Dotted: the baseline. "
    "Where there is a distribution, grey is the baseline's, and the dashed lines are the 95th percentiles."
)
SIDES: tuple[tuple[Side, str, str], ...] = (
    ("lagging", "What the business ends up with", f"Lagging metrics: speed, stability and what it costs. {KEY}"),
    ("leading", "What predicts it", "Leading metrics: how work is reviewed, checked and sized."),
)


def render(scene: Scene) -> None:
    """Draws the page."""
    present = tiers_present(scene.snapshot)
    if scene.window is None or not present:
        paragraph(
            "This snapshot holds no metric values. Load events with `plumbline load DIR`, then run `plumbline build`."
        )
        return
    tier = tier_choice(present)
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
    spans = ((each.baseline_start, each.baseline_end) for each in verdicts(scene.snapshot, window) if each.tier == tier)
    baseline = next(((start, end) for start, end in spans if start and end), None)
    return Figures(
        window=window,
        tier=tier,
        values=values(scene.snapshot, window, tier),
        comparisons=found.filter(found["tier"] == tier),
        months=monthly(scene.snapshot, tier),
        histogram=histograms(scene.snapshot, tier, window.start, window.end),
        baseline=baseline,
        baseline_histogram=histograms(scene.snapshot, tier, *baseline) if baseline else None,
        snapshot=scene.snapshot,
    )


def _head(scene: Scene, window: Window, tier: str, figures: Figures) -> None:
    told = story(tier, verdicts(scene.snapshot, window))
    name = f"{TIER_NAMES[tier]}{f', {TIER_NOTES[tier]}' if tier in TIER_NOTES else ''}"
    against = f" against {days(*figures.baseline)}" if figures.baseline else ""
    if tier in TIERS:
        opening(
            f"{name} · {window.label}",
            tier_sentence(told),
            f"{capital(window.name)}{against}. Shaded in the charts: the window in blue, the baseline in grey.",
        )
        _verdict_strip(scene, window, tier, told.claim)
    elif tier == UNTIERED:
        opening(
            f"{name} · {window.label}",
            "Work without a tier is shown, and judged by nothing.",
            "Assign tiers in the register tier_assignments.csv.",
        )
    else:
        opening(
            f"{name} · {window.label}",
            "A mixed figure is no verdict on any tier.",
            "Work that moves to a faster tier makes the mixture look better and nothing faster. Read the tiers.",
        )


def _verdict_strip(scene: Scene, window: Window, tier: str, claim: str) -> None:
    """The tier's verdicts in a line, each leading to its explanation."""
    names = {constraint.id: constraint.name for constraint in all_constraints().values()}
    chips = [
        anchor(
            link("overview", verdict=f"{each.constraint}:{tier}"),
            names.get(each.constraint, each.constraint),
            status_chip(each.status),
        )
        for each in verdicts(scene.snapshot, window)
        if each.tier == tier
    ]
    st.html(f'<p class="strip">{claim_chip(claim)} {" ".join(chips)}</p>')


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
    spans[window.short] = stage_hours(scene.snapshot, tier, window.start, window.end)
    spans = {label: hours for label, hours in spans.items() if hours}
    now = spans.get(window.short)
    if not now:
        return
    names = {metric.id: metric.name for metric in all_metrics().values() if metric.parent == "lead_time"}
    largest = max(now, key=lambda stage: now[stage])
    whole = sum(now.values())
    holder = capital(names.get(largest, largest).lower())
    told = (
        f"{holder} holds most of the lead time: {share(now[largest] / whole)} of {figure(whole, 'hours')} on average."
    )
    section(
        "Where the time goes",
        told,
    )
    st.plotly_chart(
        charts.stages(spans, names),
        config=charts.CONFIG,
        key=f"stages-{tier}",
        alt="Mean hours of the lead time by stage, now and in the baseline",
    )


def _slowest(scene: Scene, window: Window, tier: str) -> None:
    rows = slowest_changes(scene.snapshot, tier, window, SLOWEST)
    section(
        "Slowest changes",
        f"The {len(rows)} changes merged in {window.name} that took longest from opening to merge: "
        "a starting point for questions about the work, not about people.",
    )
    if not len(rows):
        paragraph("No change was merged in this window.")
        return
    table(
        ["Change", "Cycle time", "Longest stage", "Lines", "AI use", "Merged"],
        [
            [
                record_cell(row["change_id"]),
                Cell(figure(row["cycle_seconds"] / SECONDS_PER_HOUR, "hours"), is_number=True),
                Cell(longest_stage(row)),
                Cell(f"{row['size_lines']:,}" if row["size_lines"] is not None else "–", is_number=True),
                Cell(row["ai_use"]),
                Cell(f"{row['merged_at']:%Y-%m-%d}"),
            ]
            for row in rows.iter_rows(named=True)
        ],
        f"Slowest changes of {TIER_NAMES[tier]}",
    )


VIEW = View(
    title="Tier",
    path="tier",
    icon=":material/stacked_line_chart:",
    place=1,
    about="The metric tree of one tier: trends, distributions and tails against the baseline, and the slowest changes.",
    render=render,
)
