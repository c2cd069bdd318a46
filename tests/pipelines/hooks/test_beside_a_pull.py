"""What GitHub pushes after a pull has read the same changes no row, though it shows less than the pull saw."""

import json
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.hooks.take_in import take_in_deliveries
from schemas.workspace import load_workspace
from tests.support.github_graphql import GitHubHost
from tests.support.hooks import receiving
from tests.support.pulling import contents, make_workspace, pull

REPOSITORY = "repos/acme/payments"
MUCH_LATER = 4_102_444_800.0
HOOK = '\n[[hooks]]\nkind = "github"\nname = "github"\nsource = "github"\nsecret_env = "SECRET"\n'


@pytest.mark.parametrize("is_news", [False, True])
def test_a_push_of_what_was_pulled_changes_nothing(repository_root: Path, tmp_path: Path, is_news: bool) -> None:
    """Even where it is dated after the pull: commits, comments and ends of deployments that were read stay."""
    folder = repository_root / "sample_data" / "payloads" / "github"
    source = json.loads((folder / "source.json").read_text())
    documents = [json.loads(path.read_text()) for path in folder.glob("*.json") if path.name != "source.json"]
    resources: dict[str, Any] = {path: found for each in documents for path, found in each.items()}
    workspace = make_workspace(tmp_path, **source["settings"], token_env="TOKEN")
    with stamina.set_testing(True, attempts=2):
        pull(workspace, source["now"], GitHubHost(resources).transport(), environment={"TOKEN": "t0ken"})
    before = contents(workspace)
    assert {row["ai_use"] for row in before["changes"]} > {"unknown"}
    with (tmp_path / "plumbline.toml").open("a") as file:
        file.write(HOOK)
    workspace = load_workspace(tmp_path)
    dated = {"updated_at": "2099-01-01T00:00:00Z"} if is_news else {}
    pushed = 0
    with receiving(workspace, clock=lambda: MUCH_LATER) as sending:
        for path, found in resources.items():
            if path.startswith(f"{REPOSITORY}/pulls/") and isinstance(found, dict):
                sending.github("pull_request", {"pull_request": found | dated, "repository": resources[REPOSITORY]})
                pushed += 1
        for deployment in resources[f"{REPOSITORY}/deployments"]:
            statuses = resources.get(f"{REPOSITORY}/deployments/{deployment['id']}/statuses", [])
            for status in reversed(statuses):
                payload = {"deployment": deployment, "repository": resources[REPOSITORY]}
                sending.github("deployment_status", {**payload, "deployment_status": status | dated})
                pushed += 1
    (report,) = take_in_deliveries(workspace)
    assert report.error is None
    assert pushed > 15
    assert contents(workspace) == before
