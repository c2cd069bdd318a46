"""The brief of the sample organisation tells what was planted there."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.write_brief import write_brief
from sample_data.truths import GRAIN, TRUTHS, WINDOW_END, WINDOW_START, PlantedTruth
from schemas.workspace import Workspace


@pytest.fixture(scope="module")
def brief(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The newest brief, read back from its JSON form."""
    written = write_brief(demo_workspace, None, tmp_path_factory.mktemp("sample"), ["json"])
    loaded: dict[str, Any] = json.loads(written.files[0].read_text(encoding="utf-8"))
    return loaded


def standing(brief: dict[str, Any], tier: str) -> dict[str, Any]:
    [section] = [section for section in brief["tiers"] if section["tier"] == tier]
    [found] = [each for each in section["standings"] if each["grain"] == GRAIN]
    assert (found["window_start"], found["window_end"]) == (WINDOW_START.isoformat(), WINDOW_END.isoformat())
    return dict(found)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: str(truth.name))
def test_each_planted_truth_stands_in_the_year(brief: dict[str, Any], truth: PlantedTruth) -> None:
    found = standing(brief, truth.tier)
    assert found["status"] in truth.statuses
    assert found["claim"] in truth.claims
    assert "cycle time of changes" in found["sentence"]


def test_speed_bought_with_rollbacks_names_them(brief: dict[str, Any]) -> None:
    assert "but the rollback rate rose from" in standing(brief, "3")["sentence"]
    assert standing(brief, "3")["claim_sentence"].startswith("Not claimable, because of speed against escapes")


def test_the_mixture_is_called_misleading(brief: dict[str, Any]) -> None:
    assert "the mixed figure improved while a tier got worse, so it misleads" in brief["summary"][0]
    assert all(not section["moved"] for section in brief["tiers"] if section["tier"] == "all")


def test_actions_exceptions_and_open_questions_are_those_of_the_registers(brief: dict[str, Any]) -> None:
    assert "Agents may no longer open changes in web-banking alone" in {action["text"] for action in brief["actions"]}
    assert {each["decision_id"] for each in brief["commitments"] if each["is_overdue"]} == {"decision-2", "decision-5"}
    assert sum(each["overdue"] for each in brief["exception_counts"]) == len(brief["overdue_exceptions"]) > 0
    assert ("3", "speed_vs_escape") in {(each["tier"], each["constraint"]) for each in brief["undecided"]}


def test_three_next_steps_have_owners(brief: dict[str, Any]) -> None:
    assert len(brief["next_steps"]) == 3
    assert all(step["owner"] for step in brief["next_steps"])


def test_an_earlier_month_can_be_told_as_well(demo_workspace: Workspace, tmp_path: Path) -> None:
    written = write_brief(demo_workspace, "2026-05", tmp_path, ["json"])
    found = json.loads(written.files[0].read_text(encoding="utf-8"))
    assert found["title"] == "Monthly stability brief, May 2026"
    windows = [each["window_end"] for section in found["tiers"] for each in section["standings"]]
    assert max(windows) == "2026-06-01"
    assert max(action["day"] for action in found["actions"]) < "2026-06-01"
