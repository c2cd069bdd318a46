"""Statuspage: the incidents that were told to customers, with the components that they touched.

Incidents are listed newest first by creation; those that were unresolved when they were last read are read again.
Scheduled maintenance is no incident and is left out.

API: https://developer.statuspage.io/, version 1. Known limit of the host: one request a second.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import Field

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
    Severity,
    is_ignored,
    is_security,
    linked_service,
    probed_services,
    severity_of,
)
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_number
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound

PER_PAGE = 100
ENDED = ("resolved", "postmortem")
MAINTENANCE = ("scheduled", "in_progress", "verifying", "completed")
"""Statuses of scheduled maintenance."""


class StatuspageSettings(IncidentToolSettings):
    """Settings of a `kind = "statuspage"` source; services are the page's components.

    Attributes:
        pages: Ids of the pages.
    """

    base_url: str = "https://api.statuspage.io/v1"
    pages: tuple[Name, ...] = Field(min_length=1)
    severities: Mapping[Name, Severity] = {"critical": 1, "major": 2, "minor": 3, "none": 5}


class Statuspage(Connector):
    """Reads the incidents of status pages."""

    kind: ClassVar[str] = "statuspage"
    settings_model: ClassVar[type[SourceSettings]] = StatuspageSettings
    cannot_see: ClassVar[Sequence[str]] = (
        "incidents that were not told to customers",
        "when an incident was acknowledged",
    )
    settings: StatuspageSettings

    def authorization(self, token: str) -> str:
        """Statuspage's own scheme."""
        return f"OAuth {token}"

    def streams(self, context: PullContext) -> Iterable[Stream]:  # noqa: ARG002 - the base class's signature
        """Each page's incidents."""
        for page in dict.fromkeys(self.settings.pages):
            yield Stream("incidents", page)

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Incidents made since the last pull, and those that were unresolved and have moved."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))
        address = f"pages/{stream.scope}/incidents"

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["id"])
            if open_ones.is_done(identifier) or item.get("status") in MAINTENANCE:
                return []
            open_ones.note(identifier, None if item["status"] in ENDED else item["updated_at"])
            return [RawRecord("incident", identifier, stream.scope, item)]

        def moved() -> Iterator[list[RawRecord]]:
            listed = {str(item["id"]): item for item in client.list(f"{address}/unresolved")}
            for identifier in open_ones.moved({key: item["updated_at"] for key, item in listed.items()}):
                try:
                    yield records(listed.get(identifier) or client.get(f"{address}/{identifier}"))
                except NotFound:
                    open_ones.note(identifier, None)

        pages = client.pages(address, {"limit": PER_PAGE, "page": 1}, following=by_number("page"))
        return newest_first(
            Sweep.begin(stream, context),
            context,
            pages,
            _created_at,
            records,
            more=open_ones.cursor,
            then=moved,
        )

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """What can be read, and the services of the settings held against the pages' components."""
        yield from super().probe(client)
        if client.answered:
            yield from probed_services(self.settings, lambda: self._components(client))

    def _components(self, client: HostClient) -> Iterator[Item]:
        """The pages' components, and the pages themselves where an incident without a component is linked by them."""
        for page in self.settings.pages:
            yield from client.list(f"pages/{page}/components")
            if page in self.settings.services:
                yield {"id": page, "name": page}

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        rows = [_incident(position, record, self.settings) for position, record in enumerate(records)]
        return Conformed({"incidents": text_frame(rows)} if rows else {})


def _created_at(item: Item) -> datetime:
    return parse_instant(item["created_at"])


def _incident(position: int, record: RawRecord, settings: StatuspageSettings) -> Row:
    """An incident; one of which all components are ignored is a tombstone."""
    data = record.data
    touched = [(str(each.get("id")), str(each.get("name"))) for each in data.get("components") or ()]
    kept = [names for names in touched if not is_ignored(settings, *names)]
    linked = next((names for names in kept if any(name in settings.services for name in names)), None)
    chosen = linked or (kept[0] if kept else None)
    return {
        RECORD_COLUMN: position,
        "incident_id": f"statuspage:{record.record_id}",
        "service": linked_service(settings, *chosen) if chosen else settings.services.get(record.scope),
        "severity": severity_of(settings, data.get("impact_override") or data.get("impact")),
        "is_security": any(is_security(settings, *names) for names in kept),
        "opened_at": data.get("started_at") or data.get("created_at"),
        "resolved_at": data.get("resolved_at") if data.get("status") in ENDED else None,
        "title": data.get("name"),
        "deleted": bool(touched) and not kept,
    }
