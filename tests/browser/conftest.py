"""A real dashboard in a process of its own, and a real Chromium that looks at it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from schemas.workspace import Workspace
from tests.support.serving import dashboard_of

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MILLISECONDS_TO_ANSWER = 60_000
HEIGHT = 900
MILLISECONDS_TO_LAY_OUT = 200
"""What charts take to fill a window whose height has changed; a picture before shows gaps."""


@pytest.fixture(scope="session")
def dashboard(demo_workspace: Workspace, chromium: str) -> Iterator[str]:
    """The address of the sample organisation's dashboard."""
    with dashboard_of(demo_workspace.root) as address:
        yield address


# Not for the session: while Playwright's event loop runs, no build can run its own in the same process.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET), timeout=120_000)
        yield browser
        browser.close()


Scheme = Literal["light", "dark"]
Windows = Callable[[int, Scheme], BrowserContext]


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[Windows]:
    """Windows by width and scheme, each opened once: what a browser keeps of the scripts it fetches again otherwise."""
    opened: dict[tuple[int, Scheme], BrowserContext] = {}

    def window(width: int, scheme: Scheme) -> BrowserContext:
        if (width, scheme) not in opened:
            viewport: ViewportSize = {"width": width, "height": HEIGHT}
            opened[width, scheme] = browser.new_context(viewport=viewport, color_scheme=scheme)
        return opened[width, scheme]

    yield window
    for context in opened.values():
        context.close()


class Reader:
    """Somebody at a browser, who keeps pictures of what is seen."""

    def __init__(self, window: BrowserContext, address: str, pictures: Path, width: int, scheme: Scheme) -> None:
        """Open a page in a window of a width, in a light or dark scheme."""
        self._context = window
        self.page: Page = window.new_page()
        self.page.set_default_timeout(MILLISECONDS_TO_ANSWER)
        self.scheme = scheme
        self._address, self._pictures, self._suffix = address, pictures, f"{width}-{scheme}"
        self.errors: list[str] = []
        self.asked: set[str] = set()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(re.sub(r"^(\w+://[^/]+).*", r"\1", request.url)))

    def open(self, path: str) -> None:
        """Go to an address and wait until the page is drawn."""
        self.page.goto(f"{self._address}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being drawn any more."""
        self.page.wait_for_selector(".foot")
        self.page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
        self.page.wait_for_timeout(400)

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page."""
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        width = self.page.viewport_size["width"]  # type: ignore[index]
        self.page.set_viewport_size({"width": width, "height": min(int(height) + 60, 6000)})
        self.page.wait_for_timeout(MILLISECONDS_TO_LAY_OUT)
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}-{self._suffix}.png")
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def keep(self, name: str, text: str) -> None:
        """Keep a report beside the pictures."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        (self._pictures / name).write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Close the page; whoever reads next finds nothing of it but the scripts."""
        if self.page.url.startswith(self._address):
            self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.close()
        self._context.clear_cookies()


@pytest.fixture
def reader(windows: Windows, dashboard: str, repository_root: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A reader with a window of 1440 pixels in the light scheme, or as the test's parameter says."""
    asked: tuple[int, Scheme] = getattr(request, "param", (1440, "light"))
    width, scheme = asked
    found = Reader(windows(width, scheme), dashboard, repository_root / "artifacts" / "screenshots", width, scheme)
    yield found
    found.close()
    assert found.errors == []
    assert {asked for asked in found.asked if not asked.startswith(("http://127.0.0.1", "data:", "blob:"))} == set()
