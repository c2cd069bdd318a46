"""The cut: every table as it stood at one instant."""

import duckdb
import pytest

from metrics.facts.cut import PLANNED_INSTANTS, STATES, create_cut_views
from metrics.facts.inputs import prepare_inputs
from schemas.events import all_tables
from tests.support.events import Events, Facts, Row, at, facts_of
from tests.support.facts_oracle import complete, truncate
from tests.support.random_events import HOURS, random_events

CUT = at(100)


def cut(events: Events, table: str) -> list[Row]:
    """The rows of a table at the cut."""
    connection = duckdb.connect()
    prepare_inputs(connection, events.frames())
    create_cut_views(connection, CUT)
    cursor = connection.execute(f"select * from {table}_at_cut")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("tier_assignments", {"repo_id": "r", "tier": 1, "valid_from": at(101)}),
        ("changes", {"change_id": "c", "repo_id": "r", "state": "open", "opened_at": at(101)}),
        ("commits", {"sha": "s", "change_id": "c", "authored_at": at(101)}),
        ("commits", {"sha": "s", "change_id": "c", "authored_at": at(1), "committed_at": at(101)}),
        ("reviews", {"review_id": "v", "change_id": "c", "state": "approved", "submitted_at": at(101)}),
        ("change_events", {"event_id": "e", "change_id": "c", "kind": "merged", "occurred_at": at(101)}),
        ("deployments", {"deployment_id": "d", "repo_id": "r", "status": "in_progress", "started_at": at(101)}),
        ("deployments", {"deployment_id": "d", "repo_id": "r", "status": "success", "finished_at": at(101)}),
        ("incidents", {"incident_id": "i", "opened_at": at(101)}),
        ("rollbacks", {"rollback_id": "b", "repo_id": "r", "occurred_at": at(101)}),
        ("defects", {"defect_id": "f", "repo_id": "r", "found_in": "production", "opened_at": at(101)}),
        ("gate_policies", {"tier": 1, "control_point": "pre_pr", "gate": "g", "valid_from": at(101)}),
        (
            "exceptions",
            {"exception_id": "x", "policy": "p", "approver": "a", "granted_at": at(101), "expires_at": at(102)},
        ),
        ("coverage", {"kind": "tests", "source": "s", "since": at(101)}),
    ],
)
def test_rows_born_after_the_cut_are_absent(table: str, row: Row) -> None:
    events = Events()
    events.rows[table].append(row)
    assert cut(events, table) == []


def test_rows_born_at_the_cut_are_there() -> None:
    events = Events()
    events.incident(100)
    assert len(cut(events, "incidents")) == 1


def test_later_instants_are_null_and_states_are_those_of_the_moment() -> None:
    events = Events()
    events.change(0, 101, closed=101, state="merged", merge_commit_sha="s", ready_at=at(5))
    events.change(0, closed=101)
    events.change(0, closed=99)
    events.deployment(99, 101)
    events.incident(0, 101)
    events.add("defects", repo_id="r", found_in="production", opened_at=at(0), closed_at=at(101))
    merged_later, closed_later, closed = cut(events, "changes")
    assert [row["state"] for row in (merged_later, closed_later, closed)] == ["open", "open", "closed"]
    assert (merged_later["merged_at"], merged_later["closed_at"], merged_later["merge_commit_sha"]) == (
        None,
        None,
        None,
    )
    assert merged_later["ready_at"] == at(5)
    assert closed["closed_at"] == at(99)
    deployment = cut(events, "deployments")[0]
    assert (deployment["status"], deployment["finished_at"], deployment["started_at"]) == ("in_progress", None, at(99))
    assert cut(events, "incidents")[0]["resolved_at"] is None
    assert cut(events, "defects")[0]["closed_at"] is None


def test_registers_keep_what_was_planned() -> None:
    events = Events()
    row = {"policy": "p", "approver": "a", "granted_at": at(0), "expires_at": at(500)}
    events.add("exceptions", **row, closed_at=at(101), reviewed_at=at(101))
    decision = {"subject_kind": "gate", "subject_id": "g", "action": "a", "owner": "o", "decided_at": at(0)}
    events.add("decisions", **decision, due_at=at(500), closed_at=at(101))
    events.add("tier_assignments", repo_id="r", tier=1, valid_from=at(0), valid_to=at(500))
    exception, decided, tier = (cut(events, table)[0] for table in ("exceptions", "decisions", "tier_assignments"))
    assert (exception["expires_at"], exception["closed_at"], exception["reviewed_at"]) == (at(500), None, None)
    assert (decided["due_at"], decided["closed_at"]) == (at(500), None)
    assert tier["valid_to"] == at(500)


def test_a_context_package_completed_later_was_not_complete() -> None:
    events = Events()
    for repo_id, updated in (("a", 99), ("b", 101), ("c", None)):
        when = None if updated is None else at(updated)
        package = {"context_package_complete": True, "context_package_updated_at": when}
        events.add("onboardings", repo_id=repo_id, onboarded_at=at(0), **package)
    assert [row["context_package_complete"] for row in cut(events, "onboardings")] == [True, False, True]


def test_a_change_closed_and_reopened_was_closed_in_between() -> None:
    events = Events()
    change = events.change(0, 200)
    for hour, kind in ((90, "closed"), (110, "reopened"), (200, "merged")):
        events.event(change, kind, hour)
    assert events.build(cut=CUT).change(change)["state"] == "closed"
    assert events.build(cut=at(120)).change(change)["state"] == "open"
    assert events.build(cut=at(200)).change(change)["state"] == "merged"


def test_every_rule_names_a_column_that_exists() -> None:
    columns = {name: {column.name for column in model.table_columns()} for name, model in all_tables().items()}
    assert all(set(states) <= columns[name] for name, states in STATES.items())
    assert set().union(*columns.values()) >= PLANNED_INSTANTS


@pytest.mark.parametrize("seed", range(3))
def test_facts_at_the_cut_are_the_facts_of_data_cut_by_hand(seed: int) -> None:
    rows = complete(random_events(100 + seed))
    moment = at(HOURS // 2)
    whole, by_hand = facts_of(rows, moment), facts_of(truncate(rows, moment), moment)
    for fact in ("change_facts", "deployment_facts", "incident_facts", "defect_facts"):
        assert without_codes(whole, fact) == without_codes(by_hand, fact)


def without_codes(facts: Facts, fact: str) -> dict[str, Row]:
    """A fact without the dense codes, which depend on which names are known."""
    codes = ("_repo", "_team", "_service")
    return {key: {name: row[name] for name in row if name not in codes} for key, row in facts.table(fact).items()}


def test_a_cut_after_everything_changes_nothing() -> None:
    rows = complete(random_events(7))
    assert facts_of(rows, at(HOURS * 3)).table("change_facts").keys() == {row["change_id"] for row in rows["changes"]}
