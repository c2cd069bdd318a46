"""Jira: both editions give the same, and issues are followed when they are reopened, moved, changed or deleted."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina
from pydantic import SecretStr, ValidationError

from pipelines.connectors.base import Probed, RawRecord
from pipelines.connectors.jira import Jira, JiraSettings
from pipelines.connectors.jira_fields import text_of
from pipelines.connectors.references import blamed_change, change_at
from pipelines.connectors.transport import HostClient
from schemas.workspace import Workspace
from tests.support.dialects import jira
from tests.support.pulling import contents, make_workspace, pull, rows_of, status_of
from tests.support.replay import ReplayHost

PAYLOADS = Path(__file__).parents[3] / "sample_data" / "payloads" / "jira"
SETTINGS = json.loads((PAYLOADS / "source.json").read_text(encoding="utf-8"))["settings"]
FIRST, SECOND = "2025-03-20T10:00:00Z", "2025-03-21T10:00:00Z"


@pytest.fixture(autouse=True)
def no_backoff() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def site(api: str = "rest/api/3/search/jql", version: str = "3") -> ReplayHost:
    resources = json.loads((PAYLOADS / "issues.json").read_text(encoding="utf-8"))
    resources |= json.loads((PAYLOADS / "changelog.json").read_text(encoding="utf-8"))
    issues = resources.pop("rest/api/3/search/jql")
    served = {path.replace("rest/api/3", f"rest/api/{version}"): found for path, found in resources.items()}
    return ReplayHost({api: issues, **served}, dialect=jira)


def change(host: ReplayHost, key: str, updated: str = "2025-03-21T09:00:00.000+0000", **fields: object) -> None:
    """Change an issue in the listing and by itself."""
    issues = host.resources["rest/api/3/search/jql"]
    found = next(item for item in issues if item["key"] == key)
    found["fields"] = {**found["fields"], "updated": updated, **fields}
    host.resources[f"rest/api/3/issue/{key}"] = found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path, **SETTINGS)


def keys(workspace: Workspace, table: str = "defects") -> set[str]:
    key = f"{table.removesuffix('s')}_id"
    rows = rows_of(workspace, f"SELECT {key} AS id FROM warehouse.{table} WHERE NOT deleted")
    return {row["id"].partition(":")[2] for row in rows}


def test_both_editions_give_the_same(tmp_path: Path, workspace: Workspace) -> None:
    pull(workspace, FIRST, site().transport())
    other = make_workspace(tmp_path / "other", **{**SETTINGS, "edition": "data_center", "user": "ada"})
    host = site("rest/api/2/search", "2")
    host.largest_page = 2
    whole = host.resources["rest/api/2/issue/INC-1/changelog"]
    # Data Center gives the changelog whole within the search.
    incident = next(item for item in host.resources["rest/api/2/search"] if item["key"] == "INC-1")
    incident["changelog"] = {"startAt": 0, "maxResults": len(whole), "total": len(whole), "histories": whole}
    pull(other, FIRST, host.transport())
    assert contents(other) == contents(workspace)
    assert not any("/changelog" in path or "nextPageToken" in path for path in host.requests)


def test_what_the_rows_say(workspace: Workspace) -> None:
    pull(workspace, FIRST, site().transport())
    rows = {row["defect_id"].partition(":")[2]: row for row in contents(workspace)["defects"]}
    shown = {key: (row["found_in"], row["severity"], str(row["closed_at"])) for key, row in rows.items()}
    assert shown["PAY-11"] == ("production", 2, "2025-03-07 15:00:00")
    assert shown["PAY-12"] == ("pre_production", 4, "None"), "reopened, though a resolution is left from before"
    assert shown["PAY-13"] == ("production", 1, "2025-03-15 09:00:00"), "the resolution is that of the first time"
    assert rows["PAY-11"]["repo_id"] == "gitlab.com:acme/shop/ledger"
    assert rows["PAY-12"]["repo_id"] == "gitlab.com:acme/shop/checkout"
    assert rows["PAY-11"]["caused_by_change_id"] == "gitlab.com:acme/shop/checkout#1"
    assert rows["PAY-13"]["category"] == "regression"
    assert rows["OPS-9"]["deleted"], "the key from before the issue was moved"
    first, second = contents(workspace)["incidents"]
    assert (first["service"], first["severity"], str(first["acknowledged_at"])) == (
        "checkout",
        1,
        "2025-03-06 09:55:00",
    )
    assert (str(first["opened_at"]), str(first["resolved_at"])) == ("2025-03-06 09:50:00", "2025-03-06 11:05:00")
    assert first["caused_by_change_id"] == "gitlab.com:acme/shop/checkout#1"
    assert (second["is_security"], second["resolved_at"]) == (True, None)


def test_an_open_issue_that_no_longer_fits_is_taken_back(workspace: Workspace) -> None:
    host = site()
    pull(workspace, FIRST, host.transport())
    change(host, "PAY-12", issuetype={"name": "Task"})
    pull(workspace, SECOND, host.transport())
    assert "PAY-12" not in keys(workspace)
    assert '"PAY-12"' not in status_of(workspace)["defects acme.atlassian.net"]["cursor"]


def test_an_open_issue_that_was_deleted_stays_and_is_not_asked_for_again(workspace: Workspace) -> None:
    host = site()
    pull(workspace, FIRST, host.transport())
    search = "rest/api/3/search/jql"
    host.resources[search] = [item for item in host.resources[search] if item["key"] != "PAY-12"]
    del host.resources["rest/api/3/issue/PAY-12"]
    pull(workspace, SECOND, host.transport())
    assert "PAY-12" in keys(workspace)
    asked = len(host.requests)
    pull(workspace, "2025-03-22T10:00:00Z", host.transport())
    assert not any("PAY-12" in path for path in host.requests[asked:])


def test_one_that_was_resolved_unseen_is_read_again(workspace: Workspace) -> None:
    """Its update lies before the last pull, as where the search index lags behind."""
    host = site()
    pull(workspace, FIRST, host.transport())
    status = {"name": "Done", "statusCategory": {"key": "done", "name": "Done"}}
    at = "2025-03-20T09:00:00.000+0000"
    change(host, "INC-2", at, status=status, resolutiondate=at)
    pull(workspace, SECOND, host.transport())
    assert str(contents(workspace)["incidents"][1]["resolved_at"]) == "2025-03-20 09:00:00"


def look(host: ReplayHost, **settings: object) -> dict[str, Probed]:
    """What a look finds, by its first word."""
    connector = Jira(JiraSettings.model_validate({**SETTINGS, **settings}))
    with HostClient("s", SETTINGS["base_url"], SecretStr("t"), transport=host.transport()) as client:
        return {each.what.partition(" ")[0]: each for each in connector.probe(client)}


def test_a_look_says_what_no_rule_knows() -> None:
    host = site()
    host.resources["rest/api/3/myself"] = {"displayName": "Ada"}
    found = look(host, repo_ids={"ledger": "x"}, severities={"Low": 4})
    assert found["logged"].state == "ok"
    assert found["defects:"].what == "defects: the JQL fits 7 issues"
    assert found["repo_ids:"].what.startswith("repo_ids: 6 of the 7 newest hold no value that it knows")
    assert "PAY (6), checkout (2)" in found["repo_ids:"].advice
    assert found["services:"].what.startswith("services: 1 of the 2")
    assert found["severities:"].what.startswith("severities: 8 of the 9")
    assert not [path for path in host.requests if "/issue/" in path]


def test_a_look_without_a_log_in_and_with_jql_that_fits_nothing() -> None:
    found = look(site(), defects="project = NONE", incidents=None)
    assert (found["nobody"].state, found["defects:"].state) == ("problem", "note")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"defects": None, "incidents": None}, "asks for nothing"),
        ({"defects": "project = PAY order by created"}, "ORDER BY"),
        ({"severities": {"High": 9}}, "less than or equal to 5"),
    ],
)
def test_settings_that_cannot_be_followed(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        JiraSettings.model_validate({**SETTINGS, **settings})


@pytest.mark.parametrize(
    ("more", "header"),
    [({"user": None}, "Bearer secret"), ({"user": "ci@example.com"}, "Basic Y2lAZXhhbXBsZS5jb206c2VjcmV0")],
)
def test_the_token_alone_or_with_its_account(more: Mapping[str, Any], header: str) -> None:
    assert Jira(JiraSettings.model_validate({**SETTINGS, **more})).authorization("secret") == header


def test_text_in_the_cloud_s_document_format() -> None:
    link = {
        "type": "text",
        "text": "this",
        "marks": [{"type": "link", "attrs": {"href": "https://h.example/a/b/pull/3"}}],
    }
    paragraphs = [[{"type": "text", "text": "Broken."}], [{"type": "text", "text": "Caused by: "}, link]]
    document = {"type": "doc", "content": [{"type": "paragraph", "content": each} for each in paragraphs]}
    assert text_of(document).splitlines()[0] == "Broken."
    assert blamed_change(text_of(document)) == "h.example:a/b#3"
    assert text_of("plain") == "plain"
    assert text_of(None) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://github.com/acme/web/pull/12#issuecomment-1", "github.com:acme/web#12"),
        ("see https://gitlab.com/a/b/c/-/merge_requests/4 please", "gitlab.com:a/b/c#4"),
        ("https://bitbucket.org/acme/web/pull-requests/5/overview", "bitbucket.org:acme/web#5"),
        ("https://dev.azure.com/acme/Shop/_git/web/pullrequest/6", "dev.azure.com:acme/Shop/web#6"),
        ("gitlab.com:acme/shop/checkout#7", "gitlab.com:acme/shop/checkout#7"),
        ("PAY-12", None),
    ],
)
def test_changes_by_their_address(text: str, expected: str | None) -> None:
    assert change_at(text) == expected
    assert blamed_change(f"It broke.\nCaused by: {text}\nand more") == expected


def test_number_fields_and_cascading_options_are_read_as_people_see_them() -> None:
    fields = {"created": "T1", "customfield_1": {"value": "Web", "child": {"value": "Cart"}}, "customfield_2": 2.0}
    settings = {**SETTINGS, "category_fields": ["customfield_1"], "severity_fields": ["customfield_2"]}
    connector = Jira(JiraSettings.model_validate({**settings, "severities": {"2": 2}}))
    row = connector.conform([RawRecord("defect", "PAY-1", "s", {"fields": fields})]).frames["defects"].to_dicts()[0]
    assert (row["category"], row["severity"], row["repo_id"]) == ("Web", "2", None)
