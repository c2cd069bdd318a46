"""From change to deployment: explicit link, sha, next deployment of the service."""

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


def link(row: Row) -> tuple[object, object, object]:
    """The way of linking, the deployment and its instant."""
    return row["deploy_link"], row["deployment_id"], row["deployed_at"]


def test_explicit_before_sha_before_next(events: Events) -> None:
    changes = [events.change(0, 10, merge_commit_sha=f"sha{number}") for number in range(3)]
    following = events.deployment(11)
    by_sha = events.deployment(20, sha="sha0")
    events.deployment(21, sha="sha1")
    listed = events.deployment(30)
    events.add("deployment_changes", deployment_id=listed, change_id=changes[1])
    facts = events.build()
    assert link(facts.change(changes[0])) == ("sha", by_sha, at(20.5))
    assert link(facts.change(changes[1])) == ("explicit", listed, at(30.5))
    assert link(facts.change(changes[2])) == ("next_deployment", following, at(11.5))


def test_the_first_deployment_by_its_end(events: Events) -> None:
    change = events.change(0, 10)
    slow = events.deployment(11, 20)
    quick = events.deployment(12, 13)
    for deployment in (slow, quick):
        events.add("deployment_changes", deployment_id=deployment, change_id=change)
    assert link(events.build().change(change)) == ("explicit", quick, at(13))


@pytest.mark.parametrize(
    "other",
    [
        {"status": "failure"},
        {"status": "cancelled"},
        {"status": "in_progress"},
        {"kind": "rollback"},
        {"kind": "redeploy"},
        {"environment": "staging"},
        {"is_production": False},
        {"repo_id": "other"},
        {"service": "other"},
    ],
)
def test_what_cannot_carry_a_change(events: Events, other: Row) -> None:
    change = events.change(0, 10)
    events.deployment(11, **other)
    assert link(events.build().change(change)) == ("none", None, None)


def test_hotfixes_carry_changes(events: Events) -> None:
    change = events.change(0, 10)
    hotfix = events.deployment(11, kind="hotfix")
    assert events.build().change(change)["deployment_id"] == hotfix


def test_next_deployment_started_at_or_after_the_merge(events: Events) -> None:
    change = events.change(0, 10)
    events.deployment(9.9, 12)
    exactly = events.deployment(10, 13)
    assert link(events.build().change(change)) == ("next_deployment", exactly, at(13))


def test_next_deployment_without_a_start_goes_by_its_end(events: Events) -> None:
    change = events.change(0, 10)
    deployment = events.deployment(0, 11, started_at=None)
    assert link(events.build().change(change)) == ("next_deployment", deployment, at(11))


def test_old_changes_do_not_land_on_the_first_recorded_deployment(events: Events) -> None:
    old = events.change(0, 10)
    recent = events.change(0, 11)
    deployment = events.deployment(10 + 30 * 24 + 0.5)
    facts = events.build()
    assert facts.change(old)["deploy_link"] == "none"
    assert facts.change(recent)["deployment_id"] == deployment
    assert events.build(settings=FactSettings(deploy_link_days=31)).change(old)["deployment_id"] == deployment


def test_exactly_thirty_days_later_still_counts(events: Events) -> None:
    change = events.change(0, 10)
    deployment = events.deployment(10 + 30 * 24)
    assert events.build().change(change)["deployment_id"] == deployment


def test_explicit_links_have_no_such_limit(events: Events) -> None:
    change = events.change(0, 10)
    deployment = events.deployment(10 + 100 * 24)
    events.add("deployment_changes", deployment_id=deployment, change_id=change)
    assert events.build().change(change)["deploy_link"] == "explicit"


def test_a_linked_deployment_that_ended_before_the_merge_is_clamped(events: Events) -> None:
    change = events.change(0, 10)
    deployment = events.deployment(5)
    events.add("deployment_changes", deployment_id=deployment, change_id=change)
    row = events.build().change(change)
    assert link(row) == ("explicit", deployment, at(10))
    assert (row["deploy_wait_seconds"], row["lead_seconds"]) == (0, 10 * HOUR)
    assert row["anomalies"] == ["deployed_before_merge"]


def test_a_linked_deployment_of_an_open_change_is_an_anomaly(events: Events) -> None:
    change = events.change(0)
    deployment = events.deployment(5)
    events.add("deployment_changes", deployment_id=deployment, change_id=change)
    row = events.build().change(change)
    assert link(row) == ("none", None, None)
    assert row["anomalies"] == ["deployed_unmerged"]


def test_failed_explicit_deployments_leave_the_change_to_the_next(events: Events) -> None:
    change = events.change(0, 10)
    failed = events.deployment(11, status="failure")
    following = events.deployment(12)
    events.add("deployment_changes", deployment_id=failed, change_id=change)
    facts = events.build()
    assert link(facts.change(change)) == ("next_deployment", following, at(12.5))
    assert facts.deployment(failed)["change_count"] == 1


def test_sha_of_one_of_the_changes_commits(events: Events) -> None:
    change = events.change(0, 10)
    events.add("commits", sha="mine", change_id=change, authored_at=at(0))
    deployment = events.deployment(20, sha="mine")
    events.deployment(11)
    assert link(events.build().change(change)) == ("sha", deployment, at(20.5))


def test_a_sha_of_another_repository_is_none(events: Events) -> None:
    change = events.change(0, 10, merge_commit_sha="s")
    events.deployment(20, sha="s", repo_id="fork")
    assert events.build().change(change)["deploy_link"] == "none"


def test_a_manifest_repository_deploys_the_service_by_sha(events: Events) -> None:
    change = events.change(0, 10, merge_commit_sha="s", service="shop")
    deployment = events.deployment(20, sha="s", repo_id="manifests", service="shop")
    assert link(events.build().change(change)) == ("sha", deployment, at(20.5))


def test_in_a_monorepo_the_changes_own_service_comes_first(events: Events) -> None:
    change = events.change(0, 10, merge_commit_sha="s", service="shop")
    events.deployment(12, sha="s", service="bank")
    own = events.deployment(20, sha="s", service="shop")
    assert link(events.build().change(change)) == ("sha", own, at(20.5))


def test_services_of_a_repository_are_apart(events: Events) -> None:
    shop = events.change(0, 10, service="shop")
    bank = events.change(0, 10, service="bank")
    plain = events.change(0, 10)
    deployments = {name: events.deployment(20, service=name) for name in ("shop", "bank")}
    facts = events.build()
    assert facts.change(shop)["deployment_id"] == deployments["shop"]
    assert facts.change(bank)["deployment_id"] == deployments["bank"]
    assert facts.change(plain)["deployment_id"] is None


@pytest.mark.parametrize(
    ("environment", "expected"), [("production", True), ("Production", True), ("prod-eu", True), ("preprod-eu", False)]
)
def test_production_by_name_or_pattern(events: Events, environment: str, expected: bool) -> None:
    deployment = events.deployment(0, environment=environment)
    settings = FactSettings(production_rules=("production", "prod-.*"))
    assert events.build(settings=settings).deployment(deployment)["is_production"] is expected


def test_what_a_deployment_says_of_itself_wins(events: Events) -> None:
    deployment = events.deployment(0, environment="blue", is_production=True)
    assert events.build().deployment(deployment)["is_production"] is True


def test_an_end_before_the_start_is_the_start(events: Events) -> None:
    change = events.change(0, 10)
    events.deployment(12, 11)
    assert events.build().change(change)["deployed_at"] == at(12)


def test_changes_held_are_counted_once(events: Events) -> None:
    listed, following = events.change(0, 10), events.change(0, 10)
    first, second = events.deployment(11), events.deployment(12)
    for deployment in (first, second):
        events.add("deployment_changes", deployment_id=deployment, change_id=listed)
    facts = events.build()
    assert facts.change(following)["deployment_id"] == first
    assert (facts.deployment(first)["change_count"], facts.deployment(second)["change_count"]) == (2, 1)
