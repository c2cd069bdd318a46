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
    stage_hours,
    tiers_present,
    trends,
    values,
)
from dashboard.record_queries import control_changes, record_links, slowest_changes
from dashboard.records import longest_stage
from dashboard.segment_table import only_by
from dashboard.segments import AGAINST_WORDS, Against
from dashboard.sentences import story, tier_sentence
from dashboard.verdict_queries import verdicts
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.model import Metric, Side
from metrics.words import joined, share, tier_name
from schemas.units import SECONDS_PER_HOUR

SLOWEST = 10
KEY = (
    "Blue: the median or rate by month with its 95 % interval. Orange: the 95th percentile; durations with a "
    "tail stand on a logarithmic axis. Dotted: the baseline. "
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
    if scene.segment.is_whole:
        _stages(scene, scene.window, tier, figures)
        for side, title, about in SIDES:
            tree = [metric for metric in all_metrics().values() if metric.side == side and metric.parent is None]
            section(title, about)
            _cards([metric for metric in tree if metric.headline], figures)
            _more(tree, figures, side)
    else:
        _segment(scene, scene.window, figures)
    if tier != MIXED:
        _slowest(scene, scene.window, tier)


def _figures(scene: Scene, window: Window, tier: str) -> Figures:
    """Everything that the page's cards show, in a handful of queries."""
    found = comparisons(scene.snapshot, window, scene.against, scene.segment)
    spans = ((each.baseline_start, each.baseline_end) for each in verdicts(scene.snapshot, window) if each.tier == tier)
    baseline = next(((start, end) for start, end in spans if start and end), None)
    is_whole = scene.segment.is_whole
    return Figures(
        window=window,
        tier=tier,
        values=values(scene.snapshot, window, tier, scene.segment),
        comparisons=found.filter(found["tier"] == tier),
        months=trends(scene.snapshot, tier, scene.segment),
        histogram=histograms(scene.snapshot, tier, window.start, window.end) if is_whole else None,
        baseline=baseline,
        baseline_histogram=histograms(scene.snapshot, tier, *baseline) if baseline and is_whole else None,
        snapshot=scene.snapshot,
        against=scene.against,
        controls=control_changes(scene.snapshot, tier),
    )


def _head(scene: Scene, window: Window, tier: str, figures: Figures) -> None:
    told = story(tier, verdicts(scene.snapshot, window))
    name = f"{TIER_NAMES[tier]}{f', {TIER_NOTES[tier]}' if tier in TIER_NOTES else ''}"
    eyebrow = f"{name} · {window.label}"
    if not scene.segment.is_whole:
        opening(
            f"{eyebrow} · {scene.segment.words}",
            f"{capital(scene.segment.words)} within {tier_name(tier).lower()}.",
            "A part of the tier, described and not judged: verdicts and claims are by tier, where there is enough to "
            "judge.",
        )
    elif tier in TIERS:
        opening(eyebrow, tier_sentence(told), _under(window, scene.against, figures))
        _verdict_strip(scene, window, tier, told.claim)
    elif tier == UNTIERED:
        opening(
            eyebrow,
            "Work without a tier is shown, and judged by nothing.",
            "Assign tiers in the register tier_assignments.csv.",
        )
    else:
        opening(
            eyebrow,
            "A mixed figure is no verdict on any tier.",
            "Work that moves to a faster tier makes the mixture look better and nothing faster. Read the tiers.",
        )


def _under(window: Window, against: Against, figures: Figures) -> str:
    """What the cards are held against, and how to read their charts."""
    span = f", {days(*figures.baseline)}" if figures.baseline and against == "baseline" else ""
    verdicts_too = "" if against == "baseline" else " Verdicts are against the baseline all the same."
    return (
        f"{capital(window.name)} against {AGAINST_WORDS[against]}{span}.{verdicts_too} "
        "Shaded in the charts: the window in blue, the baseline in grey; triangles mark changes of controls."
    )


def _segment(scene: Scene, window: Window, figures: Figures) -> None:
    """The core metrics of a team or repository; the others are given by tier alone."""
    core = [metric for metric in all_metrics().values() if metric.core and metric.parent is None]
    others = [metric.name.lower() for metric in all_metrics().values() if metric.headline and not metric.core]
    section("Its figures", KEY if scene.segment.kind == "team" else "By quarter, without intervals. Dotted: baseline.")
    if window.grain not in scene.segment.grains:
        paragraph(only_by(scene.segment))
        return
    shown = [metric for metric in core if len(figures.values.filter(figures.values["metric"] == metric.id))]
    if not shown:
        paragraph(f"{capital(scene.segment.words)} has no work in {tier_name(figures.tier).lower()} in {window.name}.")
        return
    _cards(shown, figures)
    paragraph(f"Given for whole tiers only: {joined(others)}.", "note")


def _verdict_strip(scene: Scene, window: Window, tier: str, claim: str) -> None:
    """The tier's verdicts in a line, each leading to its explanation."""
    names = {constraint.id: constraint.name for constraint in scene.constraints.values()}
    own = [each for each in verdicts(scene.snapshot, window) if each.tier == tier]
    place = {name: i for i, name in enumerate(names)}
    chips = [
        anchor(
            link("overview", verdict=f"{each.constraint}:{tier}"),
            names.get(each.constraint, each.constraint),
            status_chip(each.status),
        )
        for each in sorted(own, key=lambda each: place.get(each.constraint, len(place)))
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
    rows = slowest_changes(scene.snapshot, tier, window, SLOWEST, scene.segment)
    if rows is None:
        section("Slowest changes")
        paragraph("This snapshot was made by an earlier version, which did not list them. Run `plumbline build`.")
        return
    of_segment = "" if scene.segment.is_whole else f" by {scene.segment.words}"
    if not len(rows):
        section("Slowest changes")
        paragraph(f"No change was merged{of_segment} in {window.name} in {tier_name(tier).lower()}.")
        return
    section(
        "Slowest changes",
        f"The {len(rows)} changes merged{of_segment} in {window.name} that took longest from opening to merge: "
        "a starting point for questions about the work, not about people.",
    )
    links = record_links(scene.snapshot)
    table(
        ["Change", "Cycle time", "Longest stage", "Lines", "AI use", "Merged"],
        [
            [
                record_cell(row["change_id"], links.address("change", row["change_id"])),
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
    filters=("against", "team", "repository"),
)
