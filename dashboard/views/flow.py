"""Flow: where the lead time goes in each tier, quarter after quarter, and the remedy for its largest stage."""

from collections.abc import Mapping

import streamlit as st

from dashboard import charts
from dashboard.components import Cell, opening, paragraph, section, table
from dashboard.naming import capital, figure
from dashboard.periods import Window
from dashboard.queries import TIERS, stage_hours, tiers_present
from dashboard.verdict_queries import recommendations
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.words import joined, share, tier_name

QUARTERS_SHOWN = 5


def render(scene: Scene) -> None:
    """Draws the page."""
    tiers = [tier for tier in tiers_present(scene.snapshot) if tier in TIERS]
    window = scene.window
    now = {
        tier: hours
        for tier in tiers
        if window and (hours := stage_hours(scene.snapshot, tier, window.start, window.end))
    }
    if window is None or not now:
        paragraph(
            "No change was deployed in this window. Load events with `plumbline load DIR`, then run `plumbline build`."
        )
        return
    names = {metric.id: metric.name for metric in all_metrics().values() if metric.parent == "lead_time"}
    opening(
        f"{scene.snapshot.manifest.workspace} · {window.label}",
        _lead(now, names),
        "The six stages of a change add up to its lead time, from the first commit to production. Buy no more speed "
        "upstream of a queue.",
    )
    _remedies(scene, window)
    for tier, hours in now.items():
        spans = _spans(scene, tier, window)
        section(tier_name(tier), f"{figure(sum(hours.values()), 'hours')} from first commit to production on average.")
        drawn = charts.stages(spans, names)
        st.plotly_chart(drawn, config=charts.CONFIG, key=f"flow-{tier}", alt=f"Lead time of {tier_name(tier)} by stage")


def _lead(now: Mapping[str, Mapping[str, float]], names: Mapping[str, str]) -> str:
    """Which stage holds most of the lead time where."""
    holders: dict[str, list[str]] = {}
    for tier, hours in now.items():
        holders.setdefault(max(hours, key=lambda stage: hours[stage]), []).append(tier)
    told = []
    for stage, tiers in holders.items():
        parts = joined([share(now[tier][stage] / sum(now[tier].values())) for tier in tiers])
        where = f"tier {tiers[0]}" if len(tiers) == 1 else f"tiers {joined(tiers)}"
        told.append(f"{names.get(stage, stage).lower()} in {where} ({parts})")
    return capital(f"most of the lead time lies in {joined(told)}.")


def _remedies(scene: Scene, window: Window) -> None:
    steps = recommendations(scene.snapshot, window)
    rows = [
        [Cell(tier_name(row["tier"])), Cell(row["finding"]), Cell(row["next_step"])]
        for row in steps.iter_rows(named=True)
        if row["tier"] in TIERS
    ]
    if rows:
        table(["Tier", "What was found", "What to do"], rows, f"Next steps after {window.name}")


def _spans(scene: Scene, tier: str, window: Window) -> dict[str, Mapping[str, float]]:
    """The quarters up to the window that is looked at, the oldest first; the window itself where it is none."""
    quarters = [each for each in sorted(scene.windows) if each.grain == "quarter" and each.start < window.end]
    shown = quarters[-QUARTERS_SHOWN:] if window.grain != "month" else [*quarters[-QUARTERS_SHOWN:], window]
    spans = {each.short: stage_hours(scene.snapshot, tier, each.start, each.end) for each in shown}
    return {label: hours for label, hours in spans.items() if hours}


VIEW = View(
    title="Flow",
    path="flow",
    icon=":material/water:",
    place=2,
    about="Where the lead time goes, stage by stage, and the remedy for the stage that holds most of it.",
    render=render,
)
