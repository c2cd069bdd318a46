"""Briefs: the stability briefs and ROI reports that were issued in this workspace, to be read and taken along."""

from collections.abc import Mapping

import streamlit as st

from dashboard.access import served
from dashboard.brief_files import IssuedBrief, issued_briefs
from dashboard.choices import chosen, take, widget_key
from dashboard.components import opening, state
from dashboard.people import people_of
from dashboard.views import Scene, View

FOLDER = "briefs"
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
    found = issued_briefs(scene.folder.state / FOLDER)
    if not found:
        state(
            "No brief has been issued yet",
            ["Stability briefs and ROI reports that were issued in this workspace are shown here."],
            {
                "plumbline brief --issue": "the stability brief of the last complete month",
                "plumbline roi --issue": "the ROI report of the last complete quarter",
            },
        )
        return
    brief = found[chosen("brief", list(found), next(iter(found)))]
    opening(scene.snapshot.manifest.workspace, f"{brief.title}.", _others(found, brief))
    _bar(found, brief, may_take=served().show_names or scene.reader.role != "viewer")
    text = brief.files.get(READ)
    if text is None:
        st.markdown("This one was not kept as Markdown; take it along in another form.")
    else:
        with st.container(border=True, key="brief"):
            words = people_of(scene.snapshot).within(text.read_text(encoding="utf-8"))
            # Between two of them Streamlit would set a formula.
            st.markdown(words.replace("$", "\\$"))


def _others(found: Mapping[str, IssuedBrief], shown: IssuedBrief) -> str:
    """How many others there are, and whether a later edition replaces this one."""
    later = [each for each in found.values() if (each.kind, each.period) == (shown.kind, shown.period)]
    newest = max(each.edition for each in later)
    if newest > shown.edition:
        return f"Edition {newest} replaces it, and says what changed."
    others = len(found) - 1
    return f"{others} other{'s' if others != 1 else ''} can be chosen." if others else "It is the first one."


def _bar(found: Mapping[str, IssuedBrief], brief: IssuedBrief, *, may_take: bool) -> None:
    """The choice of a brief, and the forms to take along: documents name who decided, and not every reader may know."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="brief-bar"):
        st.selectbox(
            "Brief",
            list(found),
            format_func=lambda key: found[key].label,
            key=widget_key("brief"),
            on_change=take,
            args=("brief",),
            width=330,
        )
        for form, (label, kind) in FORMS.items():
            if may_take and (path := brief.files.get(form)):
                st.download_button(label, path.read_bytes(), path.name, kind, key=f"download-{form}", on_click="ignore")


VIEW = View(
    title="Briefs",
    path="briefs",
    icon=":material/description:",
    place=6,
    about="The stability briefs and ROI reports that were issued, to be read, exported and looked back at.",
    render=render,
    needs_window=False,
    whole_organisation=True,
)
