"""Integrity: every verdict explained, how the tiers fared window after window, and what was decided."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboard import look
from dashboard.components import Cell, anchor, claim_chip, link, opening, paragraph, section, status_chip, table
from dashboard.naming import capital
from dashboard.people import people_of
from dashboard.periods import Window
from dashboard.queries import MIXED, TIERS
from dashboard.record_queries import decisions
from dashboard.verdict_queries import Verdict, history, verdicts
from dashboard.views import Scene, View
from metrics.model import STATUSES
from metrics.words import joined, plural, tier_name

WINDOWS_SHOWN = 6


def render(scene: Scene) -> None:
    """Draws the page."""
    window = scene.window
    found = verdicts(scene.snapshot, window) if window else []
    if window is None or not found:
        paragraph("This snapshot holds no verdicts. Load events with `plumbline load DIR`, then run `plumbline build`.")
        return
    opening(f"{scene.snapshot.manifest.workspace} · {window.label}", _lead(found), _about(window))
    _matrix(scene, window)
    _explained(scene, found)
    _decided(scene, found)


def _lead(found: Sequence[Verdict]) -> str:
    counts = {status: sum(verdict.status == status for verdict in found) for status in STATUSES}
    words = {"violated": "violated", "at_risk": "at risk", "inconclusive": "without enough data", "holds": "held"}
    told = [f"{counts[status]} {words[status]}" for status in STATUSES if counts[status] and status in words]
    return f"Of {plural(len(found), 'verdict')}, {joined(told)}." if told else "No gain was there to be judged."


def _about(window: Window) -> str:
    return (
        f"{capital(window.name)}. A constraint says what may not get worse while something else gets better; each is a "
        "non-inferiority test per tier, with a stated margin."
    )


def _matrix(scene: Scene, window: Window) -> None:
    """Constraint and tier against the newest windows of the grain that is looked at."""
    rows = history(scene.snapshot, window.grain)
    shown = [each for each in sorted(scene.windows) if each.grain == window.grain][-WINDOWS_SHOWN:]
    by_place = {(row["constraint"], row["tier"], row["window_start"]): row for row in rows.iter_rows(named=True)}
    section("Window after window", "Every verdict leads to its explanation; the reason is one hover away.")
    body, quiet = [], []
    for tier in (*TIERS, MIXED):
        for constraint in scene.constraints.values():
            own = [by_place.get((constraint.id, tier, each.start)) for each in shown]
            judged = [row["status"] for row in own if row]
            if judged and set(judged) == {"not_triggered"}:
                quiet.append(_of_tier(constraint.name.lower(), tier))
            elif judged:
                cells = [_mark(row, each) for row, each in zip(own, shown, strict=True)]
                body.append([Cell(tier_name(tier)), Cell(constraint.name), *cells])
    table(["Tier", "Constraint", *(each.short for each in shown)], body, "Verdicts by window")
    if quiet:
        paragraph(f"Never triggered in these windows, because nothing improved: {joined(quiet)}.", "note")


def _of_tier(name: str, tier: str) -> str:
    return name if tier == MIXED else f"{name} in {tier_name(tier).lower()}"


def _mark(row: Mapping[str, str] | None, window: Window) -> Cell:
    if row is None:
        return Cell("–")
    mark = look.STATUS_MARKS[row["status"]]
    address = link("overview", window=window.key, verdict=f"{row['constraint']}:{row['tier']}")
    word = "No gain" if row["status"] == "not_triggered" else mark.word
    return Cell(word, tone=row["status"], symbol=mark.symbol, hint=row["reason"], link=address)


def _explained(scene: Scene, found: Sequence[Verdict]) -> None:
    """Every verdict in its own words, the worst first."""
    section("Explained", "What moved, what it was paid with, and how sure that is.")
    order = [str(status) for status in STATUSES]
    names = {constraint.id: constraint.name for constraint in scene.constraints.values()}
    settled = [verdict for verdict in found if verdict.status == "not_triggered"]
    for verdict in sorted(found, key=lambda each: (order.index(each.status), _place(each.tier))):
        if verdict not in settled:
            _explain(verdict, names.get(verdict.constraint, verdict.constraint))
    if settled:
        where = joined([_where(verdict, names) for verdict in settled])
        paragraph(f"Nothing improved, so nothing was judged: {where}.", "note")


def _explain(verdict: Verdict, name: str) -> None:
    address = link("overview", verdict=f"{verdict.constraint}:{verdict.tier}")
    claim = "" if verdict.tier == MIXED else claim_chip(verdict.claim)
    title = f"{tier_name(verdict.tier)} · {name}"
    st.html(
        f'<p class="verdict">{status_chip(verdict.status)} <b>{anchor(address, title)}</b> {claim}'
        f"<br>{escape(verdict.reason)}</p>"
    )


def _where(verdict: Verdict, names: Mapping[str, str]) -> str:
    """A verdict within a sentence: `speed against escapes in tier 3`."""
    return _of_tier(names.get(verdict.constraint, verdict.constraint).lower(), verdict.tier)


def _place(tier: str) -> int:
    return [*TIERS, MIXED].index(tier)


def _decided(scene: Scene, found: Sequence[Verdict]) -> None:
    """What was done about the violations, and which of them nobody has decided about."""
    section("Decisions", "What was done about a verdict, from the register of decisions.")
    recorded = decisions(scene.snapshot, "verdict")
    if recorded is None:
        paragraph("This snapshot carries no register of decisions.")
        return
    people = people_of(scene.snapshot)
    if len(recorded):
        rows = [
            [
                Cell(row["subject_id"]),
                Cell(people.within(row["action"])),
                Cell(people.shown(row["owner"])),
                Cell(f"{row['decided_at']:%-d %b %Y}"),
                Cell(_due(row)),
            ]
            for row in recorded.iter_rows(named=True)
        ]
        table(["Verdict", "Action", "Owner", "Decided", "Due"], rows, "Decisions about verdicts")
    decided = set(recorded["subject_id"])
    names = {constraint.id: constraint.name for constraint in scene.constraints.values()}
    open_ = [v for v in found if v.status == "violated" and v.verdict_id not in decided]
    if open_:
        told = joined([_where(verdict, names) for verdict in open_])
        paragraph(
            f"No decision is recorded for {told}. Record one in registers/decisions.csv, with the verdict's id as its "
            f"subject_id, such as {open_[0].verdict_id}."
        )


def _due(row: Mapping[str, object]) -> str:
    if row["closed_at"] is not None:
        return f"closed {row['closed_at']:%-d %b %Y}"
    return f"{row['due_at']:%-d %b %Y}" if row["due_at"] is not None else "–"


VIEW = View(
    title="Integrity",
    path="integrity",
    icon=":material/balance:",
    place=4,
    about="Every verdict and claim explained, window after window, with the decisions that were recorded.",
    render=render,
)
