"""Jira as recorded: issues of two boards with their changelogs, and what hangs on them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.contract.recorded.account import Line, distinct, elements, living
from tests.support.dialects import jira
from tests.support.pulling import make_workspace, pull
from tests.support.replay import ReplayHost

BUG = "缺陷"
"""What the recorded site calls a bug."""
OTHERS = {
    "development_panels": "are links to commits by a plugin",
    "issue_types": "are settings of the site",
    "projects": "are projects: repositories come from git hosts",
    "remotelinks": "are links to pages",
    "status": "are settings of the site",
}


def lines(recorded: Path, work: Path) -> Iterable[Line]:
    """Issues by the JQL of the settings, their changelogs within them, and the rest."""
    folder = recorded / "jira"

    def found(name: str) -> dict[Any, Any]:
        return distinct(elements(folder / f"_raw_jira_api_{name}.csv"), lambda item: item.get("id") or str(item))

    issues = {**found("issues_for_due_date"), **found("issues")}
    resources = {"rest/api/3/search/jql": list(issues.values())}
    host = ReplayHost(resources, dialect=jira)
    settings = {"defects": f'issuetype = "{BUG}"', "incidents": 'issuetype != "Epic"', "repo_ids": {"EE": "host:ee"}}
    workspace = make_workspace(work, kind="jira", name="jira", base_url="https://merico.atlassian.net", **settings)
    pull(workspace, "2023-01-01T00:00:00+00:00", host.transport())
    kinds = [item["fields"]["issuetype"]["name"] for item in issues.values()]
    for table, fit in (("defects", kinds.count(BUG)), ("incidents", len(kinds) - kinds.count("Epic"))):
        rest = {"do not fit the JQL": len(kinds) - fit}
        yield Line(f"issues ({table})", len(issues), table, fit, living(workspace, table), rest)
    changes = {history["id"] for item in issues.values() for history in item["changelog"]["histories"]}
    told = {"are instants of their issue": len(changes)}
    yield Line("changelogs within issues", len(changes), "", 0, 0, told)
    apart = found("issue_changelogs")
    told = {"are of issues that were not recorded themselves": len(apart)}
    of_recorded = [url for url, _ in elements(folder / "_raw_jira_api_issue_changelogs.csv") if _issue(url) in issues]
    yield Line("issue_changelogs", len(apart), "", 0, len(of_recorded), told)
    yield _data_center(found("issue_relationships"), work / "data_center")
    for name, reason in OTHERS.items():
        count = len(found(name))
        yield Line(name, count, "", 0, 0, {reason: count})


def _data_center(issues: dict[Any, Any], work: Path) -> Line:
    """Issues that were recorded of a Jira Data Center."""
    host = ReplayHost({"rest/api/2/search": list(issues.values())}, dialect=jira)
    settings = {"base_url": "http://jira.example.com:8080", "defects": 'issuetype = "Bug"'}
    workspace = make_workspace(work, kind="jira", name="jira", **settings)
    pull(workspace, "2024-01-01T00:00:00+00:00", host.transport())
    fit = [item["fields"]["issuetype"]["name"] for item in issues.values()].count("Bug")
    rest = {"do not fit the JQL": len(issues) - fit}
    return Line("issue_relationships (Data Center)", len(issues), "defects", fit, living(workspace, "defects"), rest)


def _issue(url: str) -> str:
    return url.partition("/issue/")[2].partition("/")[0]
