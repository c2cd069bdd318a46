"""What a leader does every week, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
YEAR = "2026-Q3-year"
"""The window of the planted truths."""


def test_from_the_overview_to_the_evidence_and_the_tier(reader: Reader) -> None:
    reader.open(f"/?window={YEAR}")
    page = reader.page
    expect(page.get_by_role("heading", level=1)).to_contain_text("paid for it")
    page.get_by_role("button", name=re.compile("Violated 95th percentile of cycle time")).first.click()
    reader.settle()
    expect(page.get_by_role("heading", name="Tier 2 · Median against tail")).to_be_visible()
    expect(page.get_by_text("10 changes behind cycle time of changes")).to_be_visible()
    assert "verdict=median_vs_tail%3A2" in page.url
    page.get_by_role("link", name="Tier 3", exact=True).click()
    page.wait_for_url(re.compile(r"/tier\?.*tier=3"))
    reader.settle()
    expect(page.get_by_role("heading", level=1)).to_contain_text("rollback rate")
    page.get_by_role("link", name="Definitions").click()
    page.wait_for_url(re.compile("/definitions"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("What is measured")


def test_from_a_violated_tier_to_its_brief_and_away_with_it(reader: Reader) -> None:
    """Overview → violated tier → evidence → brief → export."""
    reader.open(f"/?window={YEAR}")
    page = reader.page
    page.get_by_role("button", name=re.compile("Violated Rollback rate")).first.click()
    reader.settle()
    expect(page.get_by_role("heading", name="Tier 3 · Speed against escapes")).to_be_visible()
    evidence = page.locator("table[aria-label^='Records behind'] a").first
    assert (evidence.get_attribute("href") or "").startswith("https://")
    reader.picture("path-1-evidence")
    page.get_by_role("link", name="Tier 3", exact=True).click()
    page.wait_for_url(re.compile(r"/tier\?.*tier=3"))
    reader.settle()
    expect(page.get_by_text("Gain not claimable").first).to_be_visible()
    reader.picture("path-2-tier")
    page.get_by_role("link", name="Briefs").click()
    page.wait_for_url(re.compile("/briefs"))
    reader.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Markdown")).first.click()
    assert "October 2026" in download.value.path().read_text(encoding="utf-8")
    reader.picture("path-3-brief")


def test_the_window_stays_from_page_to_page_and_in_the_address(reader: Reader) -> None:
    reader.open(f"/?window={YEAR}")
    page = reader.page
    expect(page.get_by_text("The twelve months to September 2026 against")).to_be_visible()
    page.get_by_role("link", name="Tier", exact=True).click()
    page.wait_for_url(re.compile("/tier"))
    expect(page.get_by_text("Tier 4, most critical · Twelve months to September 2026")).to_be_visible()
    assert f"window={YEAR}" in page.url


def test_the_grid_is_reached_by_keyboard(reader: Reader) -> None:
    reader.open(f"/?window={YEAR}")
    cell = reader.page.get_by_role("button", name=re.compile("Violated Rollback rate")).last
    cell.focus()
    reader.page.keyboard.press("Enter")
    reader.settle()
    expect(reader.page.get_by_role("heading", name="Tier 3 · Stability regression")).to_be_visible()


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
