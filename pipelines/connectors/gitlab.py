"""GitLab.com and GitLab Self-Managed over REST: what is asked for, and in which order.

Reads per project: the project, its issues (defects by label, incidents by type), its merge requests with their notes,
commits and approvals, its deployments with the merge requests that they brought, and the jobs of its pipelines. How
the answers become event tables is pipelines.connectors.gitlab_events, gitlab_notes and gitlab_pipelines.

API: https://docs.gitlab.com/api/rest/, version 4. Known limits of the host: reviews are notes; approvals carry an
instant in a note or, in newer versions, in their list; a listing by numbered pages ends at 50,000 elements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints

from pipelines.connectors.base import (
    Batch,
    Conformed,
    Connector,
    Probed,
    PullContext,
    RawRecord,
    SourceSettings,
    Stream,
    format_instant,
)
from pipelines.connectors.checks import CheckSettings
from pipelines.connectors.gitlab_events import conform, is_defect, is_incident
from pipelines.connectors.gitlab_names import GitLabNames, project
from pipelines.connectors.gitlab_pipelines import PipelineReading
from pipelines.connectors.gitlab_probe import LABEL_RULES, labels_and_environments, readable, token
from pipelines.connectors.gitlab_reading import (
    CHANGES_PER_BATCH,
    PER_PAGE,
    MergeRequestReading,
    pages_if_any,
    updated_at,
    updated_pages,
)
from pipelines.connectors.issue_keys import IssueKeySettings
from pipelines.connectors.listing import Query
from pipelines.connectors.newest_first import Item, newest_first
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError

CHECK_NAMES = "check projects and what the token may read (scope read_api)"
ProjectPath = Annotated[str, StringConstraints(pattern=r"^[\w.-]+(/[\w.-]+)*/([\w.-]+|\*)$")]
Label = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class GitLabSettings(CheckSettings, IssueKeySettings, SourceSettings):
    """Settings of a `kind = "gitlab"` source.

    Attributes:
        projects: `group/project`, any number of subgroups between, or `group/*` for all of a group and its subgroups.
        defect_labels: An issue with one of these is a defect.
        pre_production_labels: A defect with one of these was found before production.
        incident_labels: An issue with one of these is an incident, besides those of type incident.
        security_labels: An incident with one of these concerns security.
        severity_labels: Label → severity, 1 is worst; wins over an incident's own severity.
        service_label_prefix: An incident with the label `<prefix>checkout` concerns the service checkout.
        hotfix_labels: A merge request with one of these is a hotfix.
        bots: Accounts that are bots although their name does not say so.
        services: `group/project` → service, where it is not the repository's own.
        teams: `group/project` → team.
        deployment_links: Whether each successful deployment is asked which merge requests it brought (one request).
        environment_tiers: Whether GitLab's tier of an environment says what is production, not the workspace's rule.
        line_counts: Whether lines and files changed are read, by GraphQL, a page of merge requests in one request.
        pipelines: Whose jobs are read as gates and test runs, one request a pipeline: those of merge requests
            (`changes`), of all branches (`all`), or of `none`.
    """

    base_url: str = "https://gitlab.com/api/v4"
    projects: tuple[ProjectPath, ...] = Field(min_length=1)
    defect_labels: tuple[Label, ...] = ("bug", "type::bug")
    pre_production_labels: tuple[Label, ...] = ()
    incident_labels: tuple[Label, ...] = ()
    security_labels: tuple[Label, ...] = ("security",)
    severity_labels: Mapping[Label, Annotated[int, Field(ge=1, le=5)]] = {}
    service_label_prefix: str = Field("service::", min_length=1)
    hotfix_labels: tuple[Label, ...] = ("hotfix",)
    bots: tuple[str, ...] = ()
    services: Mapping[str, str] = {}
    teams: Mapping[str, str] = {}
    deployment_links: bool = True
    environment_tiers: bool = False
    line_counts: bool = True
    pipelines: Literal["changes", "all", "none"] = "changes"


class GitLab(Connector):
    """Reads GitLab.com, or a GitLab of one's own at `https://host/api/v4`."""

    kind: ClassVar[str] = "gitlab"
    settings_model: ClassVar[type[SourceSettings]] = GitLabSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "force pushes that are no rebase: GitLab notes only the number of commits",
        "merge conflicts that were solved since: GitLab shows the present one only",
        "labels as events: each merge request would cost a request more",
    )
    settings: GitLabSettings

    def streams(self, context: PullContext) -> Iterable[Stream]:
        """Per project: itself, then issues, so that a change can point to a defect that is there, then the rest."""
        for scope in self._projects(context.client):
            for kind in ("project", "issues", "merge_requests", "deployments"):
                yield Stream(kind, scope)
            if self.settings.pipelines != "none":
                yield Stream("pipelines", scope)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream of one project."""
        readers = {
            "project": self._pull_project,
            "issues": self._pull_issues,
            "merge_requests": self._pull_changes,
            "deployments": self._pull_deployments,
            "pipelines": self._pull_pipelines,
        }
        return readers[stream.kind](stream, context)

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        return conform(records, self.settings, self.settings, GitLabNames.of(self.settings.base_url))

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """Token, what can be read, environments, and the labels of the settings that nothing bears."""
        yield from token(client, client.now().date())
        projects = list(self._projects(client))
        yield from readable(client, projects)
        if client.answered:
            given = ("defect_labels", *(name for name in LABEL_RULES if name in self.settings.model_fields_set))
            rules = {name: tuple(getattr(self.settings, name)) for name in given}
            # Of the labels that are defects unless a workspace says otherwise, one in use is enough.
            one_of = () if "defect_labels" in self.settings.model_fields_set else ("defect_labels",)
            yield from labels_and_environments(client, projects, rules, one_of)

    def _projects(self, client: HostClient) -> Iterator[str]:
        for path in dict.fromkeys(self.settings.projects):
            group, _, name = path.rpartition("/")
            if name != "*":
                yield path
                continue
            yield from self._projects_of(client, group)

    @staticmethod
    def _projects_of(client: HostClient, group: str) -> list[str]:
        query: Query = {"per_page": PER_PAGE, "order_by": "id", "sort": "asc", "simple": "true", "archived": "false"}
        owner = quote(group, safe="")
        try:
            found = client.list(f"groups/{owner}/projects", {**query, "include_subgroups": "true"})
        except NotFound:
            try:
                found = client.list(f"users/{owner}/projects", query)
            except NotFound as absent:
                what = f"the group {group} is not there, or the token may not see it"
                raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        return [item["path_with_namespace"] for item in found]

    def _pull_project(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        observed_at = context.client.now()
        try:
            found = context.client.get(project(stream.scope), conditional=True)
        except NotFound as absent:
            what = f"the project {stream.scope} is not there, or the token may not see it"
            raise ConfigurationError(what, absent.where, CHECK_NAMES) from None
        yield Batch([RawRecord("project", stream.scope, stream.scope, found)], observed_at, {}, complete=True)

    def _pull_issues(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Issues that are defects or incidents, and those that were when they were last read."""
        repo_id = GitLabNames.of(self.settings.base_url).repo_id(stream.scope)
        defects = set(context.knowledge.ids("defects", repo_id))
        incidents = set(context.knowledge.ids("incidents", repo_id))

        def records(item: Item) -> list[RawRecord]:
            number = str(item["iid"])
            known = f"{repo_id}/issues/{number}"
            found = []
            if is_defect(item, self.settings) or known in defects:
                found.append(RawRecord("issue", number, stream.scope, item))
            if is_incident(item, self.settings) or known in incidents:
                found.append(RawRecord("incident", number, stream.scope, item))
            return found

        sweep = Sweep.begin(stream, context)
        pages = updated_pages(context.client, f"{project(stream.scope)}/issues", _query(sweep, scope="all"))
        return newest_first(sweep, context, pages, updated_at, records)

    def _pull_changes(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """What was updated since the last pull, newest first; then what is, or was, open and has moved unseen."""
        sweep = Sweep.begin(stream, context)
        reading = MergeRequestReading(stream, context, self.settings.line_counts)
        address = f"{project(stream.scope)}/merge_requests"
        pages = updated_pages(context.client, address, _query(sweep, scope="all"))
        return newest_first(
            sweep,
            context,
            reading.pages(pages, sweep),
            updated_at,
            reading.read,
            more=reading.open.cursor,
            then=reading.read_moved,
            things_per_batch=CHANGES_PER_BATCH,
        )

    def _pull_deployments(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Deployments updated since the last pull, the successful ones with the merge requests that they brought."""
        tiers = self._environments(stream, context.client)

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["id"])
            found = [RawRecord("deployment", identifier, stream.scope, item)]
            if environment := tiers.get(str((item.get("environment") or {}).get("name"))):
                found.append(RawRecord("environment", str(environment["id"]), stream.scope, environment, identifier))
            if item.get("status") == "success" and self.settings.deployment_links:
                found += self._deployed(stream.scope, identifier, context.client)
            return found

        sweep = Sweep.begin(stream, context)
        pages = updated_pages(context.client, f"{project(stream.scope)}/deployments", _query(sweep))
        return newest_first(sweep, context, pages, updated_at, records, things_per_batch=CHANGES_PER_BATCH)

    def _environments(self, stream: Stream, client: HostClient) -> dict[str, Item]:
        """The project's environments by name, where their tiers are asked for."""
        if not self.settings.environment_tiers:
            return {}
        pages = pages_if_any(client, f"{project(stream.scope)}/environments", {"per_page": PER_PAGE})
        return {str(item["name"]): item for page in pages for item in page.items}

    def _pull_pipelines(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """The jobs of pipelines that ended since the last pull."""
        sweep = Sweep.begin(stream, context)
        reading = PipelineReading(stream.scope, sweep, context, self.settings.pipelines == "all")
        pages = updated_pages(context.client, f"{project(stream.scope)}/pipelines", _query(sweep))
        return newest_first(sweep, context, pages, updated_at, reading.read, things_per_batch=CHANGES_PER_BATCH)

    @staticmethod
    def _deployed(scope: str, deployment: str, client: HostClient) -> list[RawRecord]:
        address = f"{project(scope)}/deployments/{deployment}/merge_requests"
        try:
            brought = client.list(address, {"per_page": PER_PAGE})
        except NotFound:
            return []
        links = [RawRecord("deployed_merge_request", str(item["id"]), scope, item, deployment) for item in brought]
        return [*links, RawRecord("deployment_links_read", deployment, scope, {"count": len(links)})]


def _query(sweep: Sweep, **more: str) -> Query:
    since = format_instant(sweep.start) if sweep.start else None
    return {**more, "order_by": "updated_at", "sort": "desc", "updated_after": since, "per_page": PER_PAGE}
