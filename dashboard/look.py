"""How things look: one palette, words and symbols of every status, the style sheet. Colour alone tells nothing."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from metrics.model import Status

FOLDER = Path(__file__).parent

WINDOW_COLOUR = "#2f7dc1"
"""The window that is looked at; readable on the light and on the dark ground, as are all of these."""
BASELINE_COLOUR = "#8a939d"
TAIL_COLOUR = "#c4662b"
CONTROL_COLOUR = "#8d6cab"
"""Changes of controls."""
STAGE_COLOURS = {
    "lead_time_coding": "#4c6a92",
    "lead_time_draft": "#8a939d",
    "lead_time_pickup": "#c98a1b",
    "lead_time_review": "#2f9e8f",
    "lead_time_merge_wait": "#8d6cab",
    "lead_time_deploy_wait": "#c4662b",
}
"""Stages of the lead time, in order; hues that stay apart for colour-blind readers (after Okabe and Ito, 2008)."""


COHORT_COLOURS = {"No AI": "#4c6a92", "AI-assisted": "#2f9e8f", "AI-authored": "#c98a1b", "Not known": "#b9c0c7"}
"""How AI took part, by the words that pages use."""


@dataclass(frozen=True)
class Mark:
    """A word with its symbol, as text and as Streamlit's icon."""

    word: str
    symbol: str
    icon: str


STATUS_MARKS: dict[str, Mark] = {
    "violated": Mark("Violated", "✕", ":material/cancel:"),
    "at_risk": Mark("At risk", "▲", ":material/warning:"),
    "inconclusive": Mark("Too little data", "?", ":material/help:"),
    "holds": Mark("Holds", "✓", ":material/check_circle:"),
    "not_triggered": Mark("No gain to judge", "–", ":material/remove:"),
}
CLAIM_MARKS: dict[str, Mark] = {
    "claimable": Mark("Gain claimable", "✓", ":material/verified:"),
    "with_reservation": Mark("Claimable with reservation", "▲", ":material/warning:"),
    "not_claimable": Mark("Gain not claimable", "✕", ":material/block:"),
    "none": Mark("No gain to claim", "–", ":material/remove:"),
}
CLAIM_TONES: dict[str, Status] = {
    "claimable": "holds",
    "with_reservation": "at_risk",
    "not_claimable": "violated",
    "none": "not_triggered",
}
"""Claims share the colours of the statuses that they come from."""
DIRECTION_MARKS = {
    "improved": Mark("better", "▼", ""),
    "worsened": Mark("worse", "▲", ""),
    "unchanged": Mark("unchanged", "=", ""),
    "inconclusive": Mark("not beyond noise", "~", ""),
    "untested": Mark("not tested", "○", ""),
}
DIRECTION_TONES: dict[str, Status] = {
    "improved": "holds",
    "worsened": "violated",
    "unchanged": "not_triggered",
    "inconclusive": "not_triggered",
    "untested": "not_triggered",
}
OUTCOME_MARKS = {
    "pass": Mark("met", "✓", ""),
    "fail": Mark("not met", "✕", ""),
    "no_evidence": Mark("no evidence", "?", ""),
}
OUTCOME_TONES: dict[str, Status] = {"pass": "holds", "fail": "violated", "no_evidence": "inconclusive"}
MODE_MARKS = {
    "present": Mark("Present", "✕", ""),
    "watch": Mark("Watch", "▲", ""),
    "clear": Mark("Clear", "✓", ""),
    "no_data": Mark("No data", "?", ""),
}
MODE_TONES: dict[str, Status] = {
    "present": "violated",
    "watch": "at_risk",
    "clear": "holds",
    "no_data": "inconclusive",
}


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(FOLDER / "look.css")
