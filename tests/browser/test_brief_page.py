"""The brief as people see it: two pages of A4 when printed, readable on a narrow screen, nothing fetched."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pipelines.write_brief import write_brief
from schemas.workspace import Workspace

# The build runs an event loop of its own, and so has to be over before the browser's begins.
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("demo_workspace")]

PAGES = 2
PHONE = {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def page_file(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest brief of the sample organisation."""
    return write_brief(demo_workspace, None, tmp_path_factory.mktemp("brief"), ["html"]).files[0]


def test_it_prints_on_two_pages(browser: Browser, page_file: Path) -> None:
    page = browser.new_page()
    page.goto(page_file.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == PAGES
    page.close()


def test_nothing_is_fetched_and_nothing_sticks_out_on_a_phone(browser: Browser, page_file: Path) -> None:
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    assert asked == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()
