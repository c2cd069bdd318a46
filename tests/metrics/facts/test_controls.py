"""What surrounds changes, from events to the rows that definitions read."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from metrics.facts import FactSettings, build_control_facts, build_facts, prepare_inputs
from metrics.facts.build import STEPS
from metrics.facts.controls import OF_STEPS, RESTED_ON
from metrics.facts.sql import drop
from tests.support.events import LATER, Events, at, frame_of
from tests.support.random_events import random_events

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
DAY = 24


@pytest.fixture
def events() -> Events:
    """A repository in tier 3 and one in tier 1."""
    organisation = Events()
    for repository, tier in (("r", 3), ("other", 1)):
        organisation.add("repositories", repo_id=repository, team="blue")
        organisation.add("tier_assignments", repo_id=repository, tier=tier, valid_from=LONG_AGO)
    return organisation


def rows(events: Events, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of a relation, sorted."""
    connection = events.build().connection
    build_control_facts(connection)
    return sorted(connection.execute(f"select {', '.join(columns)} from {name}").fetchall(), key=repr)


def gate(events: Events, change: str, ran: float, **more: Any) -> str:  # noqa: ANN401 -- a row's values are of any type
    row = {"change_id": change, "gate": "lint", "control_point": "pre_merge", "outcome": "passed", "ran_at": at(ran)}
    return events.add("gate_results", **(row | more))


def test_a_gate_is_required_where_a_policy_of_the_tier_says_so_at_that_time(events: Events) -> None:
    change = events.change(0, 50)
    other = events.change(0, 50, repo_id="other")
    policy = {"tier": 3, "control_point": "pre_merge", "gate": "lint"}
    events.add("gate_policies", **policy, valid_from=at(10), valid_to=at(20))
    gate(events, change, 9)
    gate(events, change, 10)
    gate(events, change, 20)
    gate(events, change, 12, gate="tests")
    gate(events, change, 12, control_point="pre_pr")
    gate(events, other, 12)
    columns = ("epoch(ran_at)::bigint", "gate", "control_point", "tier", "_is_required")
    instants = {hour: int(at(hour).timestamp()) for hour in (9, 10, 12, 20)}
    assert set(rows(events, "gate_facts", *columns)) == {
        (instants[9], "lint", "pre_merge", 3, False),
        (instants[10], "lint", "pre_merge", 3, True),
        (instants[20], "lint", "pre_merge", 3, False),
        (instants[12], "tests", "pre_merge", 3, False),
        (instants[12], "lint", "pre_pr", 3, False),
        (instants[12], "lint", "pre_merge", 1, False),
    }


def test_the_pre_merge_gates_of_a_change_are_added_up_until_its_merge(events: Events) -> None:
    change = events.change(0, 10)
    gate(events, change, 5, duration_seconds=60.0)
    gate(events, change, 6, duration_seconds=30.0, gate="tests")
    gate(events, change, 6, duration_seconds=500.0, control_point="pre_pr")
    gate(events, change, 11, duration_seconds=500.0)
    gate(events, events.change(0), 5, duration_seconds=60.0)
    assert rows(events, "change_gate_facts", "tier", "pre_merge_seconds") == [(3, 90.0)]


def test_test_runs_and_signals_stand_in_their_tier(events: Events) -> None:
    change = events.change(0, 10, ai_use="assisted")
    events.add("test_runs", repo_id="other", outcome="passed", is_flaky=True, ran_at=at(1))
    events.add("context_signals", repo_id="r", change_id=change, kind="stale_doc", occurred_at=at(1))
    events.add("context_signals", repo_id="other", kind="stale_doc", occurred_at=at(1))
    assert rows(events, "test_run_facts", "tier", "is_flaky", "_tests_watched") == [(1, True, True)]
    assert rows(events, "signal_facts", "tier", "ai_use") == [(1, None), (3, "assisted")]


def test_a_change_with_two_conflicts_is_one_row(events: Events) -> None:
    change, _ = events.change(0, 10), events.change(0, 10)
    for hour in (2, 3):
        events.event(change, "merge_conflict", hour)
    assert rows(events, "conflict_facts", "tier", "merged_at") == [(3, at(10))]


def test_commits_count_where_their_source_follows_lines(events: Events) -> None:
    change = events.change(0, 10)
    commit = {"change_id": change, "authored_at": at(1), "committed_at": at(2), "additions": 10, "deletions": 5}
    events.add("commits", sha="a", **commit, rework_lines=4)
    events.add("commits", sha="b", **commit)
    assert rows(events, "commit_rework_facts", "committed_at", "lines", "rework_lines") == [(at(2), 15, 4)]


def test_first_value_is_an_ai_assisted_change_that_passed_and_was_validated(events: Events) -> None:
    events.add("onboardings", repo_id="r", onboarded_at=at(5))
    events.add("onboardings", repo_id="other", onboarded_at=at(5))
    events.add("gate_policies", tier=3, control_point="pre_merge", gate="lint", valid_from=LONG_AGO)
    for opened, ai_use, passed in (
        (0, "assisted", True),
        (10, "none", True),
        (20, "authored", False),
        (30, "assisted", True),
    ):
        change = events.change(opened, opened + 2, ai_use=ai_use)
        gate(events, change, opened + 1, outcome="passed" if passed else "failed")
    events.deployment(40)
    assert rows(events, "onboarding_facts", "tier", "first_value_at") == [(1, None), (3, at(32))]


def test_an_intent_is_delivered_with_the_last_of_its_changes_in_production(events: Events) -> None:
    for intent in ("done", "waiting", "empty"):
        events.add("intents", intent_id=intent, tier=2, approved_at=at(0))
    events.add("intents", intent_id="untold", repo_id="r", approved_at=at(0))
    events.change(0, 5, intent_id="done")
    events.change(0, 30, intent_id="done")
    events.change(0, closed=3, intent_id="done")
    events.change(0, 5, intent_id="waiting")
    events.change(0, intent_id="waiting")
    events.deployment(10, 11)
    events.deployment(40, 41)
    expected = [("done", 2, at(41)), ("empty", 2, None), ("untold", 3, None), ("waiting", 2, None)]
    assert rows(events, "intent_facts", "intent_id", "tier", "delivered_at") == expected


def test_an_exception_stands_in_its_own_tier_or_in_its_repositorys(events: Events) -> None:
    common = {"policy": "p", "approver": "x", "granted_at": at(1), "expires_at": at(100)}
    events.add("exceptions", exception_id="a", tier=4, **common)
    events.add("exceptions", exception_id="b", repo_id="other", **common)
    events.add("exceptions", exception_id="c", **common)
    expected = [("a", 4, True), ("b", 1, False), ("c", None, True)]
    assert rows(events, "exception_facts", "exception_id", "tier", "_repo < 0") == expected


def test_a_repository_is_active_for_90_days_after_its_merges(events: Events) -> None:
    events.add("onboardings", repo_id="r", onboarded_at=at(5))
    for hour in (0, 10, 60 * DAY, 300 * DAY):
        events.change(hour, hour + 1)
    events.change(0, 2, repo_id="other", author_kind="bot")
    stretches = [(3, at(1), at(150 * DAY + 1), at(5)), (3, at(300 * DAY + 1), at(390 * DAY + 1), at(5))]
    assert rows(events, "activity_facts", "tier", "active_from", "active_until", "onboarded_at") == stretches


def test_without_a_register_of_onboardings_nobody_asks_for_activity(events: Events) -> None:
    events.change(0, 1)
    assert rows(events, "activity_facts", "tier") == []


def approved(events: Events, opened: float, minutes: float, lines: int = 300) -> str:
    """A change of so many lines that `bob` approved so many minutes after it was opened."""
    change = events.change(opened, opened + 20, additions=lines, deletions=0)
    events.review(change, opened + minutes / 60, "approved")
    return change


def test_reviews_are_the_same_whether_the_steps_of_the_facts_are_still_there_or_not() -> None:
    events = random_events(9)
    connection = duckdb.connect(config={"threads": 1})
    prepare_inputs(connection, {table: frame_of(table, each) for table, each in events.items() if each})
    build_facts(connection, FactSettings(), LATER, materialise=False)
    connection.execute("create temp table kept as from change_facts")
    found = []
    for are_steps_there in (True, False):
        build_control_facts(connection, materialise=False, are_steps_there=are_steps_there)
        found.append(connection.execute(f"from {OF_STEPS} order by all").fetchall())
        drop(connection, OF_STEPS, *RESTED_ON, *STEPS, "change_facts")
        connection.execute("create or replace temp view change_facts as from kept")
    human = [each for each in events["reviews"] if each["reviewer_kind"] == "human" and each["reviewer"]]
    assert 0 < len(found[0]) <= len(human)
    assert found[0] == found[1]


def test_an_approval_is_shallow_when_it_is_fast_and_without_a_comment(events: Events) -> None:
    approved(events, 0, minutes=2)
    approved(events, 100, minutes=3)
    events.review(approved(events, 200, minutes=2), 200.01, "commented")
    own, by_bot = approved(events, 300, minutes=2), approved(events, 400, minutes=2)
    events.review(own, 300.01, "commented", reviewer="ann")
    events.review(by_bot, 400.01, "commented", reviewer_kind="bot")
    noted = events.change(500, 520, additions=300)
    events.review(noted, 500.02, "approved", comment_count=3)
    assert set(rows(events, "shallow_approval_facts", "merged_at")) == {(at(20),), (at(320),), (at(420),)}


def test_the_last_change_of_coverage_before_the_merge_counts(events: Events) -> None:
    change = events.change(0, 10)
    for hour, delta in ((2, 1.0), (4, -0.5), (5, None), (11, 3.0)):
        gate(events, change, hour, coverage_delta=delta)
    assert rows(events, "change_gate_facts", "coverage_delta") == [(-0.5,)]
