"""Rollout: how far each tier has come, what is missing for its next phase, and which ways of going wrong show."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboard import look
from dashboard.choices import chosen, take, widget_key
from dashboard.components import Cell, opening, paragraph, section, state, table
from dashboard.failure_mode_table import show_failure_modes
from dashboard.people import People, people_of
from dashboard.record_queries import control_changes
from dashboard.rollout_queries import (
    Row,
    Standing,
    criteria,
    exceptions,
    failure_modes,
    phase_decisions,
    staging_findings,
    standings,
)
from dashboard.snapshots import Snapshot
from dashboard.views import Scene, View
from metrics.rollout.model import PHASES
from metrics.rollout.phases import all_phases
from metrics.words import joined, plural, tier_name

NEXT = "next"
PHASE_NAMES = {phase: phase.replace("_", " ").replace("org wide", "organisation-wide") for phase in PHASES}
CONTROLS_SHOWN = 12


def render(scene: Scene) -> None:
    """Draws the page."""
    snapshot = scene.snapshot
    gates = criteria(snapshot)
    modes = failure_modes(snapshot)
    if not len(gates) and not len(modes):
        state(
            "No rollout has been recorded",
            ["Stage gates and failure modes are read from the facts and from registers; this snapshot holds none."],
            {
                "plumbline load DIR": "event files, with onboardings.csv and tier_assignments.csv among the registers",
                "plumbline build": "stage gates, failure modes and findings",
            },
        )
        return
    people = people_of(snapshot)
    tiers = standings(snapshot, gates)
    opening(
        f"{snapshot.manifest.workspace} · as of {snapshot.as_of:%-d %b %Y}",
        _lead(tiers),
        "A tier enters a phase when every criterion is shown. No evidence is no pass.",
    )
    _standings(tiers, gates)
    _checklist(tiers, gates, people)
    _staging(snapshot, people)
    show_failure_modes(modes)
    _exceptions(snapshot, people)
    _decisions(snapshot, people)
    _controls(snapshot, people)


def _lead(tiers: Sequence[Standing]) -> str:
    """Who stands where, such as `Tiers 4 and 2 are in governance enforcement; tier 3 is in controlled expansion`."""
    by_phase: dict[str | None, list[str]] = {}
    for standing in tiers:
        by_phase.setdefault(standing.current, []).append(standing.tier)
    text = "; ".join(_stand(found, phase) for phase, found in by_phase.items())
    return f"{text[:1].upper()}{text[1:]}." if text else "No tier has criteria to meet yet."


def _stand(tiers: list[str], phase: str | None) -> str:
    is_one = len(tiers) == 1
    subject = f"{'tier' if is_one else 'tiers'} {joined(tiers)}"
    if phase is None:
        return f"{subject} {'has' if is_one else 'have'} not begun"
    return f"{subject} {'is' if is_one else 'are'} in {PHASE_NAMES[phase]}"


def _of(gates: pl.DataFrame, tier: str, phase: str) -> pl.DataFrame:
    return gates.filter((pl.col("tier") == tier) & (pl.col("phase") == phase))


def _standings(tiers: Sequence[Standing], gates: pl.DataFrame) -> None:
    rows = []
    for standing in tiers:
        own = _of(gates, standing.tier, standing.following)
        met = len(own.filter(pl.col("outcome") == "pass"))
        is_whole = standing.following == standing.current
        rows.append(
            [
                Cell(tier_name(standing.tier)),
                Cell(PHASE_NAMES[standing.current] if standing.current else "not begun"),
                Cell("stays" if is_whole else PHASE_NAMES[standing.following]),
                Cell(f"{met} of {len(own)}", is_number=True),
                _entry(met == len(own)),
            ]
        )
    if rows:
        table(["Tier", "Phase now", "Next phase", "Criteria met", "May it enter?"], rows, "Phases by tier")


def _entry(is_met: bool) -> Cell:
    if is_met:
        return Cell("yes", tone="holds", symbol="✓")
    return Cell("not yet", tone="violated", symbol="✕")


def _mark(outcome: str) -> Cell:
    mark = look.OUTCOME_MARKS[outcome]
    return Cell(mark.word, tone=look.OUTCOME_TONES[outcome], symbol=mark.symbol)


def _checklist(tiers: Sequence[Standing], gates: pl.DataFrame, people: People) -> None:
    section(
        "Stage gates", "The checklist of one phase for every tier; what is missing stands below, with its evidence."
    )
    options = {NEXT: "Each tier's next phase", **{phase: PHASE_NAMES[phase].capitalize() for phase in PHASES}}
    wanted = chosen("phase", list(options), NEXT)
    st.segmented_control(
        "Phase",
        list(options),
        required=True,
        format_func=lambda each: options[each],
        key=widget_key("phase"),
        on_change=take,
        args=("phase",),
        label_visibility="collapsed",
    )
    phase_of = {each.tier: each.following if wanted == NEXT else wanted for each in tiers}
    shown = {tier: _of(gates, tier, phase) for tier, phase in phase_of.items()}
    if not tiers or not any(len(rows) for rows in shown.values()):
        paragraph("No criteria apply.")
        return
    phases = [phase for phase in PHASES if phase in set(phase_of.values())]
    for phase in phases:
        concerned = [tier for tier, own in phase_of.items() if own == phase]
        _matrix(phase, concerned, shown)
    _missing(phase_of, shown, people)


def _matrix(phase: str, tiers: Sequence[str], shown: dict[str, pl.DataFrame]) -> None:
    """Criteria against tiers."""
    paragraph(f"{PHASE_NAMES[phase].capitalize()}: {all_phases()[phase].says}", "branch")
    outcomes = {(row["criterion"], tier): row for tier in tiers for row in shown[tier].iter_rows(named=True)}
    body = []
    for criterion in all_phases()[phase].criteria:
        own = [outcomes.get((criterion.id, tier)) for tier in tiers]
        if any(own):
            cells = [_mark(row["outcome"]) if row else Cell("not asked") for row in own]
            body.append([Cell(criterion.category.replace("_", " ")), Cell(criterion.says), *cells])
    headers = ["Category", "Criterion", *(tier_name(tier) for tier in tiers)]
    table(headers, body, f"Checklist of {PHASE_NAMES[phase]}")


def _missing(phase_of: dict[str, str], shown: dict[str, pl.DataFrame], people: People) -> None:
    """What keeps each tier out of the phase, in words."""
    rows = [
        [
            Cell(tier_name(tier)),
            Cell(row["criterion"].replace("_", " ")),
            _mark(row["outcome"]),
            Cell(_found(row, people)),
        ]
        for tier in phase_of
        for row in shown[tier].iter_rows(named=True)
        if row["outcome"] != "pass"
    ]
    if not rows:
        paragraph("Nothing is missing.")
        return
    paragraph("What is missing", "branch")
    table(["Tier", "Criterion", "Outcome", "What was found"], rows, "Criteria that are not met")


def _found(row: Row, people: People) -> str:
    return people.within(row["evidence"] or row["note"])


def _staging(snapshot: Snapshot, people: People) -> None:
    rows = staging_findings(snapshot)
    if len(rows):
        section(
            "Order of risk", "Lower tiers go first, and gates are tightened before volume rises. It was broken here."
        )
        body = [
            [
                Cell(tier_name(row["tier"]) if row["tier"] else "–"),
                Cell(row["severity"]),
                Cell(people.within(row["reason"])),
            ]
            for row in rows.iter_rows(named=True)
        ]
        table(["Tier", "Severity", "What happened"], body, "Findings of risk staging")


def _exceptions(snapshot: Snapshot, people: People) -> None:
    section("Exceptions", "Policies that are set aside for a while. They change no verdict; they are shown beside it.")
    found = exceptions(snapshot)
    if found is None:
        paragraph("This snapshot carries no register of exceptions.")
        return
    if not found.in_force:
        paragraph("None is in force.")
        return
    paragraph(
        f"{plural(found.in_force, 'exception')} in force: {found.past_end} past the end that was agreed, "
        f"{found.never_reviewed} never reviewed."
    )
    body = [
        [
            Cell(row["policy"].replace("_", " ")),
            Cell(row["where"]),
            Cell(people.shown(row["approver"])),
            Cell(f"{row['granted']:%-d %b %Y}"),
            Cell(f"{row['expires']:%-d %b %Y}"),
            _exception_state(row),
            Cell(people.within(row["reason"]) or "–"),
        ]
        for row in found.rows
    ]
    headers = ["Policy", "Where", "Granted by", "On", "Until", "State", "Why"]
    table(headers, body, "Exceptions in force")
    if found.in_force > len(found.rows):
        paragraph(f"And {found.in_force - len(found.rows)} more, less pressing.", "note")


def _exception_state(row: Row) -> Cell:
    if row["is_past_end"]:
        return Cell("past its end", tone="violated", symbol="✕")
    if not row["was_reviewed"]:
        return Cell("never reviewed", tone="at_risk", symbol="▲")
    return Cell("in time", tone="holds", symbol="✓")


def _decisions(snapshot: Snapshot, people: People) -> None:
    section("Decisions about phases", "Who let which tier into which phase, and on what condition.")
    rows = phase_decisions(snapshot)
    if not rows:
        paragraph("None is recorded. The register is registers/phase_decisions.csv.")
        return
    body = [
        [
            Cell(f"{row['day']:%-d %b %Y}"),
            Cell("all tiers" if row["tier"] == "all" else tier_name(row["tier"])),
            Cell(f"{_phase(row['from_phase'])} → {_phase(row['to_phase'])}"),
            _decided(row),
            _met_then(row),
            Cell(people.shown(row["approvers"])),
            Cell(people.within(row["remediation"]) or "–"),
        ]
        for row in reversed(rows)
    ]
    headers = ["Decided", "Tier", "Step", "Outcome", "Criteria met then", "By", "On condition"]
    table(headers, body, "Decisions about phases")


def _phase(phase: str | None) -> str:
    return PHASE_NAMES.get(phase or "", phase or "–")


def _decided(row: Row) -> Cell:
    if row["is_approved"]:
        return Cell("granted", tone="holds", symbol="✓")
    return Cell("held", tone="at_risk", symbol="▲")


def _met_then(row: Row) -> Cell:
    """How much of the checklist was met on the day of the decision; what was not is one hover away."""
    if not row["asked"]:
        return Cell("–")
    lacking = str(row["lacking"]).replace("_", " ")
    return Cell(f"{row['met']} of {row['asked']}", hint=f"Not met then: {lacking}." if lacking else "")


def _controls(snapshot: Snapshot, people: People) -> None:
    found = control_changes(snapshot)
    if not found:
        return
    section("Changes of controls", "What was changed to make it better, newest first. They are marked in every trend.")
    body = [
        [
            Cell(f"{each.day:%-d %b %Y}"),
            Cell(f"{each.layer}"),
            Cell(tier_name(each.tier) if each.tier else "all tiers"),
            Cell(people.within(each.summary)),
            Cell(people.within(each.expected_impact) or "–"),
            Cell(people.shown(each.owner)),
        ]
        for each in reversed(found[-CONTROLS_SHOWN:])
    ]
    table(["In force from", "Layer", "Tier", "What", "Expected", "Owner"], body, "Changes of controls")


VIEW = View(
    title="Rollout",
    path="rollout",
    icon=":material/checklist:",
    place=5,
    about="Stage gates with what is missing, failure modes, exceptions, and the decisions about phases.",
    render=render,
    needs_window=False,
)
