"""The process killed outright in the middle of a pull, and run again; `python -m tests.faults.kills` does it often."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kills import trials
from tests.support.github_graphql import GitHubHost


@pytest.mark.parametrize(("more", "kills"), [({}, 1), ({"token_env": "TOKEN"}, 2)], ids=["REST", "GraphQL"])
def test_a_killed_pull_run_again_gives_the_same_warehouse(
    more: dict[str, str], kills: int, repository_root: Path, tmp_path: Path
) -> None:
    resources: dict[str, Any] = {}
    for path in sorted((repository_root / "sample_data" / "payloads" / "github").glob("*.json")):
        if path.name != "source.json":
            resources |= json.loads(path.read_text(encoding="utf-8"))
    host = GitHubHost(resources, largest_page=2)
    with host.serving() as base_url:
        settings = {"kind": "github", "name": "work", "base_url": base_url, "repositories": ["acme/payments"], **more}
        found = list(trials(host, settings, tmp_path, kills, seed=5))
    assert len(found) == kills
    assert [trial for trial in found if not (trial.was_killed and trial.is_same and trial.is_complete)] == []
