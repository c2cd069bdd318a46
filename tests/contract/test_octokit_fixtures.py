"""Octokit's recorded scenarios, where PLUMBLINE_NODE_MODULES names a folder that holds @octokit/fixtures-server."""

import os
import shutil
from pathlib import Path

import pytest

from tests.contract.octokit_fixtures import SERVER, issues, serving


def test_paginate_issues_has_thirteen_issues_on_five_pages() -> None:
    node_modules = Path(os.environ.get("PLUMBLINE_NODE_MODULES", "node_modules"))
    if not (node_modules / SERVER).exists() or not shutil.which("node"):
        pytest.skip(f"no {SERVER} under {node_modules}: npm install @octokit/fixtures-server")
    with serving(node_modules.resolve()) as address:
        found, requests = issues(address)
    assert len({item["number"] for item in found}) == len(found) == 13
    assert requests == 5
