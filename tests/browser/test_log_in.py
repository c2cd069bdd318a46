"""Beyond this machine people log in: a real provider, real tokens, a real browser; and nobody gets around it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.snapshot import SnapshotFolder
from schemas.workspace import Workspace
from tests.support.serving import dashboard_of, free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SETTINGS = """
name = "Halyard"

[access]
address = "http://127.0.0.1:{port}"
provider = "http://localhost:{provider}/.well-known/openid-configuration"
client_id = "plumbline"
client_secret_env = "PLUMBLINE_TEST_SECRET"
viewers = ["engineering"]
leaders = ["engineering-leads"]
owners = ["plumbline-owners"]
"""
SECRET = {"PLUMBLINE_TEST_SECRET": "of no value"}
OTHER_TEAM, OTHER_REPOSITORY = "core-ledger", "customer-profile"
HIGHLIGHT = "Log in to see this dashboard"


def workspace_with_log_in(sample: Workspace, root: Path, port: int, provider: int) -> Path:
    """The sample organisation's snapshot in a workspace that asks for a log-in."""
    ours, theirs = SnapshotFolder.of_workspace(sample.root), SnapshotFolder.of_workspace(root)
    shutil.copytree(ours.manifests, theirs.manifests)
    theirs.parts.symlink_to(ours.parts)
    shutil.copytree(sample.state / "briefs", root / ".plumbline" / "briefs")
    (root / "plumbline.toml").write_text(SETTINGS.format(port=port, provider=provider), encoding="utf-8")
    return root


@pytest.fixture(scope="module", params=["", "--wrong-keys"], ids=["honest", "forged"])
def guarded(
    request: pytest.FixtureRequest,
    demo_workspace: Workspace,
    chromium: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """A dashboard behind a provider, and whether the provider's keys are those of its tokens."""
    port, provider = free_port(), free_port()
    root = workspace_with_log_in(demo_workspace, tmp_path_factory.mktemp("guarded"), port, provider)
    command = ["-W", "ignore", "-m", "tests.support.oidc_provider", str(provider), *request.param.split()]
    discovery = f"http://localhost:{provider}/.well-known/openid-configuration"
    with (
        serving(command, discovery),
        dashboard_of(root, "--host", "0.0.0.0", port=port, environment=SECRET) as address,
    ):
        yield address, request.param


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def log_in(page: Page, address: str, subject: str) -> None:
    """From the dashboard to the provider and back."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text(HIGHLIGHT, timeout=60_000)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.get_by_role("button", name=subject, exact=True).click()
    page.wait_for_url(re.compile(re.escape(address)))


def text_of(page: Page, address: str, path: str) -> str:
    """Everything that a page says once it is drawn."""
    page.goto(f"{address}{path}")
    page.wait_for_selector(".foot")
    page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
    page.wait_for_timeout(500)
    return page.locator(".stApp").inner_text()


@pytest.mark.parametrize("guarded", [""], indirect=True, ids=["honest"])
class TestHonestProvider:
    """Tokens are signed with the keys that the provider publishes."""

    def test_nothing_is_shown_before_the_log_in(self, guarded: tuple[str, str], page: Page) -> None:
        page.goto(f"{guarded[0]}/tier?tier=3&team={OTHER_TEAM}")
        expect(page.get_by_role("heading", level=1)).to_have_text(HIGHLIGHT, timeout=60_000)
        said = page.locator(".stApp").inner_text()
        assert "Tier 3" not in said
        assert OTHER_TEAM not in said

    def test_an_owner_logs_in_sees_every_team_and_logs_out(self, guarded: tuple[str, str], page: Page) -> None:
        address, _ = guarded
        log_in(page, address, "owner")
        expect(page.get_by_text("Olu Owner · owner · sees every team")).to_be_visible()
        assert "paid for it" in text_of(page, address, "/?window=2026-Q3-year")
        assert f"Team {OTHER_TEAM} within" in text_of(page, address, f"/tier?tier=4&team={OTHER_TEAM}")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(re.compile("//localhost"))  # the provider ends its own session, too
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(HIGHLIGHT, timeout=60_000)

    def test_a_viewer_is_kept_from_other_teams_by_filter_address_and_evidence(
        self, guarded: tuple[str, str], page: Page
    ) -> None:
        address, _ = guarded
        log_in(page, address, "viewer")
        expect(page.get_by_text("Vera Viewer · viewer · sees lending")).to_be_visible()
        assert "Team lending within tier 2" in text_of(page, address, "/tier?tier=2&team=lending")
        for path in (
            f"/tier?tier=4&team={OTHER_TEAM}",
            f"/stability?team={OTHER_TEAM}",
            f"/?team={OTHER_TEAM}",
            f"/tier?tier=4&repository=github.com:halyard/{OTHER_REPOSITORY}",
            "/?window=2026-Q3-year&verdict=speed_vs_escape:3",
            "/rollout",
            "/integrity",
            "/data_quality",
        ):
            said = text_of(page, address, path)
            assert OTHER_TEAM not in said, path
            assert OTHER_REPOSITORY not in said, path
        assert "Briefs are not shown to you" in text_of(page, address, "/briefs")

    def test_somebody_without_a_role_sees_nothing(self, guarded: tuple[str, str], page: Page) -> None:
        log_in(page, guarded[0], "stranger")
        expect(page.get_by_role("heading", level=1)).to_have_text("You may not see this dashboard", timeout=60_000)

    def test_a_forged_cookie_is_no_log_in(self, guarded: tuple[str, str], page: Page) -> None:
        address, _ = guarded
        forged = (
            '{"is_logged_in": true, "groups": ["plumbline-owners"], "iat": 4000000000, "origin": "' + address + '"}'
        )
        page.context.add_cookies([{"name": "_streamlit_user", "value": forged.replace('"', "%22"), "url": address}])
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(HIGHLIGHT, timeout=60_000)


@pytest.mark.parametrize("guarded", ["--wrong-keys"], indirect=True, ids=["forged"])
def test_a_token_that_the_provider_did_not_sign_is_refused(guarded: tuple[str, str], page: Page) -> None:
    log_in(page, guarded[0], "owner")
    expect(page.get_by_role("heading", level=1)).to_have_text(HIGHLIGHT, timeout=60_000)
    assert not [cookie for cookie in page.context.cookies() if cookie.get("name") == "_streamlit_user"]
