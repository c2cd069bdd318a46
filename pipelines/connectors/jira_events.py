"""Jira's issues as defects and incidents, by the workspace's own mapping of fields: pure functions of raw records."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pipelines.connectors.base import RECORD_COLUMN, Conformed, RawRecord, Row, parse_instant, text_frame
from pipelines.connectors.jira_fields import first_value, former_keys, is_done, status_changes, text_of, values
from pipelines.connectors.references import blamed_change, change_at

DEFECT, INCIDENT = "defect", "incident"
LEFT = "_left"
"""Suffix of the kind of a record whose issue no longer fits the settings' JQL."""


class Settings(Protocol):
    """The settings that the reading of records depends on."""

    @property
    def repository_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def repo_ids(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def service_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def services(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def severity_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def severities(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def found_in_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def pre_production_values(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def security_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def security_values(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def category_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def cause_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def opened_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def resolved_fields(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def acknowledged_statuses(self) -> Sequence[str]: ...  # noqa: D102


def conform(records: Sequence[RawRecord], settings: Settings, site: str) -> Conformed:
    """The rows that the records stand for; ids are `site:KEY`."""
    changelogs: dict[str | None, list[Any]] = {}
    for record in records:
        if record.kind == "changelog":
            changelogs.setdefault(record.parent, []).append(record.data)
    rows: dict[str, list[Row]] = {"defects": [], "incidents": []}
    for position, record in enumerate(records):
        histories = changelogs.get(record.record_id) or _embedded(record.data)
        kind = record.kind.removesuffix(LEFT)
        if kind not in (DEFECT, INCIDENT):
            continue
        make = _defect if kind == DEFECT else _incident
        row = {RECORD_COLUMN: position, **make(record.data, histories, settings, f"{site}:{record.record_id}")}
        row["deleted"] = record.kind.endswith(LEFT)
        table, key = (f"{kind}s", f"{kind}_id")
        rows[table].append(row)
        rows[table] += [{**row, key: f"{site}:{old}", "deleted": True} for old in former_keys(histories)]
    return Conformed({table: text_frame(found) for table, found in rows.items() if found})


def _embedded(data: Mapping[str, Any]) -> Sequence[Any]:
    found: Sequence[Any] = (data.get("changelog") or {}).get("histories") or ()
    return found


def _defect(issue: Mapping[str, Any], histories: Sequence[Any], settings: Settings, identifier: str) -> Row:
    before = _holds(issue, settings.found_in_fields, settings.pre_production_values)
    return {
        "defect_id": identifier,
        "repo_id": _repository(issue, settings) or first_value(issue, settings.repository_fields[-1:]),
        "found_in": "pre_production" if before else "production",
        "category": first_value(issue, settings.category_fields),
        "severity": _severity(issue, settings),
        "opened_at": first_value(issue, settings.opened_fields),
        "closed_at": _closed_at(issue, histories, settings),
        "caused_by_change_id": _cause(issue, settings),
    }


def _incident(issue: Mapping[str, Any], histories: Sequence[Any], settings: Settings, identifier: str) -> Row:
    return {
        "incident_id": identifier,
        "repo_id": _repository(issue, settings),
        "service": _service(issue, settings),
        "severity": _severity(issue, settings),
        "is_security": _holds(issue, settings.security_fields, settings.security_values),
        "opened_at": first_value(issue, settings.opened_fields),
        "acknowledged_at": _acknowledged_at(histories, settings),
        "resolved_at": _closed_at(issue, histories, settings),
        "caused_by_change_id": _cause(issue, settings),
        "title": first_value(issue, ("summary",)),
    }


def _repository(issue: Mapping[str, Any], settings: Settings) -> str | None:
    """The repository by the first value that the settings know."""
    found = (value for field in settings.repository_fields for value in values(issue, field))
    return next((settings.repo_ids[value] for value in found if value in settings.repo_ids), None)


def _service(issue: Mapping[str, Any], settings: Settings) -> str | None:
    """The service by the first value that the settings know, else the first value as it is."""
    found = [value for field in settings.service_fields for value in values(issue, field)]
    known = (settings.services[value] for value in found if value in settings.services)
    return next(known, found[0] if found else None)


def _severity(issue: Mapping[str, Any], settings: Settings) -> int | None:
    by_name = {name.casefold(): severity for name, severity in settings.severities.items()}
    found = (value.casefold() for field in settings.severity_fields for value in values(issue, field))
    return next((by_name[value] for value in found if value in by_name), None)


def _holds(issue: Mapping[str, Any], fields: Iterable[str], wanted: Sequence[str]) -> bool:
    sought = {value.casefold() for value in wanted}
    return any(value.casefold() in sought for field in fields for value in values(issue, field))


def _cause(issue: Mapping[str, Any], settings: Settings) -> str | None:
    """The change that a field of the settings names, else the one that a line of the description blames."""
    for field in settings.cause_fields:
        for value in (*values(issue, field), text_of((issue.get("fields") or {}).get(field))):
            if found := change_at(value):
                return found
    return blamed_change(text_of((issue.get("fields") or {}).get("description")))


def _closed_at(issue: Mapping[str, Any], histories: Sequence[Any], settings: Settings) -> str | None:
    """When the issue was settled; None while it is open, whatever a resolution left from before it was reopened says.

    Where a workflow sets no resolution, or none anew after the issue was reopened, the last change of status counts.
    """
    if not is_done(issue):
        return None
    changes, status = status_changes(histories), first_value(issue, ("status",))
    resolved = first_value(issue, settings.resolved_fields)
    reopened = [change.at for change in changes if change.before == status]
    is_stale = bool(resolved and reopened) and parse_instant(str(resolved)) <= parse_instant(reopened[-1])
    return resolved if resolved and not is_stale else changes[-1].at if changes else None


def _acknowledged_at(histories: Sequence[Any], settings: Settings) -> str | None:
    """The first change of status, or the first to one of the statuses that the settings name."""
    wanted = {status.casefold() for status in settings.acknowledged_statuses}
    changes = status_changes(histories)
    return next((change.at for change in changes if not wanted or change.after.casefold() in wanted), None)
