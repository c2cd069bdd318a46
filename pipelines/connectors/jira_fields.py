"""What a Jira issue's fields and changelog say, whatever their type: pure functions of the issue as received."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Issue = Mapping[str, Any]


def values(issue: Issue, field: str) -> list[str]:
    """The values of a field as people see them: names of options, components and priorities, labels, texts, keys."""
    return list(_values((issue.get("fields") or {}).get(field), field))


def first_value(issue: Issue, fields: Iterable[str]) -> str | None:
    """The first value that any of these fields holds."""
    return next((value for field in fields for value in values(issue, field)), None)


def text_of(document: object) -> str:
    """The text of a field that holds prose: plain text, or the document format of Jira Cloud, a block a line."""
    if isinstance(document, str):
        return document
    if isinstance(document, Mapping):
        own = str(document.get("text") or "")
        marks = document.get("marks") or ()
        links = [str((mark.get("attrs") or {}).get("href") or "") for mark in marks if isinstance(mark, Mapping)]
        card = str((document.get("attrs") or {}).get("url") or "")
        ends_line = "\n" if document.get("type") in ("paragraph", "heading", "hardBreak", "listItem") else ""
        linked = [link for link in (*links, card) if link and link not in own]
        return " ".join((own + text_of(document.get("content")), *linked)) + ends_line
    if isinstance(document, Sequence):
        return "".join(text_of(item) for item in document)
    return ""


def is_done(issue: Issue) -> bool:
    """Whether the issue's status is of the category Done."""
    status = (issue.get("fields") or {}).get("status") or {}
    return bool((status.get("statusCategory") or {}).get("key") == "done")


@dataclass(frozen=True)
class StatusChange:
    """One change of status: when, and the names of the statuses before and after."""

    at: str
    before: str
    after: str


def status_changes(histories: Iterable[Mapping[str, Any]]) -> list[StatusChange]:
    """Each change of status, oldest first."""
    found = [
        StatusChange(str(history.get("created") or ""), str(item.get("fromString")), str(item.get("toString")))
        for history in histories
        for item in history.get("items") or ()
        if item.get("field") == "status"
    ]
    return sorted(found, key=lambda change: change.at)


def former_keys(histories: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys that the issue had before it was moved to another project."""
    return [
        str(item["fromString"])
        for history in histories
        for item in history.get("items") or ()
        if item.get("field") == "Key" and item.get("fromString")
    ]


def _values(value: object, field: str) -> Iterable[str]:
    if value is None or value == "":
        return
    if isinstance(value, Mapping):
        own = value.get("key") if field == "project" else value.get("value") or value.get("name")
        yield str(own or value.get("displayName") or value.get("key") or value.get("id") or "")
        yield from _values(value.get("child"), field)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _values(item, field)
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))
    else:
        yield str(value)
