"""What axe-core finds on every page, in both schemes: nothing serious. The report lies beside the screenshots."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboard.views import all_views
from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("reader", [(1440, "light"), (1440, "dark")], indirect=True, ids=lambda value: value[1])
def test_axe_finds_nothing_serious_and_headings_are_in_order(reader: Reader) -> None:
    found = {}
    for view in all_views():
        reader.open(f"/{view.path}")
        violations = Axe().run(reader.page).response["violations"]
        found[view.path] = [
            {
                "rule": each["id"],
                "impact": each["impact"],
                "says": each["help"],
                "where": [node["html"][:200] for node in each["nodes"]],
            }
            for each in violations
        ]
        _check_headings(reader, view.path)
    reader.keep(f"axe-{reader.scheme}.json", json.dumps(found, indent=1))
    serious = {path: [each for each in rows if each["impact"] in SERIOUS] for path, rows in found.items()}
    assert {path: rows for path, rows in serious.items() if rows} == {}


def _check_headings(reader: Reader, path: str) -> None:
    """One main heading, and no level is skipped; a brief is a document with headings of its own."""
    levels = reader.page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain] :is(h1,h2,h3,h4)')].map(h => Number(h.tagName[1]))"
    )
    if path != "briefs":
        assert levels.count(1) == 1, path
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), path


def test_the_filters_are_reached_and_changed_by_keyboard(reader: Reader) -> None:
    reader.open("/stability")
    page = reader.page
    team = page.get_by_role("combobox", name="Team")
    team.focus()
    page.keyboard.type("lend")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "team=lending" in url)
    reader.settle()
    assert "Team lending" in page.locator(".stApp").inner_text()
