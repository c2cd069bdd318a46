"""Briefs: the monthly stability briefs that were made in this workspace, to be read and taken along."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboard.choices import chosen, take, widget_key
from dashboard.components import opening, state
from dashboard.periods import window_of_key
from dashboard.views import Scene, View

FOLDER = "briefs"
NAME = re.compile(r"stability-brief-(?P<month>\d{4}-\d{2})\.(?P<form>[a-z]+)")
FORMS = {
    "html": ("HTML, one file that stands alone", "text/html"),
    "pdf": ("PDF", "application/pdf"),
    "md": ("Markdown", "text/markdown"),
    "json": ("JSON", "application/json"),
    "csv": ("Figures as CSV", "text/csv"),
}
READ = "md"
"""The form that is shown here: Markdown brings no scripts and takes on the page's own looks."""


def render(scene: Scene) -> None:
    """Draws the page."""
    found = briefs(scene.folder.state / FOLDER)
    if not found:
        state(
            "No brief has been made yet",
            ["Monthly stability briefs that lie in this workspace's .plumbline/briefs are shown here."],
            {"plumbline brief -o .plumbline/briefs": "the brief of the last complete month, in the workspace's folder"},
        )
        return
    month = chosen("brief", list(found), next(iter(found)))
    opening(scene.snapshot.manifest.workspace, f"The stability brief of {_name(month)}.", _others(list(found), month))
    _bar(found, month)
    text = found[month].get(READ)
    if text is None:
        st.markdown("This month's brief was not kept as Markdown; take it along in another form.")
    else:
        with st.container(border=True, key="brief"):
            st.markdown(text.read_text(encoding="utf-8"))


def briefs(folder: Path) -> dict[str, dict[str, Path]]:
    """The files of every month's brief by form, newest month first."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("stability-brief-*"), reverse=True):
        named = NAME.fullmatch(path.name)
        if named:
            found.setdefault(named["month"], {})[named["form"]] = path
    return found


def _name(month: str) -> str:
    window = window_of_key(month)
    return window.name if window else month


def _others(months: Sequence[str], shown: str) -> str:
    earlier = len([month for month in months if month < shown])
    return f"{earlier} earlier one{'s' if earlier != 1 else ''} can be chosen." if earlier else "It is the first one."


def _bar(found: Mapping[str, Mapping[str, Path]], month: str) -> None:
    """The choice of the month, and the forms to take along."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="brief-bar"):
        st.selectbox(
            "Month", list(found), format_func=_name, key=widget_key("brief"), on_change=take, args=("brief",), width=200
        )
        for form, (label, kind) in FORMS.items():
            if path := found[month].get(form):
                st.download_button(label, path.read_bytes(), path.name, kind, key=f"download-{form}", on_click="ignore")


VIEW = View(
    title="Briefs",
    path="briefs",
    icon=":material/description:",
    place=6,
    about="The monthly stability briefs that were made, to be read, exported and looked back at.",
    render=render,
    needs_window=False,
)
