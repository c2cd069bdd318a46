"""Overview: where are we faster, and did we pay for it?"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard import look
from dashboard.choices import choose, chosen
from dashboard.components import (
    Cell,
    anchor,
    claim_chip,
    direction_cell,
    link,
    metric_cell,
    opening,
    paragraph,
    section,
    table,
)
from dashboard.explanation import explain
from dashboard.naming import (
    TIER_NAMES,
    TIER_NOTES,
    between,
    capital,
    change,
    change_interval,
    evidence_movement,
    figure_name,
    unit_of,
)
from dashboard.periods import Window, days
from dashboard.queries import MIXED, TIERS, comparisons, units
from dashboard.segment_table import segment_table
from dashboard.sentences import TierStory, headline_of, mixed_sentence
from dashboard.verdict_queries import Verdict, recommendations, verdicts
from dashboard.views import Scene, View
from metrics.definitions import all_metrics
from metrics.model import STATUSES, Constraint
from metrics.words import joined

GRID = [1.25, 1, 1, 1, 1]
SPEEDS = (("pr_cycle_time", "Cycle time"), ("lead_time", "Lead time"))
SHOWN_AT_FIRST = 10


def render(scene: Scene) -> None:
    """Draws the page."""
    window = scene.window
    if window is None:
        paragraph(
            "This snapshot holds no verdicts or values. Load events (`plumbline load DIR`), then `plumbline build`."
        )
        return
    found = verdicts(scene.snapshot, window)
    compared = comparisons(scene.snapshot, window)
    lead, stories = headline_of(found, TIERS)
    opening(f"{scene.snapshot.manifest.workspace} · {window.label}", lead, _under(scene, found, window))
    if not scene.segment.is_whole:
        segment_table(scene.snapshot, window, scene.segment)
        section("The tiers' verdicts")
    if not found:
        return
    opened = _chosen(found)
    with st.container(key="grid"):
        _heads(stories)
        _gains(stories, compared)
        judged = {verdict.constraint for verdict in found}
        shown = [constraint for constraint in scene.constraints.values() if constraint.id in judged]
        quiet = [constraint for constraint in shown if _is_quiet(constraint, found)]
        for constraint in shown:
            if constraint not in quiet and not constraint.across_tiers:
                _row(constraint, found, opened)
        for constraint in shown:
            if constraint.across_tiers:
                _mixed_row(constraint, found, opened)
        _say_the_rest(quiet, [each for each in scene.constraints.values() if each.id not in judged])
    with st.container(border=True, key="explanation"):
        explain(scene.snapshot, opened, scene.constraints.get(opened.constraint), window)
    _next_steps(scene, window)
    _moved(scene, compared, window)


def _say_the_rest(quiet: Sequence[Constraint], absent: Sequence[Constraint]) -> None:
    """Constraints without a row of their own."""
    if quiet:
        names = joined([each.name.lower() for each in quiet])
        paragraph(f"Not triggered in any tier, because what they guard did not improve: {names}.", "note")
    if absent:
        names = joined([each.name.lower() for each in absent])
        paragraph(f"Without a verdict in this window: {names}.", "note")


def _under(scene: Scene, found: Sequence[Verdict], window: Window) -> str:
    """What the figures are held against, and how final they are."""
    spans = {(verdict.baseline_start, verdict.baseline_end) for verdict in found if verdict.baseline_start}
    against = days(*spans.pop()) if len(spans) == 1 else "each tier's own baseline"
    provisional = (
        " Provisional: the window or its follow-up has not passed." if any(v.is_provisional for v in found) else ""
    )
    cut = f"Events up to {scene.snapshot.as_of:%-d %b %Y}."
    return f"{capital(window.name)} against {against}, by risk tier. {cut}{provisional}"


def _chosen(found: Sequence[Verdict]) -> Verdict:
    """The verdict that the address names; at first the worst one of the most critical tier."""
    order = [str(status) for status in STATUSES]
    worst = min(
        found, key=lambda each: (order.index(each.status), each.tier == MIXED, [*TIERS, MIXED].index(each.tier))
    )
    by_key = {f"{verdict.constraint}:{verdict.tier}": verdict for verdict in found}
    return by_key[chosen("verdict", list(by_key), f"{worst.constraint}:{worst.tier}")]


def _heads(stories: Mapping[str, TierStory]) -> None:
    columns = st.columns(GRID, wrap=False)
    columns[0].html('<p class="rowhead"><b>Risk tier</b><span>4 is the most critical</span></p>')
    for column, tier in zip(columns[1:], TIERS, strict=True):
        note = TIER_NOTES.get(tier, "")
        claim = claim_chip(stories[tier].claim) if tier in stories else ""
        name = anchor(link("tier", tier=tier), TIER_NAMES[tier])
        column.html(f'<p class="colhead"><b>{name}</b> <span>{note}</span><br>{claim}</p>')


def _gains(stories: Mapping[str, TierStory], compared: pl.DataFrame) -> None:
    columns = st.columns(GRID, wrap=False)
    columns[0].html('<p class="rowhead"><b>Are we faster?</b><span>change of the median</span></p>')
    rows = {
        (row["metric"], row["tier"]): row for row in compared.filter(pl.col("statistic") == "p50").iter_rows(named=True)
    }
    for column, tier in zip(columns[1:], TIERS, strict=True):
        lines = [_gain_line(rows.get((metric, tier)), name) for metric, name in SPEEDS]
        column.html(
            f'<p class="gain">{"<br>".join(lines)}</p>' if tier in stories else '<p class="gain quiet">no data</p>'
        )


def _gain_line(row: Mapping[str, Any] | None, name: str) -> str:
    if row is None:
        return f'<span class="quiet">{name}: no data</span>'
    direction = str(row["direction"])
    if direction == "inconclusive":
        return f'{name} <span class="quiet">no change beyond noise</span>'
    moved = change(row["change"], "p50", "hours")
    tone, word = look.DIRECTION_TONES[direction], look.DIRECTION_MARKS[direction].word
    return f'{name} <b style="color:var(--{tone})">{moved}</b> <span class="quiet">{word}</span>'


def _is_quiet(constraint: Constraint, found: Sequence[Verdict]) -> bool:
    """Whether a constraint by tier was triggered nowhere."""
    own = [verdict.status for verdict in found if verdict.constraint == constraint.id]
    return not constraint.across_tiers and all(status == "not_triggered" for status in own)


def _row(constraint: Constraint, found: Sequence[Verdict], opened: Verdict) -> None:
    columns = st.columns(GRID, wrap=False)
    columns[0].html(f'<p class="rowhead"><b>{constraint.name}</b><span>{constraint.question}</span></p>')
    own = {verdict.tier: verdict for verdict in found if verdict.constraint == constraint.id}
    for column, tier in zip(columns[1:], TIERS, strict=True):
        with column:
            if tier in own:
                _cell(own[tier], opened)
            else:
                st.html('<p class="gain quiet">not judged</p>')


def _mixed_row(constraint: Constraint, found: Sequence[Verdict], opened: Verdict) -> None:
    own = [verdict for verdict in found if verdict.constraint == constraint.id and verdict.tier == MIXED]
    if not own:
        return
    head, cell = st.columns([GRID[0], sum(GRID[1:])], wrap=False)
    head.html(f'<p class="rowhead"><b>{constraint.name}</b><span>{constraint.question}</span></p>')
    with cell:
        _cell(own[0], opened, mixed_sentence(found))


def _cell(verdict: Verdict, opened: Verdict, text: str = "") -> None:
    """One verdict, as a button that leads to its explanation."""
    mark = look.STATUS_MARKS[verdict.status]
    st.button(
        f"**{mark.word}** {text or _short(verdict)}",
        key=f"cell--{verdict.status}--{verdict.constraint}--{verdict.tier}",
        icon=mark.icon,
        width="stretch",
        type="primary" if verdict.verdict_id == opened.verdict_id else "secondary",
        on_click=choose,
        args=("verdict", f"{verdict.constraint}:{verdict.tier}"),
    )


def _short(verdict: Verdict) -> str:
    """The figure that a status rests on, in a few words."""
    guardrail = verdict.worst_guardrail
    if verdict.status == "not_triggered":
        return "no gain to be paid for"
    if verdict.status == "holds":
        return "every guardrail within its margin"
    if guardrail is None or verdict.status == "inconclusive":
        return "no guardrail can be judged yet"
    return capital(evidence_movement(guardrail)).replace(" %", "\N{NO-BREAK SPACE}%")


def _next_steps(scene: Scene, window: Window) -> None:
    """Where each tier's time goes, and what to do about it."""
    last = next((each for each in scene.windows if each.grain == "quarter" and each.end == window.end), window)
    window = last if window.grain == "trailing_year" else window
    steps = recommendations(scene.snapshot, window)
    if not len(steps):
        return
    section(
        "Next steps", "The stage that holds most of a tier's lead time, and the remedy that the field knows for it."
    )
    rows = [
        [Cell(TIER_NAMES.get(row["tier"], row["tier"])), Cell(row["finding"]), Cell(row["next_step"])]
        for row in steps.iter_rows(named=True)
        if row["tier"] in TIERS
    ]
    table(["Tier", "What was found", "What to do"], rows, f"Next steps after {window.name}")


def _moved(scene: Scene, compared: pl.DataFrame, window: Window) -> None:
    """Headline figures whose 95 % interval of change excludes zero."""
    known = all_metrics()
    section(
        "What moved beyond noise",
        "Headline metrics whose change from the baseline is not chance at 95 %, worst first. A change is relative for "
        "durations and counts, in points for rates.",
    )
    rows = [
        row
        for row in compared.filter(
            pl.col("direction").is_in(["worsened", "improved"]) & (pl.col("tier") != MIXED)
        ).iter_rows(named=True)
        if row["metric"] in known
        and known[row["metric"]].headline
        and row["statistic"] in ("p50", "p95", "rate", "per_week")
    ]
    if not rows:
        paragraph("Nothing: every headline metric stayed within its noise.")
        return
    place = {metric: i for i, metric in enumerate(known)}
    rows.sort(
        key=lambda row: (
            row["direction"] != "worsened",
            -int(row["tier"]) if row["tier"].isdigit() else 1,
            place[row["metric"]],
        )
    )
    headers = ["Tier", "Figure", "Baseline → now", "n", "Change", "95 % interval", "Reading"]
    counts = units(scene.snapshot, window)
    table(headers, [_moved_row(row, counts) for row in rows[:SHOWN_AT_FIRST]], f"What moved in {window.name}")
    if len(rows) > SHOWN_AT_FIRST:
        with st.expander(f"{len(rows) - SHOWN_AT_FIRST} more"):
            table(
                headers, [_moved_row(row, counts) for row in rows[SHOWN_AT_FIRST:]], f"What else moved in {window.name}"
            )


def _moved_row(row: Mapping[str, Any], counts: Mapping[tuple[str, str, str], int]) -> list[Cell]:
    metric, statistic = str(row["metric"]), str(row["statistic"])
    unit, n = unit_of(metric, statistic), counts.get((metric, str(row["tier"]), statistic))
    return [
        Cell(TIER_NAMES.get(str(row["tier"]), str(row["tier"]))),
        metric_cell(figure_name(metric, statistic), metric),
        Cell(between(row["baseline_value"], row["value"], unit), is_number=True),
        Cell("–" if n is None else f"{n:,}", is_number=True),
        Cell(change(row["change"], statistic, unit), is_number=True),
        Cell(change_interval(row["change_ci_low"], row["change_ci_high"], statistic, unit), is_number=True),
        direction_cell(str(row["direction"])),
    ]


VIEW = View(
    title="Overview",
    path="overview",
    icon=":material/grid_view:",
    place=0,
    about="Where are we faster, and did we pay for it? Every constraint in every tier, with what it rests on.",
    render=render,
    filters=("team", "repository"),
)
