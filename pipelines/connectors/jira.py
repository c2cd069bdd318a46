"""Jira Cloud and Jira Data Center: issues as defects and incidents, by the workspace's own JQL and fields.

Issues come newest update first, with their changelog. Those that were open when they were last read are read again
until they are done; one that no longer fits the JQL is taken back.

API: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ (`search/jql`, paged by token) and
https://docs.atlassian.com/software/jira/docs/api/REST/ (`search`, paged by `startAt`). Known limits: an issue that was
done, and then deleted or changed so that it no longer fits, is not seen; `ingest --full` does not see it either.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from pipelines.connectors.authorizations import basic, bearer
from pipelines.connectors.base import (
    Batch,
    Conformed,
    Connector,
    Probed,
    PullContext,
    RawRecord,
    SourceSettings,
    Stream,
    parse_instant,
)
from pipelines.connectors.incident_tools import Name, Severity
from pipelines.connectors.jira_events import DEFECT, INCIDENT, LEFT, conform
from pipelines.connectors.jira_fields import is_done
from pipelines.connectors.jira_probe import account, fitting, unknown_values
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_offset, by_token
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError, SourceError

PER_PAGE = 100
CLOUD_HOSTS = (".atlassian.net", ".jira.com", "api.atlassian.com")
SEVERITIES = {
    **{"Highest": 1, "High": 2, "Medium": 3, "Low": 4, "Lowest": 5},
    **{"Blocker": 1, "Critical": 2, "Major": 3, "Minor": 4, "Trivial": 5},
    **{"P1": 1, "P2": 2, "P3": 3, "P4": 4, "P5": 5},
}
BY_TOTAL = by_offset("issues", "startAt", lambda found, reached: reached < int(found.get("total") or 0))
OF_CHANGELOG = by_offset("values", "startAt", lambda found, reached: reached < int(found.get("total") or 0))


def _without_order(jql: str) -> str:
    if re.search(r"\border\s+by\b", jql, re.IGNORECASE):
        raise ValueError("may not hold ORDER BY: issues are read in the order of their last update")
    return jql


Jql = Annotated[Name, AfterValidator(_without_order)]


class JiraSettings(SourceSettings):
    """Settings of a `kind = "jira"` source. Fields go by their id (`customfield_10020`) or system name (`components`).

    Attributes:
        user: The account of an API token (Cloud: its e-mail address); without it the token is sent alone (Data
            Center's personal access tokens).
        edition: `cloud` or `data_center`; by default told from the host's name.
        site: Host that people see, for the ids, where `base_url` is that of a gateway.
        defects: JQL of the issues that are defects.
        incidents: JQL of the issues that are incidents.
        repo_ids: Value of a repository field → repo_id, as the git host's connector has it (`github.com:acme/web`).
        repository_fields: Where the repository is told from; the first value that `repo_ids` knows decides.
        services: Value of a service field → service of the workspace.
        service_fields: Where an incident's service is told from.
        severities: Value of a severity field → severity, 1 is worst to 5; case does not matter.
        severity_fields: Where the severity is told from.
        found_in_fields: Where it is told where a defect was found.
        pre_production_values: A defect with one of these there was found before production.
        security_fields: Where it is told whether an incident concerns security.
        security_values: An incident with one of these there concerns security.
        category_fields: Where a defect's category is told from.
        cause_fields: Fields that name the change to blame, by address or id; else a line `Caused by: …` of the
            description does.
        opened_fields: When it began: the first that is filled in.
        resolved_fields: When it ended: the first that is filled in.
        acknowledged_statuses: An incident is acknowledged when it first gets one of these; by default, any other.
    """

    user: Name | None = None
    edition: Literal["cloud", "data_center"] | None = None
    site: Name | None = None
    defects: Jql | None = None
    incidents: Jql | None = None
    repo_ids: Mapping[Name, Name] = {}
    repository_fields: tuple[Name, ...] = Field(("components", "labels", "project"), min_length=1)
    services: Mapping[Name, Name] = {}
    service_fields: tuple[Name, ...] = ("components",)
    severities: Mapping[Name, Severity] = SEVERITIES
    severity_fields: tuple[Name, ...] = ("priority",)
    found_in_fields: tuple[Name, ...] = ("labels",)
    pre_production_values: tuple[Name, ...] = ()
    security_fields: tuple[Name, ...] = ("labels",)
    security_values: tuple[Name, ...] = ("security",)
    category_fields: tuple[Name, ...] = ()
    cause_fields: tuple[Name, ...] = ()
    opened_fields: tuple[Name, ...] = Field(("created",), min_length=1)
    resolved_fields: tuple[Name, ...] = Field(("resolutiondate",), min_length=1)
    acknowledged_statuses: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _asks_for_something(self) -> "JiraSettings":
        if self.defects is None and self.incidents is None:
            raise ValueError("asks for nothing: give the JQL of defects, of incidents, or of both")
        return self

    @property
    def is_cloud(self) -> bool:
        """Whether the host is Atlassian's."""
        host = urlsplit(self.base_url).hostname or ""
        return self.edition == "cloud" or (self.edition is None and host.endswith(CLOUD_HOSTS))

    @property
    def host(self) -> str:
        """The host of ids."""
        return self.site or urlsplit(self.base_url).netloc

    @property
    def fields(self) -> str:
        """All fields that rows are made from, for the request."""
        lists = (self.repository_fields, self.service_fields, self.severity_fields, self.found_in_fields)
        more = (self.security_fields, self.category_fields, self.cause_fields, self.opened_fields, self.resolved_fields)
        always = ("summary", "description", "status", "issuetype", "project", "created", "updated")
        return ",".join(dict.fromkeys((*always, *(name for names in (*lists, *more) for name in names))))


class Jira(Connector):
    """Reads a Jira site."""

    kind: ClassVar[str] = "jira"
    settings_model: ClassVar[type[SourceSettings]] = JiraSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "issues that were done, and then deleted or changed so that they no longer fit the JQL",
        "causes that stand in no field of cause_fields and in no line `Caused by: …`",
    )
    settings: JiraSettings

    def authorization(self, token: str) -> str:
        """Basic for an API token with its account, else the token alone."""
        return bearer(token) if self.settings.user is None else basic(self.settings.user, token)

    def streams(self, context: PullContext) -> Iterable[Stream]:  # noqa: ARG002 - the base class's signature
        """Defects and incidents, where there is JQL for them."""
        for kind, jql in (("defects", self.settings.defects), ("incidents", self.settings.incidents)):
            if jql is not None:
                yield Stream(kind, self.settings.host)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Issues updated since the last pull; then those that are, or were, open and have moved unseen."""
        kind = DEFECT if stream.kind == "defects" else INCIDENT
        jql = self.settings.defects if kind == DEFECT else self.settings.incidents
        client, open_ones = context.client, OpenOnes(context.cursor(stream))

        def records(item: Item) -> list[RawRecord]:
            key = str(item["key"])
            if open_ones.is_done(key):
                return []
            open_ones.note(key, None if is_done(item) else item["fields"]["updated"])
            return [RawRecord(kind, key, stream.scope, item), *self._rest_of_changelog(item, stream.scope, client)]

        def moved() -> Iterator[list[RawRecord]]:
            pages = self._search(client, f"({jql}) AND statusCategory != Done", {"fields": "updated"})
            listed = {str(item["key"]): item["fields"]["updated"] for page in pages for item in page.items}
            for key in open_ones.moved(listed):
                try:
                    found = client.get(f"{self._api}/issue/{key}", self._whole)
                except NotFound:
                    # Deleted, or hidden from this account: what was read stays as it is.
                    open_ones.note(key, None)
                    continue
                if key in listed or is_done(found):
                    yield records(found)
                    continue
                open_ones.note(key, None)
                yield [RawRecord(f"{kind}{LEFT}", key, stream.scope, found)]

        return newest_first(
            Sweep.begin(stream, context),
            context,
            self._search(client, f"({jql})", self._whole),
            _updated_at,
            records,
            more=open_ones.cursor,
            then=moved,
        )

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """Who asks, whether the JQL fits any issue, and which values of the newest no rule knows."""
        yield from account(client, self._api)
        settings, found = self.settings, dict[str, Sequence[Item]]()
        for kind, jql in (("defects", settings.defects), ("incidents", settings.incidents)):
            if jql is None:
                continue
            try:
                page = next(self._search(client, f"({jql})", {"fields": settings.fields}))
            except (SourceError, ConfigurationError) as error:
                yield Probed("problem", f"{kind}: the JQL cannot be followed ({error.what})", "correct it there")
                continue
            found[kind] = page.items
            yield from fitting(kind, page.items, page.next_url is None)
        defects, incidents = found.get("defects", ()), found.get("incidents", ())
        orphaned, unlinked = "they lie in no repository", "they go by their own names"
        yield from unknown_values("repo_ids", settings.repository_fields, settings.repo_ids, defects, orphaned)
        yield from unknown_values("services", settings.service_fields, settings.services, incidents, unlinked)
        both = [*defects, *incidents]
        unrated = "their severity stays empty"
        yield from unknown_values("severities", settings.severity_fields, settings.severities, both, unrated)

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        return conform(records, self.settings, self.settings.host)

    @property
    def _api(self) -> str:
        return "rest/api/3" if self.settings.is_cloud else "rest/api/2"

    @property
    def _whole(self) -> dict[str, Any]:
        """What is asked for of an issue: the fields that rows are made from, and its changelog."""
        return {"fields": self.settings.fields, "expand": "changelog"}

    def _search(self, client: HostClient, jql: str, wanted: Mapping[str, Any]) -> Iterator[Page]:
        query: Query = {"jql": f"{jql} ORDER BY updated DESC", "maxResults": PER_PAGE, **wanted}
        if self.settings.is_cloud:
            return client.pages(f"{self._api}/search/jql", query, "issues", by_token("nextPageToken"))
        return client.pages(f"{self._api}/search", query, "issues", BY_TOTAL)

    def _rest_of_changelog(self, item: Item, scope: str, client: HostClient) -> list[RawRecord]:
        """The whole changelog where the search gave its newest part only; Data Center gives it whole."""
        embedded = item.get("changelog") or {}
        if int(embedded.get("total") or 0) <= len(embedded.get("histories") or ()) or not self.settings.is_cloud:
            return []
        key = str(item["key"])
        try:
            found = client.list(f"{self._api}/issue/{key}/changelog", {"maxResults": PER_PAGE}, "values", OF_CHANGELOG)
        except NotFound:
            return []
        return [RawRecord("changelog", str(history["id"]), scope, history, key) for history in found]


def _updated_at(item: Item) -> datetime:
    return parse_instant(item["fields"]["updated"])
