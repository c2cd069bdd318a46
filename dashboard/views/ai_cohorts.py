"""AI cohorts: changes without AI, assisted and authored by it, side by side within one tier: speed beside its price."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts
from dashboard.choices import tier_choice
from dashboard.components import Cell, metric_cell, opening, paragraph, section, table
from dashboard.naming import bounds, capital, figure, figure_name, unit_of
from dashboard.periods import Window
from dashboard.queries import MIXED, adoption, cohorts, tiers_present
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.words import share, tier_name

COHORTS = {"none": "No AI", "assisted": "AI-assisted", "authored": "AI-authored", "unknown": "Not known"}
SPEED = (
    ("pr_cycle_time", "p50"),
    ("pr_cycle_time", "p95"),
    ("lead_time", "p50"),
    ("lead_time", "p95"),
    ("pickup_time", "p50"),
    ("review_time", "p50"),
)
PRICE = (
    ("escaped_defects", "rate"),
    ("unreviewed_merge_share", "rate"),
    ("rework_share", "rate"),
    ("change_size", "p50"),
)
SELF_SELECTED = (
    "Cohorts are self-selected: who used AI, and for what, was not drawn by lot. Differences between them are not "
    "effects of AI."
)
FEWEST_UNITS = 20


def render(scene: Scene) -> None:
    """Draws the page."""
    present = [tier for tier in tiers_present(scene.snapshot) if tier != MIXED]
    window = scene.window
    if window is None or not present:
        paragraph(
            "This snapshot holds no metric values. Load events with `plumbline load DIR`, then run `plumbline build`."
        )
        return
    tier = tier_choice(present)
    if window.grain == "trailing_year":
        opening(
            f"{tier_name(tier)} · {window.label}",
            "Cohorts are given by month and by quarter.",
            "Choose one of these windows.",
        )
        return
    rows = cohorts(scene.snapshot, window, tier)
    if not len(rows):
        opening(
            f"{tier_name(tier)} · {window.label}",
            "Nothing is known of how AI took part here.",
            "changes.ai_use says it; connectors read it from authors, trailers and labels.",
        )
        return
    figures = {(row["metric"], row["segment"], row["statistic"]): row for row in rows.iter_rows(named=True)}
    opening(f"{tier_name(tier)} · {window.label}", _lead(figures, window), SELF_SELECTED)
    section("Speed", "Each cohort with its 95 % interval and the changes behind it.")
    _table(figures, SPEED, "Speed by cohort")
    section(
        "What it may cost",
        "Rollbacks and failures belong to deployments, which mix cohorts: they stand on the tier's page.",
    )
    _table(figures, PRICE, "Price by cohort")
    _adoption(scene, tier)


def _lead(figures: Mapping[tuple[str, str, str], Mapping[str, Any]], window: Window) -> str:
    """How much of the work AI took part in."""
    counts = {cohort: figures.get(("throughput", cohort, "count"), {}).get("n", 0) for cohort in COHORTS}
    whole = sum(counts.values())
    if not whole:
        return f"No change was merged in {window.name}."
    with_ai = (counts["assisted"] + counts["authored"]) / whole
    unknown = counts["unknown"] / whole
    rest = f"; of {share(unknown)} it is not known" if unknown else ""
    return capital(f"AI took part in {share(with_ai)} of {whole:,} changes merged in {window.name}{rest}.")


def _table(
    figures: Mapping[tuple[str, str, str], Mapping[str, Any]], shown: Sequence[tuple[str, str]], caption: str
) -> None:
    body = []
    for metric, statistic in shown:
        if metric in all_metrics():
            cells = [_cell(figures.get((metric, cohort, statistic)), metric, statistic) for cohort in COHORTS]
            body.append([metric_cell(figure_name(metric, statistic), metric), *cells])
    table(["Figure", *COHORTS.values()], body, caption)


def _cell(row: Mapping[str, Any] | None, metric: str, statistic: str) -> Cell:
    if row is None or row["value"] is None:
        return Cell("–", is_number=True)
    n, unit = int(row["n"]), unit_of(metric, statistic)
    if n < FEWEST_UNITS:
        return Cell(f"not enough data (n = {n})", is_number=True)
    low, high = row["ci_low"], row["ci_high"]
    interval = bounds(low, high, unit) if low is not None and high is not None else "no interval"
    return Cell("", is_number=True, parts=((figure(row["value"], unit), ""), (f"{interval}, n = {n:,}", "")))


def _adoption(scene: Scene, tier: str) -> None:
    months = adoption(scene.snapshot, tier)
    if not len(months):
        return
    section("How much of the work", "Changes merged a month, by how AI took part. Use that nobody recorded is grey.")
    drawn = charts.shares_of_work(
        months.with_columns(pl.col("segment").replace_strict(COHORTS, default="Not known")), list(COHORTS.values())
    )
    st.plotly_chart(
        drawn, config=charts.CONFIG, key=f"adoption-{tier}", alt="Changes merged a month by how AI took part"
    )


VIEW = View(
    title="AI cohorts",
    path="ai_cohorts",
    icon=":material/group_work:",
    place=3,
    about="Changes without AI, assisted and authored by it, side by side within a tier: speed beside its price.",
    render=render,
)
