"""PagerDuty: incidents with when they were acknowledged and resolved.

Incidents are listed newest first by creation, the only order that goes back without bound; those that were open when
they were last read are read again until they are resolved. A resolved incident no longer says when it was first
acknowledged, so its log is asked for, one request each.

API: https://developer.pagerduty.com/api-reference/, version 2. Known limits of the host: a listing ends at 10,000
elements, and a window of since and until spans six months at most; history beyond is read in such windows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

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
    format_instant,
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
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item, OpenOnes, newest_first
from pipelines.connectors.paging import by_offset
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound

PER_PAGE = 100
LONGEST_LISTING = 10_000
"""Elements after which PagerDuty refuses to go on."""
LONGEST_WINDOW = timedelta(days=180)
"""Of since and until; PagerDuty allows six months."""
INCIDENTS_PER_BATCH = 50
Urgency = Literal["high", "low"]
FOLLOWING = by_offset(
    "incidents", "offset", lambda found, reached: bool(found.get("more")) and reached + PER_PAGE <= LONGEST_LISTING
)
LOG_FOLLOWING = by_offset("log_entries", "offset", lambda found, _: bool(found.get("more")))


class PagerDutySettings(IncidentToolSettings):
    """Settings of a `kind = "pagerduty"` source.

    Attributes:
        teams: Ids of the teams whose incidents are read; all that the key may see by default.
        urgencies: Incidents of these urgencies are taken.
        urgency_severities: Severity of an incident without a priority, by its urgency.
        acknowledgements: Whether a resolved incident's log is asked when it was acknowledged (one request each).
    """

    base_url: str = "https://api.pagerduty.com"
    teams: tuple[Name, ...] = ()
    urgencies: tuple[Urgency, ...] = Field(("high", "low"), min_length=1)
    urgency_severities: Mapping[Urgency, Severity] = {"high": 2, "low": 4}
    acknowledgements: bool = True


class PagerDuty(Connector):
    """Reads the incidents of a PagerDuty account; `https://api.eu.pagerduty.com` for one in the EU."""

    kind: ClassVar[str] = "pagerduty"
    settings_model: ClassVar[type[SourceSettings]] = PagerDutySettings
    cannot_see: ClassVar[Sequence[str]] = (
        "which deployment or change an incident was caused by: it is attributed by service and time",
        "a priority or title that changed after the incident was resolved",
    )
    headers: ClassVar[Mapping[str, str]] = {"Accept": "application/vnd.pagerduty+json;version=2"}
    settings: PagerDutySettings

    def authorization(self, token: str) -> str:
        """PagerDuty's own scheme."""
        return f"Token token={token}"

    def streams(self, context: PullContext) -> Iterable[Stream]:  # noqa: ARG002 - the base class's signature
        """One: the account's incidents."""
        yield Stream("incidents", "account")

    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Incidents made since the last pull, and those that were open and have moved."""
        client, open_ones = context.client, OpenOnes(context.cursor(stream))

        def records(item: Item) -> list[RawRecord]:
            identifier = str(item["id"])
            if open_ones.is_done(identifier):
                return []
            found = [RawRecord("incident", identifier, stream.scope, item), *self._log(item, stream.scope, client)]
            open_ones.note(identifier, None if item["status"] == "resolved" else _changed_at(item))
            return found

        def moved() -> Iterator[list[RawRecord]]:
            address = self._address(("date_range", "all"), ("statuses[]", "triggered"), ("statuses[]", "acknowledged"))
            listed = {str(item["id"]): item for item in client.list(address, None, "incidents", FOLLOWING)}
            for identifier in open_ones.moved({key: _changed_at(item) for key, item in listed.items()}):
                if identifier in listed:
                    yield records(listed[identifier])
                    continue
                try:
                    yield records(client.get(f"incidents/{identifier}")["incident"])
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
            things_per_batch=INCIDENTS_PER_BATCH,
        )

    def _address(self, *more: tuple[str, str]) -> str:
        """The listing with its whole query: PagerDuty writes lists as repeated parameters."""
        teams = [("team_ids[]", team) for team in self.settings.teams]
        return f"incidents?{urlencode([('limit', PER_PAGE), ('sort_by', 'created_at:desc'), *teams, *more])}"

    def _pages(self, client: HostClient) -> Iterator[Page]:
        """All incidents, newest first; beyond what one listing gives, in windows that go back until one is empty."""
        address = self._address(("date_range", "all"))
        window: datetime | None = None
        while True:
            read, oldest = 0, window
            for page in client.pages(address, None, "incidents", FOLLOWING):
                read += len(page.items)
                oldest = _created_at(page.items[-1]) if page.items else oldest
                yield page
            is_cut = read + PER_PAGE > LONGEST_LISTING
            if oldest is None or not (is_cut or (window and read)):
                return
            window = oldest if is_cut or window is None else window - LONGEST_WINDOW
            since, until = format_instant(window - LONGEST_WINDOW), format_instant(window)
            address = self._address(("since", since), ("until", until))

    def _log(self, item: Item, scope: str, client: HostClient) -> list[RawRecord]:
        """The steps of a resolved incident; an open one shows its acknowledgements itself."""
        if item["status"] != "resolved" or not self.settings.acknowledgements or "log_entries" in item:
            return []
        query: Query = {"is_overview": "true", "limit": PER_PAGE}
        address = f"incidents/{item['id']}/log_entries"
        try:
            entries = client.list(address, query, "log_entries", LOG_FOLLOWING)
        except NotFound:
            return []
        return [RawRecord("log_entry", str(entry["id"]), scope, entry, str(item["id"])) for entry in entries]

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """What can be read, and the services of the settings held against PagerDuty's."""
        yield from super().probe(client)
        if client.answered:
            more = by_offset("services", "offset", lambda found, _: bool(found.get("more")))
            yield from probed_services(
                self.settings, lambda: client.list("services", {"limit": PER_PAGE}, "services", more)
            )

    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records as event tables."""
        logs: dict[str | None, list[Any]] = {}
        for record in records:
            if record.kind == "log_entry":
                logs.setdefault(record.parent, []).append(record.data)
        rows = [
            _incident(position, record, logs.get(record.record_id, []), self.settings)
            for position, record in enumerate(records)
            if record.kind == "incident"
        ]
        return Conformed({"incidents": text_frame(rows)} if rows else {})


def _created_at(item: Item) -> datetime:
    return parse_instant(item["created_at"])


def _changed_at(item: Item) -> str:
    return str(item.get("updated_at") or item["last_status_change_at"])


def _incident(position: int, record: RawRecord, log: Sequence[Any], settings: PagerDutySettings) -> Row:
    """An incident; one that was merged into another, or is not to be taken, is a tombstone."""
    data = record.data
    service = data.get("service") or {}
    names = (service.get("id"), service.get("summary") or service.get("name"))
    steps = [*log, *(data.get("log_entries") or ())]
    priority = (data.get("priority") or {}).get("summary")
    is_merged = (data.get("resolve_reason") or {}).get("type") == "merge_resolve_reason"
    left_out = is_ignored(settings, *names) or data.get("urgency") not in (*settings.urgencies, None)
    return {
        RECORD_COLUMN: position,
        "incident_id": f"pagerduty:{record.record_id}",
        "service": linked_service(settings, *names),
        "severity": severity_of(settings, priority) or settings.urgency_severities.get(data.get("urgency")),
        "is_security": is_security(settings, *names),
        "opened_at": data.get("created_at"),
        "acknowledged_at": _acknowledged_at(data, steps),
        "resolved_at": _resolved_at(data, steps),
        "title": data.get("title") or data.get("summary"),
        "deleted": is_merged or left_out,
    }


def _acknowledged_at(data: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str | None:
    """The first acknowledgement, by the log or, while open, by the incident itself."""
    told = [each.get("at") for each in data.get("acknowledgements") or ()]
    told += [step.get("created_at") for step in steps if step.get("type") == "acknowledge_log_entry"]
    return min((at for at in told if at), default=None)


def _resolved_at(data: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str | None:
    if data.get("status") != "resolved":
        return None
    told = [step.get("created_at") for step in steps if step.get("type") == "resolve_log_entry"]
    return data.get("resolved_at") or max((at for at in told if at), default=data.get("last_status_change_at"))
