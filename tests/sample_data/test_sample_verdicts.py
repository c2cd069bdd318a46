"""What was planted in the sample organisation is found, and told beside what was not planted."""

import pytest

from pipelines.snapshot_reader import open_snapshot
from sample_data.truths import PLANTED_FINDINGS, TRUTHS, PlantedFinding, may_be_violated
from schemas.workspace import Workspace
from tests.calibration.sample_verdicts import document, found_ids, verdicts_of


def test_each_planted_truth_is_told_by_its_verdict_and_nothing_else_is_violated(demo_workspace: Workspace) -> None:
    with open_snapshot(demo_workspace) as snapshot:
        found = verdicts_of(snapshot)
    for truth in TRUTHS:
        row = found[truth.constraint, truth.tier]
        assert row["status"] in truth.statuses, truth.name
        assert row["claim"] in truth.claims, truth.name
    false = [place for place, row in found.items() if row["status"] == "violated" and not may_be_violated(*place[::-1])]
    assert false == []


@pytest.fixture(scope="module")
def told(demo_workspace: Workspace) -> set[str]:
    """What findings and gates tell."""
    with open_snapshot(demo_workspace) as snapshot:
        return found_ids(snapshot)


@pytest.mark.parametrize("planted", PLANTED_FINDINGS, ids=lambda each: each.finding)
def test_what_else_was_planted_is_a_finding_or_a_gate_that_fails(told: set[str], planted: PlantedFinding) -> None:
    assert planted.finding in told


def test_the_document_lists_every_verdict_mode_and_gate(demo_workspace: Workspace) -> None:
    with open_snapshot(demo_workspace) as snapshot:
        text = "\n".join(document(snapshot))
        count = snapshot.rows(
            "select count(distinct failure_mode) as modes, count(distinct tier) as tiers from failure_modes"
        )
    assert count == [{"modes": 10, "tiers": 4}]
    assert "**missed**" not in text
    assert "**a false alarm**" not in text
    assert "| *claim* | not claimable | not claimable | not claimable | claimable | not claimable |" in text
    assert text.count("### ") == 5
