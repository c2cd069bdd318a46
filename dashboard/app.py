"""The dashboard: navigation, the window looked at, and the page. Streamlit runs this file on every interaction."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard import look
from dashboard.access import current_reader, log_out_button, served
from dashboard.components import error_state, state
from dashboard.constraints import constraints_of
from dashboard.filters import filter_bar
from dashboard.snapshots import Snapshot, SnapshotUnreadable, age, newest
from dashboard.verdict_queries import windows
from dashboard.views import Scene, View, all_views
from schemas.errors import NoSnapshot, PlumblineError
from schemas.snapshot import SnapshotFolder

SECONDS_BETWEEN_LOOKS_FOR_A_NEWER_SNAPSHOT = 20.0


def run() -> None:
    """Draws the page that the address names, on the newest snapshot."""
    st.set_page_config(
        page_title="Plumbline",
        page_icon=str(look.FOLDER / "icon.svg"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    look.apply()
    st.logo(look.FOLDER / "logo.svg", size="large")
    reader = current_reader()
    if reader is None:
        _navigate(_nobody, position="hidden").run()
        return
    folder = SnapshotFolder.of_workspace(Path(os.environ.get("PLUMBLINE_WORKSPACE", ".")).resolve())
    try:
        snapshot = newest(folder, reader.teams)
        known = constraints_of(snapshot)
        scene = Scene(folder, snapshot, windows(snapshot), None, reader=reader, constraints=known)
    except PlumblineError as error:
        trouble = error
        _navigate(lambda _: _nothing(trouble)).run()  # every page says the same
        return
    page = _navigate(partial(_draw, scene))
    _follow(folder, snapshot.id)
    page.run()
    _foot(snapshot)
    log_out_button(reader)


def _nobody(view: View) -> None:
    """Nobody reads, whatever page was asked for: why has been said."""


def _navigate(draw: Callable[[View], None], position: Literal["top", "hidden"] = "top") -> st.Page:
    """The navigation; the first page answers under its own address, too, which Streamlit would not find."""
    views = all_views()
    pages = [
        st.Page(
            partial(draw, view),
            title=view.title,
            icon=view.icon,
            url_path="start" if view.place == 0 else view.path,
            default=view.place == 0,
            help=view.about,
        )
        for view in views
    ]
    pages += [
        st.Page(partial(draw, view), title=view.title, url_path=view.path, visibility="hidden")
        for view in views
        if view.place == 0
    ]
    return st.navigation(pages, position=position)


def _draw(scene: Scene, view: View) -> None:
    if view.whole_organisation and scene.reader.teams is not None:
        state(
            f"{view.title} are not shown to you",
            ["They tell of the whole organisation, and your log-in shows you single teams.", "Ask a leader for them."],
            {},
        )
        return
    try:
        if view.needs_window and scene.windows:
            found = filter_bar(scene.snapshot, scene.windows, view.filters)
            if found:
                scene = replace(scene, window=found.window, against=found.against, segment=found.segment)
        view.render(scene)
    except SnapshotUnreadable as error:
        error_state(error)


def _nothing(error: PlumblineError) -> None:
    if isinstance(error, NoSnapshot):
        state(
            "Nothing has been built yet",
            [f"The workspace {error.where} has no snapshot. Once there is one, this page shows it by itself."],
            {
                "plumbline load DIR": "event files into the warehouse; or `plumbline ingest` from the configured hosts",
                "plumbline build": "facts, metrics and verdicts, published as one snapshot",
                "plumbline demo": "or look at the sample organisation first",
            },
        )
    else:
        error_state(error)


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS_FOR_A_NEWER_SNAPSHOT)
def _follow(folder: SnapshotFolder, shown: str) -> None:
    """Draws the whole page anew when a newer snapshot has been published."""
    if folder.current_id() != shown:
        st.rerun()


def _foot(snapshot: Snapshot) -> None:
    people = "Names stand as the registers hold them" if served().show_names else "People are pseudonymous"
    st.html(
        f'<p class="foot">Events up to {snapshot.as_of:%-d %b %Y %H:%M %Z} · built {age(snapshot.created_at)},'
        f" {snapshot.created_at:%-d %b %Y %H:%M %Z} · snapshot {snapshot.id}"
        f" · {people}; nobody is ranked.</p>"
    )


run()
