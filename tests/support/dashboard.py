"""The dashboard's pages run without a browser."""

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
PATIENCE = 60.0
"""Seconds; the first page of a process imports everything."""


def open_page(monkeypatch: pytest.MonkeyPatch, workspace: Path, page: str = "", **choices: str) -> AppTest:
    """A page as a reader first sees it, with what the address says."""
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(workspace))
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    # AppTest switches between pages that are files; ours are functions, known to Streamlit by the hash of their path.
    app._page_hash = calc_hash(page) if page else ""
    for name, value in choices.items():
        app.query_params[name] = value
    return app.run()


def text_of(app: AppTest) -> str:
    """Everything that the page says, without markup."""
    assert not app.exception, app.exception[0].value
    said = [element.value for element in app.html]
    said += [element.value for element in [*app.markdown, *app.subheader]]
    said += [button.label for button in app.button]
    return " ".join(unescape(re.sub(r"<[^>]+>|\*\*", " ", " ".join(said))).split())
