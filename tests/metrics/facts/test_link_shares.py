"""Each record counts once, under the strongest thing that links it."""

from datetime import datetime

import duckdb
import pytest

from metrics.facts import FactSettings, build_facts, prepare_inputs
from metrics.facts.link_shares import link_shares
from metrics.link_methods import METHODS
from tests.support.events import LATER, Events, at

SETTINGS = FactSettings()


@pytest.fixture
def events() -> Events:
    """An organisation with one repository."""
    organisation = Events()
    organisation.add("repositories", repo_id="r", service="pay")
    return organisation


def shares(events: Events, cut: datetime = LATER) -> dict[str, dict[str, int]]:
    """Units by kind and method."""
    with duckdb.connect(config={"threads": 1}) as connection:
        prepare_inputs(connection, events.frames())
        build_facts(connection, SETTINGS, cut, materialise=False)
        found: dict[str, dict[str, int]] = {}
        rows = connection.execute(f"select kind, method, units, service from ({link_shares(SETTINGS, cut)})").fetchall()
        for kind, method, units, service in rows:
            assert method in METHODS[kind]
            assert service in ("pay", None)
            found.setdefault(kind, {})[method] = units
        return found


def test_changes_and_the_deployments_that_hold_them(events: Events) -> None:
    first, second = events.deployment(2), events.deployment(10, sha="abc")
    events.deployment(20)
    events.deployment(21)
    events.deployment(30, environment="staging")
    named = events.change(0, 1)
    events.add("deployment_changes", deployment_id=first, change_id=named)
    events.add("deployment_changes", deployment_id=second, change_id="never seen")
    events.change(3, 4, merge_commit_sha="abc")
    events.change(11, 12)
    events.change(11, 13, author_kind="bot")
    events.change(40, 41)
    events.change(42)
    assert shares(events) == {
        "changes": {"explicit": 1, "sha": 1, "next_deployment": 1, "none": 1},
        "deployments": {"explicit": 1, "sha": 1, "next_deployment": 1, "none": 1},
    }


def test_a_change_that_may_still_be_deployed_waits(events: Events) -> None:
    events.change(0, 1)
    assert shares(events, at(24 * 29))["changes"] == {"waiting": 1}
    assert shares(events, at(24 * 31 + 1))["changes"] == {"none": 1}


def test_incidents(events: Events) -> None:
    carrier, undeployed = events.deployment(0), events.change(100, 101)
    events.incident(1)
    events.incident(2, caused_by_deployment_id=carrier)
    events.incident(3, caused_by_deployment_id="never seen")
    events.incident(4, caused_by_change_id=undeployed)
    events.incident(60)
    assert shares(events)["incidents"] == {
        "window": 1,
        "names_deployment": 1,
        "unknown_name": 1,
        "names_change": 1,
        "none": 1,
    }


def test_rollbacks_as_records_and_as_deployments(events: Events) -> None:
    events.deployment(-30, kind="rollback")
    carrier = events.deployment(0)
    events.add("rollbacks", repo_id="r", occurred_at=at(2))
    events.add("rollbacks", repo_id="r", occurred_at=at(3), rolled_back_deployment_id=carrier)
    events.add("rollbacks", repo_id="r", occurred_at=at(4), rolled_back_deployment_id="never seen")
    events.add("rollbacks", repo_id="r", occurred_at=at(-10))
    events.deployment(5, kind="rollback")
    assert shares(events)["rollbacks"] == {"latest": 1, "names_deployment": 1, "unknown_name": 1, "none": 2}


def test_defects_found_in_production(events: Events) -> None:
    change = events.change(0, 1)
    for cause, place in (
        (change, "production"),
        ("never seen", "production"),
        (None, "production"),
        (None, "pre_production"),
    ):
        events.add("defects", repo_id="r", found_in=place, opened_at=at(5), caused_by_change_id=cause)
    assert shares(events)["defects"] == {"names_change": 1, "unknown_name": 1, "none": 1}
