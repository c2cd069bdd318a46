"""Every page in both schemes, wide and narrow: it fits its window, and axe-core finds nothing serious in it.

The reports lie beside the screenshots. A page is drawn once for all that is looked at, which takes the most time.
"""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dashboard.views import all_views
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WIDE, NARROW = 1440, 800
WINDOWS = [(WIDE, "light"), (NARROW, "light"), (WIDE, "dark"), (NARROW, "dark")]
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("reader", WINDOWS, indirect=True, ids=lambda value: f"{value[0]}-{value[1]}")
@pytest.mark.parametrize("path", [view.path for view in all_views()])
def test_a_page_fits_its_window_and_everybody(reader: Reader, path: str) -> None:
    reader.open(f"/{path}")
    page = reader.page
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme") == reader.scheme
    _check_headings(reader, path)
    is_wide = page.evaluate("window.innerWidth") == WIDE
    serious = _serious(reader, path) if is_wide else []
    reader.picture(path)
    assert serious == []


def _serious(reader: Reader, path: str) -> list[dict[str, object]]:
    """The serious among what axe-core finds; all of it is kept."""
    violations = Axe().run(reader.page).response["violations"]
    found = [
        {
            "rule": each["id"],
            "impact": each["impact"],
            "says": each["help"],
            "where": [node["html"][:200] for node in each["nodes"]],
        }
        for each in violations
    ]
    reader.keep(f"axe-{path}-{reader.scheme}.json", json.dumps(found, indent=1))
    return [each for each in found if each["impact"] in SERIOUS]


def _check_headings(reader: Reader, path: str) -> None:
    """One main heading, and no level is skipped; a brief is a document with headings of its own."""
    levels = reader.page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4)')].map(h => Number(h.tagName[1]))"
    )
    if path != "briefs":
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
