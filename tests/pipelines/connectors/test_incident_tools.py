"""PagerDuty, Opsgenie and Statuspage: what incidents say, how far back lists go, what is followed until it ends."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.connectors.base import Connector, RawRecord
from pipelines.connectors.opsgenie import Opsgenie, OpsgenieSettings
from pipelines.connectors.pagerduty import PagerDuty, PagerDutySettings
from pipelines.connectors.statuspage import Statuspage, StatuspageSettings
from schemas.workspace import Workspace
from tests.support.dialects import DIALECTS
from tests.support.pulling import contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import ReplayHost

PAYLOADS = Path(__file__).parents[3] / "sample_data" / "payloads"
FIRST, SECOND = "2025-03-20T10:00:00Z", "2025-03-21T10:00:00Z"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def trial(kind: str, folder: Path) -> tuple[Workspace, ReplayHost]:
    """A workspace and a host with a kind's payloads."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (PAYLOADS / kind).glob("*.json")}
    settings = files.pop("source")["settings"]
    resources = {path: document for file in files.values() for path, document in file.items()}
    prefix = "/v1" if kind == "statuspage" else ""
    return make_workspace(folder, **settings), ReplayHost(resources, prefix, dialect=DIALECTS[kind])


def rows(connector: Connector, *records: RawRecord) -> list[dict[str, Any]]:
    return connector.conform(records).frames["incidents"].to_dicts()


def pagerduty(**settings: object) -> PagerDuty:
    return PagerDuty(PagerDutySettings(kind="pagerduty", name="p", **settings))


def test_pagerduty_s_rows(tmp_path: Path) -> None:
    workspace, host = trial("pagerduty", tmp_path)
    pull(workspace, FIRST, host.transport())
    found = {row["incident_id"].partition(":")[2]: row for row in contents(workspace)["incidents"]}
    shown = {key: (row["service"], row["severity"], row["deleted"]) for key, row in found.items()}
    assert shown["QINC0001"] == ("checkout", 1, False)
    assert shown["QINC0002"] == ("checkout", 2, True), "it was merged into the first"
    assert shown["QINC0004"] == ("Search", 4, False), "its urgency is low and it has no priority"
    assert shown["QINC0006"] == ("Lab", 2, True), "its service is ignored"
    instants = {key: (row["acknowledged_at"], row["resolved_at"]) for key, row in found.items()}
    assert instants["QINC0001"] == (datetime(2025, 3, 6, 9, 34), datetime(2025, 3, 6, 10, 40))  # noqa: DTZ001
    assert instants["QINC0003"] == (None, datetime(2025, 3, 9, 22, 20))  # noqa: DTZ001
    assert instants["QINC0004"] == (datetime(2025, 3, 19, 8, 6), None)  # noqa: DTZ001


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie", "statuspage"])
def test_an_open_incident_is_read_again_until_it_is_resolved(kind: str, tmp_path: Path) -> None:
    workspace, host = trial(kind, tmp_path)
    pull(workspace, FIRST, host.transport())
    is_open = "SELECT incident_id AS id FROM warehouse.incidents WHERE resolved_at IS NULL AND NOT deleted ORDER BY id"
    before = [row["id"] for row in rows_of(workspace, is_open)]
    identifier = before[0].partition(":")[2]
    at = "2025-03-21T09:00:00Z"
    ended = {
        "pagerduty": {"status": "resolved", "last_status_change_at": at, "updated_at": at, "resolved_at": at},
        "opsgenie": {"status": "resolved", "updatedAt": at, "impactEndDate": at},
        "statuspage": {"status": "resolved", "updated_at": at, "resolved_at": at},
    }[kind]
    for path, resource in host.resources.items():
        items = (
            resource if isinstance(resource, list) else [resource.get("incident") or resource.get("data") or resource]
        )
        for item in items:
            if item.get("id") == identifier:
                item.update(ended)
        if path.endswith("/unresolved"):
            host.resources[path] = [item for item in resource if item["id"] != identifier]
    pull(workspace, SECOND, host.transport())
    assert [row["id"] for row in rows_of(workspace, is_open)] == before[1:]
    books = next(iter(status_of(workspace).values()))
    assert identifier not in books["cursor"]


def incidents_of(kind: str, count: int) -> list[dict[str, Any]]:
    """Many incidents, an hour apart, the last of them made just before the pull."""
    last = datetime(2025, 3, 20, 9, tzinfo=UTC)
    made = [(last - timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(count)]
    if kind == "pagerduty":
        same = {"status": "resolved", "urgency": "low"}
        return [{"id": f"Q{n}", "created_at": at, "last_status_change_at": at, **same} for n, at in enumerate(made)]
    return [{"id": f"i{n}", "createdAt": at, "updatedAt": at, "status": "closed"} for n, at in enumerate(made)]


@pytest.mark.parametrize(("kind", "address"), [("pagerduty", "incidents"), ("opsgenie", "v1/incidents")])
def test_history_goes_back_beyond_the_end_of_a_listing(
    kind: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"pipelines.connectors.{kind}.LONGEST_LISTING", 300)
    more = {"acknowledgements": False} if kind == "pagerduty" else {}
    workspace = make_workspace(tmp_path, kind=kind, name=kind, **more)
    host = ReplayHost({address: incidents_of(kind, 750), "v1/services": []}, dialect=DIALECTS[kind])
    assert {report.state for report in pull(workspace, FIRST, host.transport())} == {"complete"}
    assert len(contents(workspace)["incidents"]) == 750
    assert [path for path in host.requests if "since=" in path or "createdAt+%3C" in path]


def test_opsgenie_s_service_is_the_first_that_is_linked() -> None:
    settings = OpsgenieSettings(kind="opsgenie", name="o", services={"Checkout": "checkout"}, ignored_services=("Lab",))
    data = {"createdAt": "T1", "status": "open", "priority": "P2", "tags": ["Security"], "impactedServices": ["a", "b"]}
    names = [
        RawRecord("service", key, "account", {"name": name}, "i") for key, name in (("a", "Web"), ("b", "Checkout"))
    ]
    row = rows(Opsgenie(settings), RawRecord("incident", "i", "account", data), *names)[0]
    assert (row["service"], row["severity"], row["is_security"], row["resolved_at"]) == ("checkout", "2", "true", None)
    lab = RawRecord("service", "a", "account", {"name": "Lab"}, "i")
    assert rows(Opsgenie(settings), RawRecord("incident", "i", "account", data), lab)[0]["deleted"] == "true"


def test_statuspage_s_impact_and_components() -> None:
    settings = StatuspageSettings(kind="statuspage", name="s", pages=("page",), services={"page": "shop"})
    data = {"name": "Down", "impact": "critical", "started_at": "T1", "created_at": "T2", "status": "monitoring"}
    row = rows(Statuspage(settings), RawRecord("incident", "i", "page", data))[0]
    assert (row["service"], row["severity"], row["opened_at"], row["resolved_at"]) == ("shop", "1", "T1", None)


def test_severities_of_one_s_own_and_names_in_any_case() -> None:
    data = {"created_at": "T1", "status": "triggered", "urgency": "high", "priority": {"summary": "sev-1"}}
    incident = RawRecord("incident", "Q", "account", data)
    assert rows(pagerduty(severities={"SEV-1": 1}), incident)[0]["severity"] == "1"
    assert rows(pagerduty(), incident)[0]["severity"] == "2", "an unknown priority: its urgency decides"
    assert rows(pagerduty(urgencies=("low",)), incident)[0]["deleted"] == "true"


def test_a_look_reads_nothing_of_what_is_open(tmp_path: Path) -> None:
    workspace, host = trial("jira", tmp_path)
    pull(workspace, FIRST, host.transport(), since=datetime.fromisoformat(FIRST))
    assert not [path for path in host.requests if "/issue/" in path]
