"""Whether the gates that a tier required before the merge were passed."""

import pytest

from tests.support.events import Events, at


@pytest.fixture
def events() -> Events:
    """A tier 3 repository whose tier requires a test before opening and a scan before the merge, from hour 0 to 100."""
    organisation = Events()
    organisation.add("tier_assignments", repo_id="r", tier=3, valid_from=at(-100))
    for control_point, gate in (("pre_pr", "tests"), ("pre_merge", "scan")):
        organisation.add(
            "gate_policies", tier=3, control_point=control_point, gate=gate, valid_from=at(0), valid_to=at(100)
        )
    organisation.add(
        "gate_policies", tier=3, control_point="pre_merge", gate="style", is_required=False, valid_from=at(0)
    )
    organisation.add("gate_policies", tier=3, control_point="post_merge", gate="canary", valid_from=at(0))
    organisation.add("gate_policies", tier=4, control_point="pre_merge", gate="review", valid_from=at(0))
    return organisation


def ran(events: Events, change: str, gate: str, hour: float, outcome: str = "passed") -> None:
    """A result of a gate."""
    control_point = {"tests": "pre_pr"}.get(gate, "pre_merge")
    events.add(
        "gate_results", change_id=change, gate=gate, control_point=control_point, outcome=outcome, ran_at=at(hour)
    )


def passed(events: Events, change: str) -> object:
    """Whether the change passed."""
    return events.build().change(change)["gates_passed"]


def test_all_required_passed(events: Events) -> None:
    change = events.change(0, 10)
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 10)
    ran(events, change, "style", 2, "failed")
    assert passed(events, change) is True


def test_a_missing_result_is_not_passed(events: Events) -> None:
    change = events.change(0, 10)
    assert passed(events, change) is False
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 11)
    assert passed(events, change) is False, "a result after the merge comes too late"


@pytest.mark.parametrize("outcome", ["failed", "skipped", "overridden"])
def test_anything_else_is_not_passed(events: Events, outcome: str) -> None:
    change = events.change(0, 10)
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 2, outcome)
    assert passed(events, change) is False


def test_the_last_run_counts_but_an_override_stays(events: Events) -> None:
    change = events.change(0, 10)
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 2, "failed")
    ran(events, change, "scan", 3)
    assert passed(events, change) is True
    ran(events, change, "scan", 2.5, "overridden")
    assert passed(events, change) is False


def test_of_two_results_of_one_instant_the_worse_counts(events: Events) -> None:
    change = events.change(0, 10)
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 2)
    ran(events, change, "scan", 2, "failed")
    assert passed(events, change) is False


def test_without_a_policy_in_force_nothing_is_judged(events: Events) -> None:
    early, late = events.change(-20, -1), events.change(90, 100)
    untiered = events.change(0, 10, repo_id="q")
    still_open, closed = events.change(0), events.change(0, closed=5)
    assert [passed(events, each) for each in (early, late, untiered, still_open, closed)] == [None] * 5


def test_the_same_gate_twice_in_force_is_one_gate(events: Events) -> None:
    events.add("gate_policies", tier=3, control_point="pre_merge", gate="scan", valid_from=at(5))
    change = events.change(0, 10)
    ran(events, change, "tests", 1)
    ran(events, change, "scan", 2)
    assert passed(events, change) is True
