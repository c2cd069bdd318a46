"""Bitbucket Cloud: what is asked for, and in which order.

Reads per repository: the repository, its issues (defects by kind), its pull requests with their activity, commits and
lines, its deployments, and the steps of its pipelines that ran for a pull request. How the answers become event tables
is pipelines.connectors.bitbucket_events.

API: https://developer.atlassian.com/cloud/bitbucket/rest/, version 2.0. Known limits of the host: it does not say in
which order deployments are listed, so that the list is read whole; merges are dated by the activity alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Protocol
from urllib.parse import quote, urlencode

from pydantic import Field, StringConstraints

from pipelines.connectors.authorizations import basic, bearer
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
from pipelines.connectors.bitbucket_events import NAMES, conform
from pipelines.connectors.checked_changes import ChangeIndex, CheckedChange
from pipelines.connectors.checks import CheckSettings, ControlPoint
from pipelines.connectors.incident_tools import Name
from pipelines.connectors.issue_keys import IssueKeySettings
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_body
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError

PER_PAGE = 100
CHANGES_PER_PAGE = 50
"""The most pull requests that the host lists at once."""
CHANGES_PER_BATCH = 25
SHORT = 12
"""Characters to which a merge's commit is shortened in lists."""
NEXT = by_body("next")
DEPLOYMENT_FIELDS = ",".join(
    f"+values.{name}"
    for name in ("environment.name", "environment.environment_type.name", "release.commit.hash", "state.status.name")
)
CHECK_NAMES = "check repositories and what the token may read"
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/([\w.-]+|\*)$")]


class BitbucketSettings(CheckSettings, IssueKeySettings, SourceSettings):
    """Settings of a `kind = "bitbucket"` source.

    Attributes:
        repositories: `workspace/repository`, or `workspace/*` for all that the token can see.
        user: The account (its e-mail address) of an API token; an access token goes without.
        defect_kinds: Issues of these kinds are defects.
        hotfix_prefixes: A pull request whose branch begins so is a hotfix.
        bots: Accounts that are bots although the host calls them users.
        services: `workspace/repository` → service, where it is not the repository's own.
        teams: `workspace/repository` → team.
        line_counts: Whether each pull request is asked for its lines (one request).
        pipelines: Whether the steps of pipelines of pull requests are read as gates and test runs (one request each).
    """

    base_url: str = "https://api.bitbucket.org/2.0"
    repositories: tuple[RepositoryName, ...] = Field(min_length=1)
    user: Name | None = None
    defect_kinds: tuple[Name, ...] = ("bug",)
    hotfix_prefixes: tuple[Name, ...] = ("hotfix/", "hotfix-")
    bots: tuple[str, ...] = ()
    services: dict[str, str] = {}
    teams: dict[str, str] = {}
    line_counts: bool = True
    pipelines: Literal["changes", "none"] = "changes"


class Reader(Protocol):
    """Reads one kind of stream."""

    def __call__(self, stream: Stream, context: PullContext) -> Iterator[Batch]: ...  # noqa: D102


class Bitbucket(Connector):
    """Reads Bitbucket Cloud."""

    kind: ClassVar[str] = "bitbucket"
    settings_model: ClassVar[type[SourceSettings]] = BitbucketSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "force pushes, merge conflicts and approvals that were taken back",
        "when an issue was closed: its last update is taken",
        "which deployments were rollbacks",
    )
    settings: BitbucketSettings

    def authorization(self, token: str) -> str:
        """An access token alone, an API token with its account."""
        return bearer(token) if self.settings.user is None else basic(self.settings.user, token)

    def streams(self, context: PullContext) -> Iterable[Stream]:
        """Per repository: itself, then issues, so that a change can point to a defect that is there, then the rest."""
        kinds = ("repository", "issues", "pull_requests", "deployments", "pipelines")
        for scope in self._repositories(context.client):
            for kind in kinds if self.settings.pipelines != "none" else kinds[:-1]:
                yield Stream(kind, scope)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream of one repository."""
        readers: dict[str, Reader] = {
            "repository": self._pull_repository,
            "issues": self._pull_issues,
            "pull_requests": self._pull_changes,
            "deployments": self._pull_deployments,
            "pipelines": self._pull_pipelines,
        }
        return readers[stream.kind](stream, context)

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        return conform(records, self.settings, self.settings)

    def _repositories(self, client: HostClient) -> Iterator[str]:
        for name in dict.fromkeys(self.settings.repositories):
            workspace, _, repository = name.partition("/")
            if repository != "*":
                yield name
                continue
            try:
                found = client.list(f"repositories/{workspace}", {"pagelen": PER_PAGE}, "values", NEXT)
            except NotFound as absent:
                what = f"the workspace {workspace} is not there, or the token may not see it"
                raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
            yield from (item["full_name"] for item in found)

    def _pull_repository(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        observed_at = context.client.now()
        try:
            found = context.client.get(_at(stream), conditional=True)
        except NotFound as absent:
            what = f"the repository {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        yield Batch([RawRecord("repository", stream.scope, stream.scope, found)], observed_at, {}, complete=True)

    def _pull_issues(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Issues of a defect's kind, and those that were of one when they were last read."""
        repo_id = NAMES.repo_id(stream.scope)
        known = set(context.knowledge.ids("defects", repo_id))

        def records(item: Item) -> list[RawRecord]:
            is_defect = item.get("kind") in self.settings.defect_kinds
            is_wanted = is_defect or NAMES.part(stream.scope, "issues", item["id"]) in known
            return [RawRecord("issue", str(item["id"]), stream.scope, item)] if is_wanted else []

        pages = _pages_if_any(context.client, f"{_at(stream)}/issues", {"sort": "-updated_on", "pagelen": PER_PAGE})
        return newest_first(Sweep.begin(stream, context), context, pages, _updated_on, records)

    def _pull_changes(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """What was updated since the last pull, newest first; then what is, or was, open and has moved unseen."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))

        def records(item: Item) -> list[RawRecord]:
            number = str(item["id"])
            if open_ones.is_done(number):
                return []
            found = [RawRecord("pull_request", number, stream.scope, item), *self._hanging(stream, item, client)]
            open_ones.note(number, item["updated_on"] if item["state"] == "OPEN" else None)
            return found

        def moved() -> Iterator[list[RawRecord]]:
            pages = client.pages(_changes(stream, "OPEN"), None, "values", NEXT)
            listed = {str(item["id"]): item for page in pages for item in page.items}
            for number in open_ones.moved({key: item["updated_on"] for key, item in listed.items()}):
                try:
                    yield records(listed.get(number) or client.get(f"{_at(stream)}/pullrequests/{number}"))
                except NotFound:
                    open_ones.note(number, None)

        return newest_first(
            Sweep.begin(stream, context),
            context,
            client.pages(_changes(stream, "OPEN", "MERGED", "DECLINED", "SUPERSEDED"), None, "values", NEXT),
            _updated_on,
            records,
            more=open_ones.cursor,
            then=moved,
            things_per_batch=CHANGES_PER_BATCH,
        )

    def _hanging(self, stream: Stream, change: Item, client: HostClient) -> list[RawRecord]:
        """Activity, commits, lines and the commit that a pull request became."""
        number, scope = str(change["id"]), stream.scope
        address = f"{_at(stream)}/pullrequests/{number}"
        found = [
            RawRecord("activity", f"{number}-{position}", scope, item, number)
            for position, item in enumerate(_list(client, f"{address}/activity", CHANGES_PER_PAGE))
        ]
        commits = _list(client, f"{address}/commits", PER_PAGE)
        found += [RawRecord("commit", str(item["hash"]), scope, item, number) for item in commits]
        if self.settings.line_counts:
            files = _list(client, f"{address}/diffstat", PER_PAGE)
            found.append(RawRecord("diffstat", number, scope, {"values": files}, number))
        if short := (change.get("merge_commit") or {}).get("hash"):
            try:
                commit = client.get(f"{_at(stream)}/commit/{short}", {"fields": "hash,date"})
                found.append(RawRecord("merge_commit", str(commit["hash"]), scope, commit, number))
            except NotFound:
                return found
        return found

    def _pull_deployments(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Deployments updated since the last pull; the list has no order to rely on, and is read whole."""
        sweep = Sweep.begin(stream, context)
        query: Query = {"pagelen": PER_PAGE, "fields": DEPLOYMENT_FIELDS}
        observed_at = context.client.now()
        for page in _pages_if_any(context.client, f"{_at(stream)}/deployments/", query):
            moved = [item for item in page.items if not sweep.is_below(_deployed_on(item))]
            yield Batch([RawRecord("deployment", item["uuid"], stream.scope, item) for item in moved], observed_at)
            observed_at = context.client.now()
        yield Batch([], observed_at, sweep.finished(), complete=True)

    def _pull_pipelines(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """The steps of pipelines made since the last pull; those that had not ended are asked for again."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))
        index = _read_index(stream, Sweep.begin(stream, context), client)

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["uuid"])
            found = _link(item, index)
            if open_ones.is_done(identifier) or found is None:
                return []
            if item["state"]["name"] != "COMPLETED":
                open_ones.note(identifier, item["created_on"])
                return []
            open_ones.note(identifier, None)
            steps = _list(client, f"{_at(stream)}/pipelines/{quote(identifier, safe='')}/steps/", PER_PAGE)
            point, number = found
            return [RawRecord(f"step_{point}", str(step["uuid"]), stream.scope, step, number) for step in steps]

        def moved() -> Iterator[list[RawRecord]]:
            for identifier in open_ones.moved({}):
                try:
                    yield records(client.get(f"{_at(stream)}/pipelines/{quote(identifier, safe='')}"))
                except NotFound:
                    open_ones.note(identifier, None)

        pages = _pages_if_any(client, f"{_at(stream)}/pipelines/", {"sort": "-created_on", "pagelen": PER_PAGE})
        return newest_first(
            Sweep.begin(stream, context),
            context,
            pages,
            _created_on,
            records,
            more=open_ones.cursor,
            then=moved,
            things_per_batch=CHANGES_PER_BATCH,
        )


def _at(stream: Stream) -> str:
    return f"repositories/{stream.scope}"


def _changes(stream: Stream, *states: str) -> str:
    """The list of pull requests with its whole query: states are a repeated parameter."""
    query = [("pagelen", str(CHANGES_PER_PAGE)), ("sort", "-updated_on"), *(("state", state) for state in states)]
    return f"{_at(stream)}/pullrequests?{urlencode(query)}"


def _list(client: HostClient, address: str, size: int) -> list[Item]:
    """All elements; none where there is nothing, as for the lines of a change whose branch is gone."""
    return [item for page in _pages_if_any(client, address, {"pagelen": size}) for item in page.items]


def _pages_if_any(client: HostClient, address: str, query: Query) -> Iterator[Page]:
    try:
        yield from client.pages(address, query, "values", NEXT)
    except NotFound:
        return


def _updated_on(item: Item) -> datetime:
    return parse_instant(item["updated_on"])


def _created_on(item: Item) -> datetime:
    return parse_instant(item["created_on"])


def _deployed_on(item: Item) -> datetime:
    state = item.get("state") or {}
    told = (item.get("last_update_time"), state.get("completed_on"), state.get("started_on"))
    return parse_instant(next((at for at in told if at), None) or item["release"]["created_on"])


def _read_index(stream: Stream, sweep: Sweep, client: HostClient) -> ChangeIndex:
    """The pull requests by branch and commit, down to where the last pull began; all that are open in any case."""
    found: dict[int, Item] = {}
    for states in (("OPEN",), ("MERGED", "DECLINED", "SUPERSEDED")):
        for page in client.pages(_changes(stream, *states), None, "values", NEXT):
            found |= {item["id"]: item for item in page.items}
            if states != ("OPEN",) and page.items and sweep.is_below(_updated_on(page.items[-1])):
                break
    return ChangeIndex(_checked(item) for item in found.values())


def _checked(item: Item) -> CheckedChange:
    landed = (item.get("merge_commit") or {}).get("hash")
    return CheckedChange(
        number=str(item["id"]),
        source_branch=str(((item.get("source") or {}).get("branch") or {}).get("name")),
        target_branch=str(((item.get("destination") or {}).get("branch") or {}).get("name")),
        opened_at=item["created_on"],
        ended_at=None if item["state"] == "OPEN" else item["updated_on"],
        landed_as=(str(landed)[:SHORT],) if landed else (),
    )


def _link(pipeline: Item, index: ChangeIndex) -> tuple[ControlPoint, str] | None:
    """(where it ran, number of the pull request); a pipeline of a pull request names it."""
    target = pipeline.get("target") or {}
    if number := (target.get("pullrequest") or {}).get("id"):
        return "pre_merge", str(number)
    sha = str((target.get("commit") or {}).get("hash"))[:SHORT]
    return index.link(str(target.get("ref_name")), sha, str(pipeline["created_on"]))
