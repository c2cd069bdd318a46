"""Bitbucket Cloud: what is asked for, and in which order.

Reads per repository: the repository, its issues (defects by kind), its pull requests with their activity, commits and
lines, its deployments, and the steps of its pipelines that ran for a pull request. How the answers become event tables
is pipelines.connectors.bitbucket_events.

API: https://developer.atlassian.com/cloud/bitbucket/rest/, version 2.0. Known limits of the host: it does not say in
which order deployments are listed, so that the list is read whole; merges are dated by the activity alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal, Protocol
from urllib.parse import quote

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
)
from pipelines.connectors.bitbucket_activity import NAMES
from pipelines.connectors.bitbucket_events import conform
from pipelines.connectors.bitbucket_reading import (
    CHANGES_PER_PAGE,
    NEXT,
    PER_PAGE,
    address_of,
    changes_address,
    created_on,
    deployed_on,
    link,
    list_all,
    pages_if_any,
    read_index,
    updated_on,
)
from pipelines.connectors.checks import CheckSettings
from pipelines.connectors.incident_tools import Name
from pipelines.connectors.issue_keys import IssueKeySettings
from pipelines.connectors.listing import Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError

CHANGES_PER_BATCH = 25
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
            found = context.client.get(address_of(stream), conditional=True)
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

        pages = pages_if_any(
            context.client, f"{address_of(stream)}/issues", {"sort": "-updated_on", "pagelen": PER_PAGE}
        )
        return newest_first(Sweep.begin(stream, context), context, pages, updated_on, records)

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
            pages = client.pages(changes_address(stream, "OPEN"), None, "values", NEXT)
            listed = {str(item["id"]): item for page in pages for item in page.items}
            for number in open_ones.moved({key: item["updated_on"] for key, item in listed.items()}):
                try:
                    yield records(listed.get(number) or client.get(f"{address_of(stream)}/pullrequests/{number}"))
                except NotFound:
                    open_ones.note(number, None)

        return newest_first(
            Sweep.begin(stream, context),
            context,
            client.pages(changes_address(stream, "OPEN", "MERGED", "DECLINED", "SUPERSEDED"), None, "values", NEXT),
            updated_on,
            records,
            more=open_ones.cursor,
            then=moved,
            things_per_batch=CHANGES_PER_BATCH,
        )

    def _hanging(self, stream: Stream, change: Item, client: HostClient) -> list[RawRecord]:
        """Activity, commits, lines and the commit that a pull request became."""
        number, scope = str(change["id"]), stream.scope
        address = f"{address_of(stream)}/pullrequests/{number}"
        found = [
            RawRecord("activity", f"{number}-{position}", scope, item, number)
            for position, item in enumerate(list_all(client, f"{address}/activity", CHANGES_PER_PAGE))
        ]
        commits = list_all(client, f"{address}/commits", PER_PAGE)
        found += [RawRecord("commit", str(item["hash"]), scope, item, number) for item in commits]
        if self.settings.line_counts:
            files = list_all(client, f"{address}/diffstat", PER_PAGE)
            found.append(RawRecord("diffstat", number, scope, {"values": files}, number))
        if short := (change.get("merge_commit") or {}).get("hash"):
            try:
                commit = client.get(f"{address_of(stream)}/commit/{short}", {"fields": "hash,date"})
                found.append(RawRecord("merge_commit", str(commit["hash"]), scope, commit, number))
            except NotFound:
                return found
        return found

    def _pull_deployments(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Deployments updated since the last pull; the list has no order to rely on, and is read whole."""
        sweep = Sweep.begin(stream, context)
        query: Query = {"pagelen": PER_PAGE, "fields": DEPLOYMENT_FIELDS}
        observed_at = context.client.now()
        for page in pages_if_any(context.client, f"{address_of(stream)}/deployments/", query):
            moved = [item for item in page.items if not sweep.is_below(deployed_on(item))]
            yield Batch([RawRecord("deployment", item["uuid"], stream.scope, item) for item in moved], observed_at)
            observed_at = context.client.now()
        yield Batch([], observed_at, sweep.finished(), complete=True)

    def _pull_pipelines(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """The steps of pipelines made since the last pull; those that had not ended are asked for again."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))
        index = read_index(stream, Sweep.begin(stream, context), client)

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["uuid"])
            found = link(item, index)
            if open_ones.is_done(identifier) or found is None:
                return []
            if item["state"]["name"] != "COMPLETED":
                open_ones.note(identifier, item["created_on"])
                return []
            open_ones.note(identifier, None)
            steps = list_all(client, f"{address_of(stream)}/pipelines/{quote(identifier, safe='')}/steps/", PER_PAGE)
            point, number = found
            return [RawRecord(f"step_{point}", str(step["uuid"]), stream.scope, step, number) for step in steps]

        def moved() -> Iterator[list[RawRecord]]:
            for identifier in open_ones.moved({}):
                try:
                    yield records(client.get(f"{address_of(stream)}/pipelines/{quote(identifier, safe='')}"))
                except NotFound:
                    open_ones.note(identifier, None)

        pages = pages_if_any(client, f"{address_of(stream)}/pipelines/", {"sort": "-created_on", "pagelen": PER_PAGE})
        return newest_first(
            Sweep.begin(stream, context),
            context,
            pages,
            created_on,
            records,
            more=open_ones.cursor,
            then=moved,
            things_per_batch=CHANGES_PER_BATCH,
        )
