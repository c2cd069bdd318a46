"""What became of deployments: METRICS.md §2, sentence by sentence."""

import pytest

from metrics.facts import FactSettings
from tests.support.events import Events, Row, at

HOUR = 3600.0


@pytest.fixture
def events() -> Events:
    """An organisation with one repository."""
    organisation = Events()
    organisation.add("repositories", repo_id="r")
    return organisation


def failure(row: Row) -> tuple[object, object]:
    """Whether a deployment failed, and why."""
    return row["failed"], row["failure_reason"]


def test_failed_by_status(events: Events) -> None:
    failed, fine = events.deployment(0, status="failure"), events.deployment(5)
    facts = events.build()
    assert failure(facts.deployment(failed)) == (True, "status")
    assert facts.deployment(failed)["_failed_at"] == at(0.5)
    assert failure(facts.deployment(fine)) == (False, None)


def test_outside_production_nothing_fails(events: Events) -> None:
    staged = events.deployment(0, status="failure", environment="staging")
    events.incident(1, caused_by_deployment_id=staged)
    assert failure(events.build().deployment(staged)) == (False, None)


def test_the_first_reason_found_is_kept(events: Events) -> None:
    release = events.deployment(0)
    events.deployment(10, kind="hotfix")
    assert failure(events.build().deployment(release)) == (True, "hotfix")
    events.add("rollbacks", repo_id="r", rolled_back_deployment_id=release, occurred_at=at(9))
    assert failure(events.build().deployment(release)) == (True, "rollback")
    events.incident(8)
    row = events.build().deployment(release)
    assert failure(row) == (True, "incident")
    assert row["_failed_at"] == at(8)


def test_a_rollback_takes_back_the_latest_release_or_hotfix(events: Events) -> None:
    release, hotfix = events.deployment(0), events.deployment(10, kind="hotfix")
    events.deployment(200, kind="redeploy")
    events.deployment(210, status="failure")
    events.deployment(300, 301, kind="rollback")
    later = events.deployment(400)
    facts = events.build()
    assert [facts.deployment(each)["rolled_back"] for each in (release, hotfix, later)] == [False, True, False]
    assert facts.deployment(hotfix)["_rolled_back_at"] == at(301)


@pytest.mark.parametrize("more", [{"status": "failure"}, {"environment": "staging"}, {"service": "other"}])
def test_what_takes_nothing_back(events: Events, more: Row) -> None:
    release = events.deployment(0)
    events.deployment(3, kind="rollback", **more)
    assert events.build().deployment(release)["rolled_back"] is False


def test_a_named_rollback_speaks_for_the_rollback_deployment(events: Events) -> None:
    older, newer = events.deployment(0), events.deployment(10)
    events.deployment(20, kind="rollback")
    events.add("rollbacks", repo_id="r", rolled_back_deployment_id=older, occurred_at=at(20.2), severity=2)
    facts = events.build()
    assert facts.deployment(older)["rolled_back"] is True
    assert facts.deployment(older)["_rollback_severity"] == 2
    assert facts.deployment(newer)["rolled_back"] is False


def test_rolled_back_twice_counts_once(events: Events) -> None:
    release = events.deployment(0)
    events.deployment(5, kind="rollback")
    events.deployment(6, kind="rollback")
    events.add("rollbacks", repo_id="r", rolled_back_deployment_id=release, occurred_at=at(5.2))
    rows = events.build().table("deployment_facts")
    assert sum(row["rolled_back"] for row in rows.values()) == 1
    assert rows[release]["_rolled_back_at"] == at(5.2)


def test_an_unnamed_rollback_blames_within_72_hours(events: Events) -> None:
    release = events.deployment(0)
    events.add("rollbacks", repo_id="r", occurred_at=at(72.5))
    assert events.build().deployment(release)["rolled_back"] is True
    strict = FactSettings(hotfix_blame_hours=71)
    assert events.build(settings=strict).deployment(release)["rolled_back"] is False


def test_a_rollback_of_an_unknown_deployment_blames_nothing(events: Events) -> None:
    release = events.deployment(0)
    events.add("rollbacks", repo_id="r", occurred_at=at(1), rolled_back_deployment_id="never-seen")
    assert events.build().deployment(release)["rolled_back"] is False


def test_a_hotfix_blames_only_the_latest_release(events: Events) -> None:
    older, release = events.deployment(0), events.deployment(10)
    first, second = events.deployment(20, kind="hotfix"), events.deployment(30, kind="hotfix")
    facts = events.build()
    reasons = [facts.deployment(each)["failure_reason"] for each in (older, release, first, second)]
    assert reasons == [None, "hotfix", None, None]
    assert facts.deployment(release)["_hotfix_at"] == at(20)


@pytest.mark.parametrize(("started", "blamed"), [(72.5, True), (72.6, False)])
def test_a_hotfix_blames_within_72_hours_of_the_end(events: Events, started: float, blamed: bool) -> None:
    release = events.deployment(0)
    events.deployment(started, kind="hotfix")
    assert events.build().deployment(release)["failed"] is blamed


@pytest.mark.parametrize(
    ("more", "blamed"),
    [({"status": "cancelled"}, False), ({"environment": "staging"}, False), ({"status": "failure"}, True)],
)
def test_which_hotfixes_blame(events: Events, more: Row, blamed: bool) -> None:
    release = events.deployment(0)
    columns: Row = {"kind": "hotfix"} | more
    events.deployment(5, **columns)
    assert events.build().deployment(release)["failed"] is blamed


def test_recovery_is_the_first_of_incident_rollback_and_hotfix(events: Events) -> None:
    release = events.deployment(0, 1)
    events.incident(2, 9)
    assert events.build().deployment(release)["recovery_seconds"] == 8 * HOUR
    events.deployment(5, 7, kind="hotfix")
    assert events.build().deployment(release)["recovery_seconds"] == 6 * HOUR
    events.deployment(4, 5, kind="rollback")
    row = events.build().deployment(release)
    assert (row["recovered_at"], row["recovery_seconds"]) == (at(5), 4 * HOUR)


def test_recovery_of_open_and_sound_deployments_is_null(events: Events) -> None:
    broken, sound = events.deployment(0), events.deployment(100)
    events.incident(1, caused_by_deployment_id=broken)
    facts = events.build()
    assert facts.deployment(broken)["failed"] is True
    assert facts.deployment(broken)["recovery_seconds"] is None
    assert facts.deployment(sound)["recovered_at"] is None


def test_a_deployment_that_failed_by_status_recovers_by_the_next_rollback_or_hotfix(events: Events) -> None:
    failed = events.deployment(0, 1, status="failure")
    events.deployment(2, 3)
    events.deployment(5, 6, kind="rollback")
    assert events.build().deployment(failed)["recovery_seconds"] == 5 * HOUR


def test_a_repair_may_begin_as_the_failure_ends(events: Events) -> None:
    failed = events.deployment(0, 1, status="failure")
    events.deployment(1, 2, kind="hotfix")
    assert events.build().deployment(failed)["recovery_seconds"] == HOUR


def test_what_was_repaired_before_the_end_took_no_time(events: Events) -> None:
    release = events.deployment(0, 5)
    events.incident(1, 3, caused_by_deployment_id=release)
    row = events.build().deployment(release)
    assert (row["recovered_at"], row["recovery_seconds"]) == (at(5), 0)


def test_golden_incidents_are_not_failed_deployments(events: Events) -> None:
    """6 incidents on 4 of 23 deployments are 4 failed deployments, not 6; 2 on 1 of 10 are 1."""
    deployments = [events.deployment(100 * number) for number in range(23)]
    for number, deployment in enumerate([0, 0, 0, 5, 9, 14]):
        events.incident(100 * deployment + 1 + number)
    rows = events.build().table("deployment_facts")
    failed = sum(row["failed"] for row in rows.values())
    assert round(failed / len(deployments), 3) == 0.174
    assert sum(row["incident_count"] for row in rows.values()) == 6


def test_golden_one_incident_that_spans_two_deployments_is_attributed_once(events: Events) -> None:
    for number in range(20):
        events.deployment(100 * number)
    events.deployment(1, 2)
    events.incident(3, 50)
    rows = events.build().table("deployment_facts").values()
    assert sum(row["incident_count"] for row in rows) == 1
    assert sum(row["failed"] for row in rows) == 1


def test_tier_and_names_of_a_deployment(events: Events) -> None:
    events.add("repositories", repo_id="q", service="shop", team="blue")
    events.add("tier_assignments", repo_id="q", tier=2, valid_from=at(0))
    row_id = events.deployment(5, repo_id="q")
    row = events.build().deployment(row_id)
    assert (row["repo_id"], row["service"], row["team"], row["tier"]) == ("q", "shop", "blue", 2)
