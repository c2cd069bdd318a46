"""GitHub and GitHub Enterprise Server over REST: what is asked for, and in which order.

Reads per repository: the repository, its issues (defects by label), its pull requests with their reviews, review
comments, commits and issue
events, and its deployments with their statuses. How the answers become event tables is
pipelines.connectors.github_events.

API: https://docs.github.com/en/rest, version 2022-11-28. Known limits of the host: 250 commits of a pull request; no
    event for a merge
conflict; lines changed are on the single pull request only, so that each changed one costs four requests, five with
review comments.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

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
from pipelines.connectors.github_events import conform
from pipelines.connectors.github_names import GitHubNames
from pipelines.connectors.github_reading import PER_PAGE, ChangeReading, DeploymentReading
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import Gone, HostClient, NotFound, Page, Query
from schemas.errors import ConfigurationError, SourceError

CHECK_NAMES = "check repositories and what the token may read"
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/([\w.-]+|\*)$")]
Label = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class GitHubSettings(SourceSettings):
    """Settings of a `kind = "github"` source.

    Attributes:
        repositories: `owner/name`, or `owner/*` for all that the token can see.
        defect_labels: An issue with one of these is a defect.
        pre_production_labels: A defect with one of these was found before production.
        severity_labels: Label → severity, 1 is worst.
        hotfix_labels: A pull request with one of these is a hotfix.
        bots: Accounts that are bots although the host calls them users.
        services: `owner/name` → service, where it is not the repository's own.
        teams: `owner/name` → team.
    """

    base_url: str = "https://api.github.com"
    repositories: tuple[RepositoryName, ...] = Field(min_length=1)
    defect_labels: tuple[Label, ...] = ("bug",)
    pre_production_labels: tuple[Label, ...] = ()
    severity_labels: Mapping[Label, Annotated[int, Field(ge=1, le=5)]] = {}
    hotfix_labels: tuple[Label, ...] = ("hotfix",)
    bots: tuple[str, ...] = ()
    services: Mapping[str, str] = {}
    teams: Mapping[str, str] = {}


class GitHub(Connector):
    """Reads GitHub, or a GitHub Enterprise Server at `https://host/api/v3`."""

    kind: ClassVar[str] = "github"
    settings_model: ClassVar[type[SourceSettings]] = GitHubSettings
    headers: ClassVar[Mapping[str, str]] = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    settings: GitHubSettings

    def streams(self, context: PullContext) -> Iterable[Stream]:
        """Per repository: itself, then issues, so that a change can point to a defect that is there, then the rest."""
        for scope in self._repositories(context.client):
            for kind in ("repository", "issues", "pull_requests", "deployments"):
                yield Stream(kind, scope)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream of one repository."""
        readers = {
            "repository": self._pull_repository,
            "issues": self._pull_issues,
            "pull_requests": self._pull_changes,
            "deployments": self._pull_deployments,
        }
        return readers[stream.kind](stream, context)

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        return conform(records, self.settings, GitHubNames.of(self.settings.base_url))

    def _repositories(self, client: HostClient) -> Iterator[str]:
        for name in dict.fromkeys(self.settings.repositories):
            owner, _, repository = name.partition("/")
            if repository != "*":
                yield name
                continue
            yield from self._repositories_of(client, owner)

    @staticmethod
    def _repositories_of(client: HostClient, owner: str) -> list[str]:
        query: Query = {"per_page": PER_PAGE, "sort": "full_name"}
        try:
            found = client.list(f"orgs/{owner}/repos", query)
        except NotFound:
            try:
                found = client.list(f"users/{owner}/repos", query)
            except NotFound as absent:
                what = f"the owner {owner} is not there, or the token may not see it"
                raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        return [item["full_name"] for item in found]

    def _pull_repository(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        observed_at = context.client.now()
        try:
            found = context.client.get(f"repos/{stream.scope}")
        except NotFound as absent:
            what = f"the repository {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        yield Batch([RawRecord("repository", stream.scope, stream.scope, found)], observed_at, {}, complete=True)

    def _pull_issues(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Issues that bear a defect label, and those that bore one when they were last read."""
        sweep = Sweep.begin(stream, context)
        repo_id = GitHubNames.of(self.settings.base_url).repo_id(stream.scope)
        known = set(context.knowledge.ids("defects", repo_id))
        since = sweep.start.strftime("%Y-%m-%dT%H:%M:%SZ") if sweep.start else None
        query = {"state": "all", "sort": "updated", "direction": "desc", "since": since, "per_page": PER_PAGE}
        observed_at = context.client.now()
        for page in _pages_if_any(context.client, f"repos/{stream.scope}/issues", query):
            records = []
            for item in page.items:
                changed_at = parse_instant(item["updated_at"])
                if not sweep.is_read(changed_at) and self._is_wanted_issue(item, known, repo_id):
                    records.append(RawRecord("issue", str(item["number"]), stream.scope, item))
                sweep.pass_by(changed_at)
            if page.next_url:
                yield Batch(records, observed_at, sweep.progress())
            else:
                yield Batch(records, observed_at, sweep.finished(), complete=True)
            observed_at = context.client.now()

    def _is_wanted_issue(self, item: Mapping[str, Any], known: set[str], repo_id: str) -> bool:
        if item.get("pull_request"):
            return False
        labels = {label["name"] for label in item.get("labels", ())}
        return bool(labels & set(self.settings.defect_labels)) or f"{repo_id}#{item['number']}" in known

    def _pull_changes(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """What was updated since the last pull, newest first; then what is, or was, open and has moved unseen.

        The cursor carries the open changes with the instant of their last update as read: a host's order by update
        has been seen to skip.
        """
        sweep = Sweep.begin(stream, context)
        reading = ChangeReading(stream, context)
        query: Query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
        address = f"repos/{stream.scope}/pulls"
        try:
            for item in _changed_since(context.client, address, query, "updated_at", sweep):
                if reading.is_full():
                    yield reading.batch(sweep.progress(open=reading.open))
                if not sweep.is_read(parse_instant(item["updated_at"])):
                    reading.read(str(item["number"]))
                sweep.pass_by(parse_instant(item["updated_at"]))
            listed = context.client.list(address, {"state": "open", "per_page": PER_PAGE})
            for number in reading.moved({str(item["number"]): item["updated_at"] for item in listed}):
                if reading.is_full():
                    yield reading.batch(sweep.progress(open=reading.open))
                reading.read(number)
        except SourceError:
            yield reading.batch(sweep.progress(open=reading.open))
            raise
        yield reading.batch(sweep.finished(open=reading.open), complete=True)

    def _pull_deployments(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Deployments made since the last pull, and those that had not ended by then."""
        sweep = Sweep.begin(stream, context)
        reading = DeploymentReading(stream, context)
        address = f"repos/{stream.scope}/deployments"
        try:
            for item in _changed_since(context.client, address, {"per_page": PER_PAGE}, "created_at", sweep):
                if reading.is_full():
                    yield reading.batch(sweep.progress(unfinished=reading.unfinished))
                if not sweep.is_read(parse_instant(item["created_at"])):
                    reading.read(item)
                sweep.pass_by(parse_instant(item["created_at"]))
            reading.read_unfinished()
        except SourceError:
            yield reading.batch(sweep.progress(unfinished=reading.unfinished))
            raise
        yield reading.batch(sweep.finished(unfinished=reading.still_waiting()), complete=True)


def _pages_if_any(client: HostClient, address: str, query: Query) -> Iterator[Page]:
    """The pages of a listing; one without elements where the host has that kind of thing turned off."""
    try:
        yield from client.pages(address, query)
    except Gone:
        yield Page([], None)


def _changed_since(
    client: HostClient, address: str, query: Query, instant: str, sweep: Sweep
) -> Iterator[Mapping[str, Any]]:
    """The elements of a newest-first listing down to where the sweep began last time."""
    for page in client.pages(address, query):
        for item in page.items:
            if sweep.is_below(parse_instant(item[instant])):
                return
            yield item
