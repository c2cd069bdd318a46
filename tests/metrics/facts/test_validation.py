"""What became of a change: caused an incident, deployed badly, escaped, reverted, validated."""

import pytest

from tests.support.events import Events, at

DAY = 24.0


@pytest.fixture
def events() -> Events:
    """An organisation with one repository."""
    organisation = Events()
    organisation.add("repositories", repo_id="r")
    return organisation


@pytest.fixture
def change(events: Events) -> str:
    """A change that reached production at hour 12."""
    merged = events.change(0, 10)
    events.deployment(11, 12)
    return merged


def test_validated_when_nothing_happened(events: Events, change: str) -> None:
    assert events.build().change(change)["validated"] is True


def test_null_while_the_days_run_and_before_the_deployment(events: Events, change: str) -> None:
    events.incident(13)
    undeployed = events.change(0, 20)
    assert events.build(cut=at(12 + 14 * DAY - 0.01)).change(change)["validated"] is None
    assert events.build(cut=at(12 + 14 * DAY)).change(change)["validated"] is False
    assert events.build().change(undeployed)["validated"] is None


@pytest.mark.parametrize(("day", "validated"), [(14, False), (14.01, True)])
def test_escaped_defects_within_fourteen_days(events: Events, change: str, day: float, validated: bool) -> None:
    opened = at(12 + day * DAY)
    events.add("defects", repo_id="r", found_in="production", opened_at=opened, caused_by_change_id=change)
    assert events.build().change(change)["validated"] is validated


def test_defects_found_before_production_are_not_escapes(events: Events, change: str) -> None:
    events.add("defects", repo_id="r", found_in="pre_production", opened_at=at(13), caused_by_change_id=change)
    row = events.build().change(change)
    assert (row["validated"], row["escaped_defects"]) == (True, 0)


@pytest.mark.parametrize(("day", "validated"), [(13.9, False), (14.1, True)])
def test_reverts_within_fourteen_days(events: Events, change: str, day: float, validated: bool) -> None:
    revert = events.change(20, 12 + day * DAY, reverts_change_id=change)
    facts = events.build()
    assert facts.change(change)["validated"] is validated
    assert facts.change(change)["_reverted_at"] == facts.change(revert)["merged_at"]


def test_a_revert_that_was_never_merged_reverts_nothing(events: Events, change: str) -> None:
    events.change(20, closed=30, reverts_change_id=change)
    row = events.build().change(change)
    assert (row["validated"], row["_reverted_at"]) == (True, None)


@pytest.mark.parametrize(("day", "validated"), [(13.9, False), (14.1, True)])
def test_rollbacks_within_fourteen_days(events: Events, change: str, day: float, validated: bool) -> None:
    events.deployment(12 + day * DAY - 1, 12 + day * DAY, kind="rollback")
    row = events.build().change(change)
    assert (row["validated"], row["rolled_back"], row["deployment_failed"]) == (validated, True, True)


def test_in_a_batch_every_change_bears_the_incident_but_none_caused_it(events: Events, change: str) -> None:
    other = events.change(0, 9)
    events.incident(13)
    facts = events.build()
    for each in (change, other):
        row = facts.change(each)
        assert (row["validated"], row["deployment_failed"], row["caused_incident"]) == (False, True, False)


def test_alone_in_its_deployment_a_change_caused_the_incident(events: Events, change: str) -> None:
    events.incident(13)
    row = events.build().change(change)
    assert (row["caused_incident"], row["_first_incident_at"], row["_failed_at"]) == (True, at(13), at(13))


def test_a_named_change_bears_the_incident_alone(events: Events, change: str) -> None:
    other = events.change(0, 9)
    events.incident(13, caused_by_change_id=other)
    facts = events.build()
    named, spared = facts.change(other), facts.change(change)
    assert (named["caused_incident"], named["validated"], named["deployment_failed"]) == (True, False, True)
    assert (spared["caused_incident"], spared["validated"], spared["deployment_failed"]) == (False, True, True)


def test_escapes_are_counted_and_followed_up_for_thirty_days(events: Events, change: str) -> None:
    for day in (1, 30, 31):
        opened = at(10 + day * DAY)
        events.add("defects", repo_id="r", found_in="production", opened_at=opened, caused_by_change_id=change)
    row = events.build().change(change)
    assert (row["escaped_defects"], row["_escaped_in_follow_up"]) == (3, 2)


def test_defect_facts_know_the_change(events: Events) -> None:
    change = events.change(0, 10, ai_use="assisted", service="shop")
    events.add("tier_assignments", service="shop", tier=4, valid_from=at(0))
    events.add("tier_assignments", repo_id="r", tier=1, valid_from=at(0))
    known = events.add(
        "defects",
        repo_id="r",
        found_in="production",
        category="data",
        opened_at=at(10 + 36),
        caused_by_change_id=change,
    )
    unknown = events.add("defects", repo_id="r", found_in="pre_production", opened_at=at(20))
    rows = events.build().table("defect_facts")
    assert (rows[known]["tier"], rows[known]["service"], rows[known]["ai_use"]) == (4, "shop", "assisted")
    assert (rows[known]["_merged_at"], rows[known]["_days_after_merge"], rows[known]["category"]) == (
        at(10),
        1.5,
        "data",
    )
    assert (rows[unknown]["tier"], rows[unknown]["service"], rows[unknown]["_merged_at"]) == (1, "r", None)
