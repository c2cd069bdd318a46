"""Opsgenie: incidents with the services that they touch.

Incidents are listed newest first by creation; those that were open when they were last read are read again until they
are resolved. Services are listed once a pull, for their names.

API: https://docs.opsgenie.com/docs/incident-api, version 1. Known limits of the host: a listing ends at 20,000
elements, beyond which it goes on below the oldest; an incident carries no acknowledgement, which its alerts have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pipelines.connectors.base import (
    RECORD_COLUMN,
    Batch,
    Conformed,
    Connector,
    Probed,
    PullContext,
    RawRecord,
    Row,
    SourceSettings,
    Stream,
    parse_instant,
    text_frame,
)
from pipelines.connectors.incident_tools import (
    IncidentToolSettings,
    Name,
    is_ignored,
    is_security,
    linked_service,
    probed_services,
    severity_of,
)
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_body
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound

PER_PAGE = 100
LONGEST_LISTING = 20_000
"""Elements after which Opsgenie refuses to go on."""
ENDED = ("resolved", "closed")
NEXT = by_body("paging", "next")


class OpsgenieSettings(IncidentToolSettings):
    """Settings of a `kind = "opsgenie"` source.

    Attributes:
        query: Opsgenie's own search, to read a part of the incidents: `tag:production`.
        security_tags: An incident with one of these tags concerns security.
    """

    base_url: str = "https://api.opsgenie.com"
    query: Name | None = None
    security_tags: tuple[Name, ...] = ("security",)


class Opsgenie(Connector):
    """Reads the incidents of an Opsgenie account; `https://api.eu.opsgenie.com` for one in the EU."""

    kind: ClassVar[str] = "opsgenie"
    settings_model: ClassVar[type[SourceSettings]] = OpsgenieSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "when an incident was acknowledged: its alerts know, the incident does not",
        "which deployment or change an incident was caused by: it is attributed by service and time",
    )
    settings: OpsgenieSettings

    def authorization(self, token: str) -> str:
        """Opsgenie's own scheme."""
        return f"GenieKey {token}"

    def streams(self, context: PullContext) -> Iterable[Stream]:  # noqa: ARG002 - the base class's signature
        """One: the account's incidents."""
        yield Stream("incidents", "account")

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Incidents made since the last pull, and those that were open and have moved."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))
        services = {str(item["id"]): item for item in client.list("v1/services", {"limit": PER_PAGE}, "data", NEXT)}

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["id"])
            if open_ones.is_done(identifier):
                return []
            open_ones.note(identifier, None if item["status"] in ENDED else item["updatedAt"])
            touched = [services[each] for each in item.get("impactedServices") or () if each in services]
            named = [RawRecord("service", str(each["id"]), stream.scope, each, identifier) for each in touched]
            return [RawRecord("incident", identifier, stream.scope, item), *named]

        def moved() -> Iterator[list[RawRecord]]:
            pages = client.pages("v1/incidents", self._query("status:open"), "data", NEXT)
            listed = {str(item["id"]): item for page in pages for item in page.items}
            for identifier in open_ones.moved({key: item["updatedAt"] for key, item in listed.items()}):
                try:
                    yield records(listed.get(identifier) or client.get(f"v1/incidents/{identifier}")["data"])
                except NotFound:
                    open_ones.note(identifier, None)

        return newest_first(
            Sweep.begin(stream, context),
            context,
            self._pages(client),
            _created_at,
            records,
            more=open_ones.cursor,
            then=moved,
        )

    def _query(self, *more: str) -> Query:
        parts = [part for part in (self.settings.query, *more) if part]
        query = " AND ".join(f"({part})" if len(parts) > 1 else part for part in parts) or None
        return {"query": query, "limit": PER_PAGE, "sort": "createdAt", "order": "desc"}

    def _pages(self, client: HostClient) -> Iterator[Page]:
        """All incidents, newest first; beyond what one listing gives, anew from the oldest that it gave."""
        query = self._query()
        while True:
            read, oldest = 0, None
            for page in client.pages("v1/incidents", query, "data", NEXT):
                read += len(page.items)
                oldest = page.items[-1] if page.items else oldest
                yield page
                if read + PER_PAGE > LONGEST_LISTING:
                    break
            if oldest is None or read + PER_PAGE <= LONGEST_LISTING:
                return
            query = self._query(f"createdAt <= {int(_created_at(oldest).timestamp() * 1000)}")

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """What can be read, and the services of the settings held against Opsgenie's."""
        yield from super().probe(client)
        if client.answered:
            yield from probed_services(
                self.settings, lambda: client.list("v1/services", {"limit": PER_PAGE}, "data", NEXT)
            )

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        services: dict[str | None, list[tuple[str, str]]] = {}
        for record in records:
            if record.kind == "service":
                services.setdefault(record.parent, []).append((record.record_id, str(record.data.get("name"))))
        rows = [
            _incident(position, record, services.get(record.record_id, []), self.settings)
            for position, record in enumerate(records)
            if record.kind == "incident"
        ]
        return Conformed({"incidents": text_frame(rows)} if rows else {})


def _created_at(item: Item) -> datetime:
    return parse_instant(item["createdAt"])


def _incident(position: int, record: RawRecord, named: Sequence[tuple[str, str]], settings: OpsgenieSettings) -> Row:
    """An incident; one of which all services are ignored is a tombstone."""
    data = record.data
    unnamed: list[tuple[str, str | None]] = [(str(each), None) for each in data.get("impactedServices") or ()]
    touched = [*named] or unnamed
    kept = [names for names in touched if not is_ignored(settings, *names)]
    tags = {str(tag).casefold() for tag in data.get("tags") or ()}
    is_about_security = bool(tags & {tag.casefold() for tag in settings.security_tags})
    return {
        RECORD_COLUMN: position,
        "incident_id": f"opsgenie:{record.record_id}",
        "service": _service(kept, settings),
        "severity": severity_of(settings, data.get("priority")),
        "is_security": is_about_security or any(is_security(settings, *names) for names in kept),
        "opened_at": data.get("impactStartDate") or data.get("createdAt"),
        "resolved_at": _resolved_at(data),
        "title": data.get("message"),
        "deleted": bool(touched) and not kept,
    }


def _service(touched: Sequence[tuple[str, str | None]], settings: OpsgenieSettings) -> str | None:
    """The first service that the settings link, else the first."""
    for names in touched:
        if any(name in settings.services for name in names):
            return linked_service(settings, *names)
    return linked_service(settings, *touched[0]) if touched else None


def _resolved_at(data: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the host sent it
    return (data.get("impactEndDate") or data.get("updatedAt")) if data.get("status") in ENDED else None
