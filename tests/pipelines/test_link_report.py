"""What status says of links, on a built workspace."""

import json
from collections import Counter
from pathlib import Path

import pytest

from metrics.link_methods import METHODS
from pipelines.cli import run
from pipelines.link_report import ADVICE, SAY_WHAT_IS_DEPLOYED, WORDS, link_reports
from schemas.workspace import Workspace
from tests.support.small_workspace import CHANGES, built_small_workspace, make_small_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return built_small_workspace(tmp_path_factory, tmp_path_factory.mktemp("links"))


def test_before_the_first_build_nothing_is_said(tmp_path: Path) -> None:
    assert link_reports(make_small_workspace(tmp_path)) == []


def test_the_shares_are_those_of_the_published_facts(workspace: Workspace, tmp_path: Path) -> None:
    assert (
        run(
            [
                "--workspace",
                str(workspace.root),
                "export",
                "change_facts",
                "--format",
                "json",
                "-o",
                str(tmp_path / "f"),
            ]
        )
        == 0
    )
    facts = json.loads((tmp_path / "f").read_text())
    published = Counter(row["deploy_link"] for row in facts)
    changes, deployments = link_reports(workspace)
    counted = {each.method: each.units for each in changes.methods}
    # The last change was merged a few hours before the cut, and may still be deployed.
    assert counted == {"explicit": published["explicit"], "next_deployment": 11, "waiting": published["none"]}
    assert published == {"explicit": 108, "next_deployment": 11, "none": 1}
    assert (changes.units, deployments.kind) == (CHANGES, "deployments")
    assert sum(each.share for each in changes.methods) == pytest.approx(1)
    assert changes.advice == (f"11 by time (the next deployment), all in host:acme/two: {SAY_WHAT_IS_DEPLOYED}",)


def test_status_tells_them(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--workspace", str(workspace.root), "status", "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in state["links"]] == ["changes", "deployments"]
    assert run(["--workspace", str(workspace.root), "status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("Links at the last build")
    assert lines[place + 1].startswith(f"  changes ({CHANGES}): explicit ")
    assert lines[place + 2].startswith("    → ")


def test_every_method_has_words_and_every_weak_one_advice() -> None:
    strong = {"explicit", "sha", "waiting", "names_deployment", "names_change"}
    for kind, methods in METHODS.items():
        for method in methods:
            assert method in WORDS
            assert ((kind, method) in ADVICE) == (method not in strong)
