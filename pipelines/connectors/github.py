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
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from pipelines.connectors.base import (
    Batch,
    Conformed,
    Connector,
    Cursor,
    PullContext,
    RawRecord,
    SourceSettings,
    Stream,
    parse_instant,
)
from pipelines.connectors.github_events import GitHubNames, conform
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import Gone, HostClient, NotFound, Page, Query
from schemas.errors import ConfigurationError

PER_PAGE = 100
CHANGES_PER_BATCH = 25
"""Pull requests stored together: some hundred requests, all that a killed pull has to ask for again."""
UNFINISHED_FOR = timedelta(days=30)
"""How long a deployment without a final status is asked about again."""

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
            try:
                found = client.list(f"orgs/{owner}/repos", {"per_page": PER_PAGE, "sort": "full_name"})
            except NotFound:
                found = client.list(f"users/{owner}/repos", {"per_page": PER_PAGE, "sort": "full_name"})
            yield from (item["full_name"] for item in found)

    def _pull_repository(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        observed_at = context.client.now()
        try:
            found = context.client.get(f"repos/{stream.scope}")
        except NotFound as absent:
            what = f"the repository {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, "check repositories and what the token may read") from None
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
        reading = _ChangeReading(stream, context)
        query: Query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
        for item in _changed_since(context.client, f"repos/{stream.scope}/pulls", query, "updated_at", sweep):
            if reading.is_full():
                yield reading.batch(sweep.progress(open=reading.open))
            if not sweep.is_read(parse_instant(item["updated_at"])):
                reading.read(str(item["number"]))
            sweep.pass_by(parse_instant(item["updated_at"]))
        known_open = dict(reading.open)
        listed = context.client.list(f"repos/{stream.scope}/pulls", {"state": "open", "per_page": PER_PAGE})
        listed_open = {str(item["number"]): item["updated_at"] for item in listed}
        for number in sorted({*known_open, *listed_open} - reading.done, key=int):
            if number in listed_open and known_open.get(number) == listed_open[number]:
                continue
            if reading.is_full():
                yield reading.batch(sweep.progress(open=reading.open))
            reading.read(number)
        yield reading.batch(sweep.finished(open=reading.open), complete=True)

    def _pull_deployments(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Deployments made since the last pull, and those that had not ended by then."""
        sweep = Sweep.begin(stream, context)
        client = context.client
        unfinished: dict[str, str] = dict(context.cursor(stream).get("unfinished", {}))
        address = f"repos/{stream.scope}/deployments"
        records: list[RawRecord] = []
        observed_at = client.now()
        done: set[str] = set()
        for item in _changed_since(client, address, {"per_page": PER_PAGE}, "created_at", sweep):
            if len(done) % PER_PAGE == 0 and records:
                yield Batch(records, observed_at, sweep.progress(unfinished=unfinished))
                records, observed_at = [], client.now()
            created_at = parse_instant(item["created_at"])
            if not sweep.is_read(created_at):
                records += self._deployment_records(stream, client, item, unfinished)
                done.add(str(item["id"]))
            sweep.pass_by(created_at)
        for identifier in sorted(set(unfinished) - done, key=int):
            try:
                item = client.get(f"{address}/{identifier}")
            except NotFound:
                del unfinished[identifier]
                continue
            records += self._deployment_records(stream, client, item, unfinished)
        oldest = context.started_at - UNFINISHED_FOR
        waiting = {key: made for key, made in unfinished.items() if parse_instant(made) >= oldest}
        yield Batch(records, observed_at, sweep.finished(unfinished=waiting), complete=True)

    def _deployment_records(
        self, stream: Stream, client: HostClient, item: Mapping[str, Any], unfinished: dict[str, str]
    ) -> list[RawRecord]:
        """The deployment and its statuses; `unfinished` is brought up to date."""
        identifier = str(item["id"])
        statuses = client.list(f"repos/{stream.scope}/deployments/{identifier}/statuses", {"per_page": PER_PAGE})
        if any(status["state"] in ("success", "failure", "error", "inactive") for status in statuses):
            unfinished.pop(identifier, None)
        else:
            unfinished[identifier] = item["created_at"]
        children = [
            RawRecord("deployment_status", str(status["id"]), stream.scope, status, identifier) for status in statuses
        ]
        return [RawRecord("deployment", identifier, stream.scope, item), *children]


class _ChangeReading:
    """Reads pull requests with what hangs on them, and gathers them in batches."""

    def __init__(self, stream: Stream, context: PullContext) -> None:
        self._stream = stream
        self._client = context.client
        self.open: dict[str, str] = dict(context.cursor(stream).get("open", {}))
        self.done: set[str] = set()
        self._records: list[RawRecord] = []
        self._in_batch = 0
        self._observed_at: datetime | None = None

    def is_full(self) -> bool:
        """Whether the batch at hand should be handed on before the next change."""
        return self._in_batch >= CHANGES_PER_BATCH

    def batch(self, cursor: Cursor, complete: bool = False) -> Batch:
        """Hand on what was read since the last batch."""
        batch = Batch(self._records, self._observed_at or self._client.now(), cursor, complete)
        self._records, self._in_batch, self._observed_at = [], 0, None
        return batch

    def read(self, number: str) -> None:
        """Ask for one pull request and all that hangs on it; once in a pull."""
        if number in self.done:
            return
        self._observed_at = self._observed_at or self._client.now()
        base = f"repos/{self._stream.scope}"
        try:
            change = self._client.get(f"{base}/pulls/{number}")
        except NotFound:
            # Moved or taken down: what was read stays as it is, and it is not asked for again.
            self.open.pop(number, None)
            return
        listings = {"review": "pulls/{}/reviews", "commit": "pulls/{}/commits", "issue_event": "issues/{}/events"}
        if change.get("review_comments") != 0:
            listings["review_comment"] = "pulls/{}/comments"
        self._add("pull_request", change, None)
        for kind, address in listings.items():
            for item in self._client.list(f"{base}/{address.format(number)}", {"per_page": PER_PAGE}):
                self._add(kind, item, number)
        self._in_batch += 1
        self.done.add(number)
        if change["state"] == "open":
            self.open[number] = change["updated_at"]
        else:
            self.open.pop(number, None)

    def _add(self, kind: str, item: Mapping[str, Any], parent: str | None) -> None:
        identifier = item["number"] if kind == "pull_request" else item["sha"] if kind == "commit" else item["id"]
        self._records.append(RawRecord(kind, str(identifier), self._stream.scope, item, parent))


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
