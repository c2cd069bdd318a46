"""GitHub and GitHub Enterprise Server: its settings, what is read of a repository, and over which of its APIs.

Per repository: itself, its issues (defects and incidents by label), its pull requests with reviews, commits, timeline
and checks, its deployments with their statuses, its releases where they are deployments, and its workflow runs. In bulk
over GraphQL (github_bulk); over REST what GraphQL lacks, and all where there is no GraphQL (github_rest). How the
answers become event tables is in github_events, the same for both.

Known limits of the host: no event for a merge conflict; without a token no GraphQL, and with REST no checks and at most
250 commits of a pull request.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from pipelines.connectors import github_bulk, github_rest
from pipelines.connectors.base import (
    Batch,
    Conformed,
    Connector,
    Probed,
    PullContext,
    RawRecord,
    SourceSettings,
    Stream,
)
from pipelines.connectors.checks import CheckSettings
from pipelines.connectors.github_events import conform
from pipelines.connectors.github_graphql import NoGraphQL
from pipelines.connectors.github_names import GitHubNames, labels_of
from pipelines.connectors.github_probe import LABEL_RULES, labels_and_environments, readable, token_and_budget
from pipelines.connectors.github_reading import PER_PAGE
from pipelines.connectors.issue_keys import IssueKeySettings
from pipelines.connectors.transport import HostClient, NotFound, Query
from schemas.errors import ConfigurationError

CHECK_NAMES = "check repositories and what the token may read"
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/([\w.-]+|\*)$")]
Label = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class GitHubSettings(CheckSettings, IssueKeySettings, SourceSettings):
    """Settings of a `kind = "github"` source.

    Attributes:
        repositories: `owner/name`, or `owner/*` for all that the token can see.
        defect_labels: An issue with one of these is a defect.
        pre_production_labels: A defect with one of these was found before production.
        severity_labels: Label → severity, 1 is worst.
        hotfix_labels: A pull request with one of these is a hotfix.
        incident_labels: An issue with one of these is an incident, from its opening to its closing.
        security_labels: An incident with one of these concerns security.
        release_environment: Where a published release is a deployment, the environment that it reaches.
        deployment_workflows: Name of a workflow whose runs are deployments → environment.
        workflow_runs: Whether runs of GitHub Actions are read: tests and gates beside those on changes, deployments.
        gates, tests: Which checks are gates, and which run tests (pipelines.connectors.checks).
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
    incident_labels: tuple[Label, ...] = ()
    security_labels: tuple[Label, ...] = ("security",)
    release_environment: Label | None = None
    deployment_workflows: Mapping[Label, Label] = {}
    workflow_runs: bool = True
    bots: tuple[str, ...] = ()
    services: Mapping[str, str] = {}
    teams: Mapping[str, str] = {}

    @property
    def checks(self) -> CheckSettings:
        """The rules on checks."""
        return self


class GitHub(Connector):
    """Reads GitHub, or a GitHub Enterprise Server at `https://host/api/v3`."""

    kind: ClassVar[str] = "github"
    settings_model: ClassVar[type[SourceSettings]] = GitHubSettings
    headers: ClassVar[Mapping[str, str]] = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    cannot_see: ClassVar[Sequence[str]] = (
        "which changes a deployment held beyond the one that its commit came from",
        "deployments that nobody records as GitHub deployments, releases or workflow runs",
        "incidents that are no issues",
        "merge conflicts",
        "lines per commit",
        "commits from before a force-push",
    )
    settings: GitHubSettings

    def streams(self, context: PullContext) -> Iterable[Stream]:
        """Per repository: itself, then issues, so that a change can point to a defect that is there, then the rest."""
        kinds = ["repository", "issues", "pull_requests", "deployments"]
        kinds += ["releases"] if self.settings.release_environment else []
        kinds += ["workflow_runs"] if self.settings.workflow_runs else []
        for scope in self._repositories(context.client):
            for kind in kinds:
                yield Stream(kind, scope)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream of one repository."""
        if stream.kind == "repository":
            return self._pull_repository(stream, context)
        if stream.kind == "workflow_runs":
            return github_rest.pull_workflow_runs(stream, context, self._wanted_runs(context))
        return (
            self._pull_in_bulk(stream, context) if context.client.has_token else self._pull_one_by_one(stream, context)
        )

    def _pull_in_bulk(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Over GraphQL, and where the host turns out to have none, over REST."""
        readers = {
            "issues": lambda: github_bulk.pull_issues(stream, context, self._wanted_issues(stream, context)),
            "pull_requests": lambda: github_bulk.pull_changes(stream, context),
            "deployments": lambda: github_bulk.pull_deployments(stream, context),
            "releases": lambda: github_bulk.pull_releases(stream, context),
        }
        try:
            yield from readers[stream.kind]()
        except NoGraphQL:
            yield from self._pull_one_by_one(stream, context)

    def _pull_one_by_one(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Over REST."""
        readers = {
            "issues": lambda: github_rest.pull_issues(stream, context, self._wanted_issues(stream, context)),
            "pull_requests": lambda: github_rest.pull_changes(stream, context),
            "deployments": lambda: github_rest.pull_deployments(stream, context),
            "releases": lambda: github_rest.pull_releases(stream, context),
        }
        return readers[stream.kind]()

    def _wanted_issues(self, stream: Stream, context: PullContext) -> Callable[[Mapping[str, Any]], bool]:
        """Those that bear a label of a defect or incident, and those that bore one when they were last read."""
        names = GitHubNames.of(self.settings.base_url)
        repo_id = names.repo_id(stream.scope)
        wanted = {*self.settings.defect_labels, *self.settings.incident_labels}
        known = {*context.knowledge.ids("defects", repo_id), *context.knowledge.ids("incidents", repo_id)}

        def is_wanted(item: Mapping[str, Any]) -> bool:
            found = item.get("labels") or ()
            labels = labels_of({"labels": found.get("nodes") if isinstance(found, Mapping) else found})
            return bool(set(labels) & wanted) or names.numbered(stream.scope, item["number"]) in known

        return is_wanted

    @staticmethod
    def _wanted_runs(context: PullContext) -> Callable[[Mapping[str, Any]], bool]:
        """With GraphQL, what ran on a pull request comes with it as its checks."""
        in_bulk = context.client.has_token and not context.client.absent_apis
        with_changes = {"pull_request", "pull_request_target"} if in_bulk else set()
        return lambda item: item.get("event") not in with_changes

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        return conform(records, self.settings, GitHubNames.of(self.settings.base_url))

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """Token, budget, what can be read, and the rules of the settings that match nothing."""
        yield from token_and_budget(client)
        repositories = list(self._repositories(client))
        yield from readable(client, repositories)
        if client.answered:
            given = ("defect_labels", *(name for name in LABEL_RULES if name in self.settings.model_fields_set))
            rules = {name: tuple(getattr(self.settings, name)) for name in given}
            yield from labels_and_environments(client, repositories, rules)

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
            found = context.client.get(f"repos/{stream.scope}", conditional=True)
        except NotFound as absent:
            what = f"the repository {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        yield Batch([RawRecord("repository", stream.scope, stream.scope, found)], observed_at, {}, complete=True)
