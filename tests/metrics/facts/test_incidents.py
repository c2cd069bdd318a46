"""To which deployment an incident is attributed, and in which tier it counts."""

import pytest

from metrics.facts import FactSettings
from tests.support.events import Events, Row, at

HOUR = 3600.0


@pytest.fixture
def events() -> Events:
    """An organisation with one repository."""
    organisation = Events()
    organisation.add("repositories", repo_id="r", team="blue")
    return organisation


def attribution(row: Row) -> tuple[object, object]:
    """How an incident is attributed, and to what."""
    return row["attribution"], row["deployment_id"]


def test_the_named_deployment_wins(events: Events) -> None:
    named = events.deployment(0)
    events.deployment(10)
    incident = events.incident(11, caused_by_deployment_id=named)
    assert attribution(events.build().incident(incident)) == ("explicit", named)


def test_a_named_change_stands_for_its_deployment(events: Events) -> None:
    change = events.change(0, 1)
    carrier = events.deployment(2)
    events.deployment(10)
    incident = events.incident(11, caused_by_change_id=change)
    assert attribution(events.build().incident(incident)) == ("explicit", carrier)


def test_else_the_latest_within_the_window(events: Events) -> None:
    events.deployment(0, 1)
    latest = events.deployment(2, 3, kind="hotfix")
    inside, outside = events.incident(27), events.incident(27.01)
    facts = events.build()
    assert attribution(facts.incident(inside)) == ("window", latest)
    assert attribution(facts.incident(outside)) == ("none", None)
    wider = events.build(settings=FactSettings(incident_attribution_hours=48))
    assert attribution(wider.incident(outside)) == ("window", latest)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "rollback"},
        {"kind": "redeploy"},
        {"status": "failure"},
        {"environment": "staging"},
        {"repo_id": "other"},
        {"service": "other"},
    ],
)
def test_to_whom_it_is_never_attributed(events: Events, other: Row) -> None:
    events.deployment(0, **other)
    incident = events.incident(2)
    assert attribution(events.build().incident(incident)) == ("none", None)


def test_an_incident_that_opens_as_the_deployment_ends_is_its(events: Events) -> None:
    deployment = events.deployment(0, 4)
    incident = events.incident(4)
    assert attribution(events.build().incident(incident)) == ("window", deployment)


def test_not_to_a_deployment_that_had_not_finished(events: Events) -> None:
    events.deployment(0, 5)
    incident = events.incident(4)
    assert attribution(events.build().incident(incident)) == ("none", None)


@pytest.mark.parametrize("named", [{"caused_by_deployment_id": "unseen"}, {"caused_by_change_id": "unseen"}])
def test_what_it_names_but_nobody_knows_is_not_replaced_by_a_guess(events: Events, named: Row) -> None:
    events.deployment(0)
    incident = events.incident(1, **named)
    assert attribution(events.build().incident(incident)) == ("none", None)


def test_an_incident_of_a_service_without_a_repository(events: Events) -> None:
    events.add("repositories", repo_id="q", service="shop", team="red")
    deployment = events.deployment(0, repo_id="q")
    incident = events.incident(1, 4, repo_id=None, service="shop", severity=2)
    row = events.build().incident(incident)
    assert attribution(row) == ("window", deployment)
    assert (row["repo_id"], row["service"], row["severity"], row["restore_seconds"]) == (None, "shop", 2, 3 * HOUR)
    assert row["_repo"] >= 0


def test_an_incident_of_nothing_in_particular(events: Events) -> None:
    row_id = events.incident(1, repo_id=None)
    row = events.build().incident(row_id)
    assert (row["service"], row["tier"], row["attribution"], row["_repo"]) == (None, None, "none", -1)


def test_a_service_that_spans_tiers_counts_in_the_most_critical(events: Events) -> None:
    for repo_id, tier in (("a", 2), ("b", 4), ("c", 3)):
        events.add("repositories", repo_id=repo_id, service="shop")
        events.add("tier_assignments", repo_id=repo_id, tier=tier, valid_from=at(0))
    by_service, by_repo = events.incident(1, repo_id=None, service="shop"), events.incident(1, repo_id="a")
    facts = events.build()
    assert facts.incident(by_service)["tier"] == 4
    assert facts.incident(by_repo)["tier"] == 4
    events.add("tier_assignments", service="shop", tier=1, valid_from=at(0))
    assert events.build().incident(by_service)["tier"] == 1, "a service's own tier wins"


def test_tier_is_that_of_the_opening(events: Events) -> None:
    events.add("tier_assignments", repo_id="r", tier=2, valid_from=at(0), valid_to=at(10))
    events.add("tier_assignments", repo_id="r", tier=4, valid_from=at(10))
    before, after = events.incident(9), events.incident(10)
    facts = events.build()
    assert (facts.incident(before)["tier"], facts.incident(after)["tier"]) == (2, 4)


def test_open_incidents_are_not_restored(events: Events) -> None:
    incident = events.incident(1)
    assert events.build().incident(incident)["restore_seconds"] is None
