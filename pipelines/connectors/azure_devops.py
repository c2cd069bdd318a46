"""Azure DevOps Services and Server: what is asked for, and in which order.

Reads per repository: the repository, its pull requests with their threads and commits, and its builds: checks of the
changes that they ran for, or deployments by the workspace's rules. How the answers become event tables is
pipelines.connectors.azure_devops_events.

API: https://learn.microsoft.com/en-us/rest/api/azure/devops/, version 7.1. Known limits of the host: a pull request
shows no instant of its last update, so that an open one is read again when its commits, votes, title or draft state
moved, and once it has ended; lines changed are not told; builds are listed for repositories of its own only.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from pipelines.connectors.authorizations import basic
from pipelines.connectors.azure_devops_events import branch_of, conform
from pipelines.connectors.azure_devops_rules import DeploymentRule, deployment_rule
from pipelines.connectors.base import (
    Batch,
    Conformed,
    Connector,
    PullContext,
    RawRecord,
    SourceSettings,
    Stream,
    parse_instant,
)
from pipelines.connectors.checked_changes import ChangeIndex, CheckedChange
from pipelines.connectors.checks import CheckSettings, ControlPoint
from pipelines.connectors.incident_tools import Name
from pipelines.connectors.issue_keys import IssueKeySettings
from pipelines.connectors.listing import Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_header, by_offset
from pipelines.connectors.repository_names import RepositoryNames
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError

VERSION = "7.1"
PER_PAGE = 100
CHANGES_PER_BATCH = 25
BY_SKIP = by_offset("value", "$skip")
BY_TOKEN = by_header("x-ms-continuationtoken", "continuationToken")
CHECK_NAMES = "check repositories and what the token may read (scopes Code and Build, read)"


def _names_an_organisation(address: str) -> str:
    if not urlsplit(address).path.strip("/"):
        raise ValueError("names no organisation: write it as https://dev.azure.com/organisation")
    return address


RepositoryName = Annotated[str, StringConstraints(pattern=r"^[^/]+/([^/]+|\*)$")]


class AzureDevOpsSettings(CheckSettings, IssueKeySettings, SourceSettings):
    """Settings of a `kind = "azure_devops"` source.

    Attributes:
        base_url: The organisation (`https://dev.azure.com/acme`) or the collection of a server of one's own.
        repositories: `project/repository`, or `project/*` for all of a project.
        hotfix_labels: A pull request with one of these is a hotfix.
        bots: Accounts that are bots although the host does not say so.
        services: `project/repository` → service, where it is not the repository's own.
        teams: `project/repository` → team.
        deployments: Which pipelines deploy; the others are checks.
    """

    base_url: Annotated[str, AfterValidator(_names_an_organisation)]
    repositories: tuple[RepositoryName, ...] = Field(min_length=1)
    hotfix_labels: tuple[Name, ...] = ("hotfix",)
    bots: tuple[str, ...] = ()
    services: dict[str, str] = {}
    teams: dict[str, str] = {}
    deployments: tuple[DeploymentRule, ...] = ()


class AzureDevOps(Connector):
    """Reads Azure DevOps."""

    kind: ClassVar[str] = "azure_devops"
    settings_model: ClassVar[type[SourceSettings]] = AzureDevOpsSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "lines changed: Azure DevOps does not tell them",
        "comments on an open pull request until its commits, votes or title move, or it ends",
        "defects and incidents kept in Azure Boards",
        "classic releases, and builds of repositories on other hosts",
    )
    settings: AzureDevOpsSettings

    def authorization(self, token: str) -> str:
        """A personal access token, without an account."""
        return basic("", token)

    def streams(self, context: PullContext) -> Iterable[Stream]:
        """Per repository: itself, its pull requests, its builds."""
        for scope in self._scopes(context.client):
            for kind in ("repository", "pull_requests", "builds"):
                yield Stream(kind, scope)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream of one repository."""
        if stream.kind == "repository":
            return self._pull_repository(stream, context)
        return (
            self._pull_changes(stream, context)
            if stream.kind == "pull_requests"
            else self._pull_builds(stream, context)
        )

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        names = RepositoryNames(urlsplit(self.settings.base_url).netloc)
        return conform(records, self.settings, self.settings, names)

    @property
    def _organisation(self) -> str:
        return urlsplit(self.settings.base_url).path.strip("/")

    def _scopes(self, client: HostClient) -> Iterator[str]:
        for name in dict.fromkeys(self.settings.repositories):
            project, _, repository = name.partition("/")
            if repository != "*":
                yield f"{self._organisation}/{name}"
                continue
            try:
                found = client.get(f"{quote(project)}/_apis/git/repositories", {"api-version": VERSION})["value"]
            except NotFound as absent:
                what = f"the project {project} is not there, or the token may not see it"
                raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
            yield from (f"{self._organisation}/{project}/{item['name']}" for item in found)

    def _at(self, stream: Stream) -> str:
        """The address of the stream's repository."""
        project, _, repository = stream.scope.removeprefix(f"{self._organisation}/").partition("/")
        return f"{quote(project)}/_apis/git/repositories/{quote(repository)}"

    def _repository(self, stream: Stream, client: HostClient) -> Item:
        try:
            found: Item = client.get(self._at(stream), {"api-version": VERSION}, conditional=True)
        except NotFound as absent:
            what = f"the repository {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        return found

    def _pull_repository(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        observed_at = context.client.now()
        found = self._repository(stream, context.client)
        yield Batch([RawRecord("repository", stream.scope, stream.scope, found)], observed_at, {}, complete=True)

    def _pull_changes(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Pull requests made since the last pull, newest first; then what is, or was, open and has moved."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))
        address = f"{self._at(stream)}/pullrequests"

        def records(item: Item) -> list[RawRecord]:
            number = str(item["pullRequestId"])
            if open_ones.is_done(number):
                return []
            found = [RawRecord("pull_request", number, stream.scope, item)]
            for kind, key in (("thread", "id"), ("commit", "commitId")):
                listed = _hanging(client, f"{address}/{number}/{kind}s")
                found += [RawRecord(kind, str(each[key]), stream.scope, each, number) for each in listed]
            open_ones.note(number, _state(item) if item["status"] == "active" else None)
            return found

        def moved() -> Iterator[list[RawRecord]]:
            listed = {
                str(item["pullRequestId"]): item for item in client.list(address, _query("active"), "value", BY_SKIP)
            }
            for number in open_ones.moved({key: _state(item) for key, item in listed.items()}):
                try:
                    yield records(listed.get(number) or client.get(f"{address}/{number}", {"api-version": VERSION}))
                except NotFound:
                    open_ones.note(number, None)

        return newest_first(
            Sweep.begin(stream, context),
            context,
            client.pages(address, _query("all"), "value", BY_SKIP),
            _created_at,
            records,
            more=open_ones.cursor,
            then=moved,
            things_per_batch=CHANGES_PER_BATCH,
        )

    def _pull_builds(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Builds queued since the last pull, and those that had not ended by then."""
        client, open_ones, sweep = context.client, OpenOnes(context.cursor(stream)), Sweep.begin(stream, context)
        project = self._at(stream).partition("/")[0]
        index = self._index(stream, sweep, client)

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["id"])
            if open_ones.is_done(identifier):
                return []
            open_ones.note(identifier, None if item["status"] == "completed" else item["queueTime"])
            linked = _link(item, index)
            kind, number = (f"build_{linked[0]}", linked[1]) if linked else ("build", None)
            return [
                RawRecord(kind, identifier, stream.scope, item, number),
                *self._stages(project, item, stream, client),
            ]

        def moved() -> Iterator[list[RawRecord]]:
            for identifier in open_ones.moved({}):
                try:
                    yield records(client.get(f"{project}/_apis/build/builds/{identifier}", {"api-version": VERSION}))
                except NotFound:
                    open_ones.note(identifier, None)

        query: Query = {
            "repositoryId": self._repository(stream, client)["id"],
            "repositoryType": "TfsGit",
            "queryOrder": "queueTimeDescending",
            "$top": PER_PAGE,
            "api-version": VERSION,
        }
        return newest_first(
            sweep,
            context,
            client.pages(f"{project}/_apis/build/builds", query, "value", BY_TOKEN),
            _queued_at,
            records,
            more=open_ones.cursor,
            then=moved,
        )

    def _stages(self, project: str, build: Item, stream: Stream, client: HostClient) -> list[RawRecord]:
        """The stages and jobs of a build of which a rule names one as a deployment."""
        rule = deployment_rule(build, self.settings.deployments)
        if rule is None or rule.stage is None:
            return []
        number = str(build["id"])
        try:
            timeline = client.get(f"{project}/_apis/build/builds/{number}/timeline", {"api-version": VERSION})
        except NotFound:
            return []
        kept = [each for each in timeline["records"] if each.get("type") in ("Stage", "Job") and each.get("startTime")]
        return [RawRecord("stage", str(each["id"]), stream.scope, each, number) for each in kept]

    def _index(self, stream: Stream, sweep: Sweep, client: HostClient) -> ChangeIndex:
        """The pull requests by branch and commit: those made since the last pull began, and all that are open."""
        address, found = f"{self._at(stream)}/pullrequests", dict[int, Item]()
        for status in ("active", "all"):
            for page in client.pages(address, _query(status), "value", BY_SKIP):
                found |= {item["pullRequestId"]: item for item in page.items}
                if status == "all" and page.items and sweep.is_below(_created_at(page.items[-1])):
                    break
        return ChangeIndex(_checked(item) for item in found.values())


def _query(status: str) -> Query:
    return {"searchCriteria.status": status, "$top": PER_PAGE, "api-version": VERSION}


def _hanging(client: HostClient, address: str) -> list[Item]:
    try:
        return client.list(address, {"$top": 1000, "api-version": VERSION}, "value", BY_TOKEN)
    except NotFound:
        return []


def _state(item: Item) -> str:
    """What of an open pull request shows that it has moved, as the host tells no instant."""
    votes = sorted((str(each.get("id")), each.get("vote")) for each in item.get("reviewers") or ())
    head = (item.get("lastMergeSourceCommit") or {}).get("commitId")
    shown = [item.get("status"), item.get("title"), item.get("description"), item.get("isDraft"), head, votes]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def _created_at(item: Item) -> datetime:
    return parse_instant(item["creationDate"])


def _queued_at(item: Item) -> datetime:
    return parse_instant(item["queueTime"])


def _checked(item: Item) -> CheckedChange:
    landed = (item.get("lastMergeCommit") or {}).get("commitId")
    return CheckedChange(
        number=str(item["pullRequestId"]),
        source_branch=branch_of(item.get("sourceRefName")),
        target_branch=branch_of(item.get("targetRefName")),
        opened_at=item["creationDate"],
        ended_at=item.get("closedDate"),
        landed_as=(landed,) if landed and item["status"] == "completed" else (),
    )


def _link(build: Item, index: ChangeIndex) -> tuple[ControlPoint, str] | None:
    """(where it ran, number of the pull request); a build of a pull request's own ref names it."""
    ref = str(build.get("sourceBranch") or "")
    named = (build.get("triggerInfo") or {}).get("pr.number")
    if named or ref.startswith("refs/pull/"):
        return "pre_merge", str(named or ref.split("/")[2])
    return index.link(branch_of(ref), str(build.get("sourceVersion")), str(build["queueTime"]))
