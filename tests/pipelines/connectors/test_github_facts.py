"""From GitHub to the facts: recorded pull requests, and the sample repository's deployments."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from metrics.facts import FactSettings, build_facts
from pipelines.warehouse import Warehouse
from schemas.workspace import Workspace
from tests.support import recorded_github as recorded
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost


def facts(workspace: Workspace, sql: str, at: datetime) -> list[dict[str, Any]]:
    """The result of a query on the facts as of an instant."""
    with Warehouse.open(workspace, write=False) as warehouse:
        warehouse.create_event_views()
        build_facts(warehouse.connection, FactSettings(), at)
        return warehouse.rows(sql)


def test_every_recorded_pull_request_is_a_change_fact_once_with_its_reviews_and_commits(
    shared_data: Path, tmp_path: Path
) -> None:
    """Twice pulled, once counted. Reviews by the author, and of another time than the change's, are not eligible."""
    workspace = make_workspace(tmp_path, kind="github", name="github", repositories=[recorded.REPOSITORY])
    host = ReplayHost(recorded.resources(shared_data))
    for now in ("2022-06-13T16:00:00+00:00", "2022-06-14T16:00:00+00:00"):
        pull(workspace, now, host.transport())
    found = facts(
        workspace,
        "SELECT change_id, review_count, first_commit_at, cycle_seconds FROM change_facts",
        datetime(2022, 6, 15, tzinfo=UTC),
    )
    rows = {int(row["change_id"].partition("#")[2]): row for row in found}
    assert len(rows) == len(found)
    pulls = recorded.distinct(shared_data, "pull_requests", "number")
    assert sorted(rows) == sorted(pulls)

    authored: dict[int, list[str]] = {}
    for url, commit in recorded.elements(shared_data, "pull_request_commits"):
        number = int(url.split("/pulls/")[1].split("/")[0])
        authored.setdefault(number, []).append(commit["commit"]["author"]["date"])
    for number, dates in authored.items():
        # A first commit after the opening (rebased since) is clamped to the opening.
        first = min(*dates, pulls[number]["created_at"])
        assert rows[number]["first_commit_at"] == datetime.fromisoformat(first).replace(tzinfo=None)

    eligible = dict.fromkeys(pulls, 0)
    for review in recorded.distinct(shared_data, "pull_request_reviews").values():
        number = int(review["pull_request_url"].rpartition("/")[2])
        change = pulls[number]
        ended = change["merged_at"] or change["closed_at"] or "9999"
        is_timely = change["created_at"] <= review["submitted_at"] <= ended
        eligible[number] += is_timely and review["user"]["login"] != change["user"]["login"]
    assert {number: row["review_count"] for number, row in rows.items()} == eligible
    assert sum(eligible.values()) > 10

    merged = {number: item for number, item in pulls.items() if item["merged_at"]}
    for number, item in merged.items():
        waited = datetime.fromisoformat(item["merged_at"]) - datetime.fromisoformat(item["created_at"])
        assert rows[number]["cycle_seconds"] == waited.total_seconds()


def test_deployments_carry_their_changes_and_inactive_is_never_the_deploy_time(
    repository_root: Path, tmp_path: Path
) -> None:
    folder = repository_root / "sample_data" / "payloads" / "github"
    resources: dict[str, Any] = {}
    for name in ("repository", "pull_requests", "issues", "deployments"):
        resources |= json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    workspace = make_workspace(tmp_path, kind="github", name="github", repositories=["acme/payments"])
    pull(workspace, "2025-03-20T10:00:00+00:00", ReplayHost(resources).transport())
    sql = (
        "SELECT change_id, deployed_at, deploy_link, caused_incident, rolled_back FROM change_facts ORDER BY change_id"
    )
    rows = facts(workspace, sql, datetime(2025, 3, 21, tzinfo=UTC))
    found = {row["change_id"].partition("#")[2]: (row["deployed_at"], row["deploy_link"]) for row in rows}
    assert found == {
        # By sha; 901 went inactive three days later.
        "1": (datetime(2025, 3, 4, 16, 6), "sha"),  # noqa: DTZ001 - the warehouse keeps UTC without a zone
        # Its own deployment failed, so the next one that succeeded carries it.
        "2": (datetime(2025, 3, 7, 12, 20), "next_deployment"),  # noqa: DTZ001
        "3": (datetime(2025, 3, 7, 12, 20), "sha"),  # noqa: DTZ001
        "4": (datetime(2025, 3, 10, 9, 50), "next_deployment"),  # noqa: DTZ001
        "7": (datetime(2025, 3, 10, 9, 50), "sha"),  # noqa: DTZ001
        "5": (None, "none"),
        "6": (None, "none"),
    }
