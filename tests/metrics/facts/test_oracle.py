"""The SQL against the plain-Python oracle on random organisations, at random cuts."""

from datetime import UTC, datetime

import duckdb
import pytest

from metrics.facts import FactSettings
from metrics.facts.milestones import ANOMALIES
from schemas.sql import text_hash_sql
from tests.support.events import Row, at, facts_of
from tests.support.facts_oracle import Oracle, complete, truncate
from tests.support.random_events import HOURS, random_events

CHANGE_COLUMNS = (
    "repo_id", "service", "tier", "state", "first_commit_at", "opened_at", "ready_at", "first_review_at",
    "approved_at", "merged_at", "closed_at", "deployed_at", "deployment_id", "deploy_link", "coding_seconds",
    "draft_seconds", "pickup_seconds", "review_seconds", "merge_wait_seconds", "deploy_wait_seconds",
    "cycle_seconds", "lead_seconds", "review_count", "review_rounds", "reviewer_count", "size_lines", "is_rework",
    "rework_reason", "gates_passed", "caused_incident", "deployment_failed", "rolled_back", "escaped_defects",
    "validated", "_escaped_in_follow_up", "_reverted_at",
)  # fmt: skip
DEPLOYMENT_COLUMNS = (
    "repo_id", "service", "tier", "is_production", "status", "change_count", "failed", "failure_reason",
    "incident_count", "rolled_back", "recovered_at", "recovery_seconds",
)  # fmt: skip
INCIDENT_COLUMNS = ("repo_id", "service", "tier", "resolved_at", "restore_seconds", "deployment_id", "attribution")


def differences(expected: dict[str, Row], found: dict[str, Row], columns: tuple[str, ...]) -> list[str]:
    """Where two sets of rows differ, in words."""
    missing = [f"{key}: only on one side" for key in expected.keys() ^ found.keys()]
    return missing + [
        f"{key}.{column}: expected {expected[key][column]}, found {found[key][column]}"
        for key in expected.keys() & found.keys()
        for column in columns
        if expected[key][column] != found[key][column]
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("share", [0.6, 2.0])
def test_facts_equal_the_oracle(seed: int, share: float) -> None:
    rows = complete(random_events(seed))
    cut = at(int(HOURS * share))
    settings = FactSettings()
    connection = duckdb.connect()

    def rank(deployment: str) -> int:
        found = connection.execute(f"select {text_hash_sql('?::varchar')}", [deployment]).fetchone()
        assert found is not None
        return int(found[0])

    oracle = Oracle(truncate(rows, cut), cut, settings, rank)
    facts = facts_of(rows, cut, settings)
    changes = facts.table("change_facts")
    assert differences(oracle.changes, changes, CHANGE_COLUMNS) == []
    assert {key: row["anomalies"] for key, row in oracle.changes.items()} == {
        key: set(row["anomalies"]) for key, row in changes.items()
    }
    deployments = {row["deployment_id"]: row for row in oracle.deployments}
    assert differences(deployments, facts.table("deployment_facts"), DEPLOYMENT_COLUMNS) == []
    assert differences(oracle.incidents, facts.table("incident_facts"), INCIDENT_COLUMNS) == []


def test_the_random_organisations_have_every_kind_of_case() -> None:
    """Else the comparison would prove little."""
    seen: dict[str, set[object]] = {}
    for seed in range(6):
        facts = facts_of(complete(random_events(seed)), datetime(2027, 1, 1, tzinfo=UTC))
        for row in facts.table("change_facts").values():
            for column in (
                "state",
                "deploy_link",
                "rework_reason",
                "gates_passed",
                "caused_incident",
                "validated",
                "review_rounds",
            ):
                seen.setdefault(column, set()).add(row[column])
            seen.setdefault("anomalies", set()).update(row["anomalies"])
        for row in facts.table("deployment_facts").values():
            seen.setdefault("failure_reason", set()).add(row["failure_reason"])
        for row in facts.table("incident_facts").values():
            seen.setdefault("attribution", set()).add(row["attribution"])
    assert seen["deploy_link"] == {"explicit", "sha", "next_deployment", "none"}
    assert seen["failure_reason"] == {"status", "incident", "rollback", "hotfix", None}
    assert seen["attribution"] == {"explicit", "window", "none"}
    assert seen["rework_reason"] == {"revert", "hotfix", "defect_fix", None}
    assert seen["gates_passed"] == seen["validated"] == {True, False, None}
    assert {0, 1, None} <= seen["review_rounds"]
    assert set(ANOMALIES) == seen["anomalies"]
