"""What sort of change a title, a branch and labels stand for, and what a description points to: functions of text."""

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["feature", "fix", "hotfix", "revert", "chore", "unknown"]

_PREFIXES: tuple[tuple[Kind, str], ...] = (
    ("revert", r"revert"),
    ("hotfix", r"hot-?fix"),
    ("fix", r"fix|bug|bugfix"),
    ("feature", r"feat|feature"),
    ("chore", r"chore|docs?|style|refactor|test|tests|build|ci|perf|deps"),
)
_LABELS: tuple[tuple[Kind, str], ...] = (
    ("hotfix", r"hot-?fix"),
    ("fix", r"bug|bug-?fix|fix|type: ?bug|kind/bug"),
    ("feature", r"enhancement|feature|type: ?feature|kind/feature"),
    ("chore", r"chore|dependencies|documentation|doc|docs|refactor(ing)?|kind/cleanup"),
)
_REFERENCE = r"(?:(?P<repository>[\w.-]+/[\w.-]+))?#(?P<number>\d+)"
_CLOSES = re.compile(rf"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s*:?\s+{_REFERENCE}", re.IGNORECASE)
_REVERTS = re.compile(rf"^\s*reverts?\s*:?\s+{_REFERENCE}", re.IGNORECASE | re.MULTILINE)
_CAUSED_BY = re.compile(rf"^\W*(?:caused|introduced)[ -](?:by|in)\W*\s{_REFERENCE}", re.IGNORECASE | re.MULTILINE)


def change_kind(title: str, branch: str | None, labels: Iterable[str]) -> Kind:
    """The kind by the first that speaks: a revert's title, the title's conventional prefix, the branch's, a label."""
    if re.match(r"^revert\b", title, re.IGNORECASE):
        return "revert"
    for kind, words in _PREFIXES:
        if re.match(rf"^(?:{words})(?:\([^)]*\))?!?\s*:", title, re.IGNORECASE):
            return kind
    for kind, words in _PREFIXES:
        if branch and re.match(rf"^(?:{words})[/-]", branch, re.IGNORECASE):
            return kind
    names = list(labels)
    for kind, words in _LABELS:
        if any(re.fullmatch(words, name, re.IGNORECASE) for name in names):
            return kind
    return "unknown"


def closed_issue(body: str, repository: str) -> tuple[str, str] | None:
    """(repository, number) of the first issue that a description closes by a closing keyword."""
    return _first(_CLOSES, body, repository)


def reverted_change(body: str, repository: str) -> tuple[str, str] | None:
    """(repository, number) of the change that a description says it reverts, as the host's revert button writes it."""
    return _first(_REVERTS, body, repository)


def causing_change(body: str, repository: str) -> tuple[str, str] | None:
    """(repository, number) of the change that a defect's description blames in a line such as `Caused by: #12`."""
    return _first(_CAUSED_BY, body, repository)


def _first(pattern: re.Pattern[str], body: str, repository: str) -> tuple[str, str] | None:
    match = pattern.search(body)
    return (match["repository"] or repository, match["number"]) if match else None
