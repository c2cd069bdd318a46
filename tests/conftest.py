"""Fixtures that every test may use: paths, the shared recordings, and Chromium."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from schemas.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: a suite that a shell runs in the background inherits that it is ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded responses of real hosts, kept beside the repository; a test that needs them is skipped without them."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the recorded responses in {folder}, which is not there")
    return folder


@pytest.fixture(scope="session")
def demo_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The sample organisation, loaded and built; not to be changed by a test."""
    from tests.support.demo import built_demo

    return built_demo(tmp_path_factory)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, or fails where PLUMBLINE_REQUIRE_BROWSER is set."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "needs Chromium; install it (Debian: apt-get install chromium)"
    if os.environ.get("PLUMBLINE_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)
