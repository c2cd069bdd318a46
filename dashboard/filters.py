"""The one bar of filters: window, what it is compared with, team and repository. All of it stands in the address.

No filter pools tiers: a team or repository is looked at within each tier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from dashboard.choices import chosen, remembered, take, widget_key
from dashboard.components import paragraph
from dashboard.filter_queries import comparators, has_repository, repositories, teams
from dashboard.periods import Window, default_window, in_order
from dashboard.segments import AGAINST_WORDS, WHOLE, Against, Segment
from dashboard.snapshots import Snapshot
from metrics.words import joined

Filter = Literal["against", "team", "repository"]
EVERY = ""
"""The choice that singles nothing out."""
NEW_OPTION_HELP = "The busiest are listed; type the id of any other."


@dataclass(frozen=True)
class Filtered:
    """What the bar says."""

    window: Window
    against: Against = "baseline"
    segment: Segment = WHOLE


def filter_bar(snapshot: Snapshot, windows: Sequence[Window], filters: Sequence[Filter]) -> Filtered | None:
    """Draws the bar, and says what is chosen; None where there is no window.

    Args:
        snapshot: whose teams and repositories.
        windows: to choose from.
        filters: what the page can be filtered by, beside the window.
    """
    ordered = {window.key: window for window in in_order(windows)}
    first = default_window(windows)
    if first is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        window = ordered[chosen("window", list(ordered), first.key)]
        labels = {key: each.label for key, each in ordered.items()}
        _select("Window", "window", list(ordered), labels, 250)
        against = _against(snapshot, window) if "against" in filters else "baseline"
        segment = _segment(snapshot, filters)
    _say_what_does_not_apply(filters)
    return Filtered(window, against, segment)


def _select(label: str, name: str, options: Sequence[str], labels: dict[str, str], width: int) -> None:
    st.selectbox(
        label,
        options,
        format_func=lambda each: labels.get(each, each),
        key=widget_key(name),
        on_change=take,
        args=(name,),
        width=width,
    )


def _against(snapshot: Snapshot, window: Window) -> Against:
    known: dict[str, Against] = {name: name for name in comparators(snapshot, window)}
    against = known[chosen("against", list(known), "baseline")]
    labels: dict[str, str] = {name: f"{words[0].upper()}{words[1:]}" for name, words in AGAINST_WORDS.items()}
    _select("Compared with", "against", list(known), labels, 235)
    return against


def _segment(snapshot: Snapshot, filters: Sequence[Filter]) -> Segment:
    """The repository that is singled out, else the team, else nothing."""
    team = _team(snapshot) if "team" in filters else EVERY
    if "repository" in filters and (repository := _repository(snapshot, team or None)):
        return Segment("repo", repository)
    return Segment("team", team) if team else WHOLE


def _team(snapshot: Snapshot) -> str:
    known = teams(snapshot)
    if not known:
        return EVERY
    team = chosen("team", [EVERY, *known], EVERY)
    _select("Team", "team", [EVERY, *known], {EVERY: _every("team", snapshot)}, 210)
    return team


def _repository(snapshot: Snapshot, team: str | None) -> str:
    listed = repositories(snapshot, team)
    if not listed:
        return EVERY
    wanted = remembered("repository")
    # One that is not among the busiest may be named all the same, by the address or by typing.
    known = listed if wanted in listed or not has_repository(snapshot, wanted, team) else [*listed, wanted]
    repository = chosen("repository", [EVERY, *known], EVERY)
    st.selectbox(
        "Repository",
        [EVERY, *known],
        format_func=lambda each: each or _every("repository", snapshot),
        key=widget_key("repository"),
        on_change=take,
        args=("repository",),
        accept_new_options=True,
        help=NEW_OPTION_HELP,
        width=330,
    )
    return repository


def _every(noun: str, snapshot: Snapshot) -> str:
    return f"Every {noun}" if snapshot.teams is None else f"All {noun}s of the tier"


def _say_what_does_not_apply(filters: Sequence[Filter]) -> None:
    """A choice made on another page that this page cannot follow is said, not silently dropped."""
    ignored = [name for name in ("team", "repository") if name not in filters and remembered(name)]
    if ignored:
        words = joined([f"{name} {remembered(name)}" for name in ignored])
        paragraph(f"This page judges whole tiers: the filter for {words} does not apply here.", "note")
