"""What GitLab's things are called in the event tables: ids, accounts, references, and the settings that decide them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from pipelines.connectors.ai_use import is_agent_account
from pipelines.connectors.repository_names import RepositoryNames

_TOKEN_ACCOUNT = re.compile(r"^(project|group)_\d+_bot(_|\d|$)|^service_account_|[-_]bot$|\[bot\]$|^bot[-_]", re.I)
"""Accounts that GitLab makes for project, group and service tokens, and names that say so themselves."""

_PATH = r"(?P<path>[\w.-]+(?:/[\w.-]+)+)?"
_CLOSES = re.compile(
    rf"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\s*:?\s+"
    rf"(?:issues?\s+)?(?:https?://[^\s/]+/(?P<url>[\w./-]+?)/-/(?:issues|work_items)/(?P<url_number>\d+)|{_PATH}#(?P<number>\d+))",
    re.I,
)
_REVERTS = re.compile(rf"\breverts\s+(?:merge\s+request\s+)?{_PATH}!(?P<number>\d+)", re.I)
_CAUSED_BY = re.compile(rf"^\W*(?:caused|introduced)[ -](?:by|in)\W*\s{_PATH}!(?P<number>\d+)", re.I | re.M)


class Settings(Protocol):
    """The settings that the reading of records depends on."""

    @property
    def defect_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def pre_production_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def incident_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def security_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def severity_labels(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def hotfix_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def service_label_prefix(self) -> str: ...  # noqa: D102
    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def issue_keys(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def services(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def teams(self) -> Mapping[str, str]: ...  # noqa: D102


class GitLabNames(RepositoryNames):
    """Ids of GitLab's things; a project's scope is its full path, issues and incidents go by their number in it."""

    @classmethod
    def of(cls, base_url: str) -> "GitLabNames":
        """The names for an API address."""
        return cls(urlsplit(base_url).netloc)


def project(scope: str) -> str:
    """The address of a project below the API's."""
    return f"projects/{quote(scope, safe='')}"


def username_of(account: Mapping[str, Any] | None) -> str | None:
    """The account's name; None for one that was deleted."""
    name = (account or {}).get("username")
    return None if name in (None, "", "ghost") else str(name)


def account_kind(account: Mapping[str, Any] | None, settings: Settings) -> str:
    """`agent`, `bot` or `human`."""
    name = username_of(account) or ""
    if is_agent_account(name):
        return "agent"
    is_bot = bool((account or {}).get("bot")) or bool(_TOKEN_ACCOUNT.search(name)) or name in settings.bots
    return "bot" if is_bot else "human"


def labels_of(data: Mapping[str, Any]) -> list[str]:
    """The names of the labels that an issue or merge request bears."""
    return [str(label["name"]) if isinstance(label, Mapping) else str(label) for label in data.get("labels") or ()]


def closed_issue(text: str, scope: str) -> tuple[str, str] | None:
    """(project, number) of the first issue that a description closes by one of GitLab's closing keywords."""
    match = _CLOSES.search(text)
    if not match:
        return None
    return (match["url"] or match["path"] or scope, match["url_number"] or match["number"])


def reverted_change(text: str, scope: str) -> tuple[str, str] | None:
    """(project, number) of the merge request that GitLab's revert button names."""
    return _reference(_REVERTS, text, scope)


def causing_change(text: str, scope: str) -> tuple[str, str] | None:
    """(project, number) of the merge request that a line such as `Caused by: !12` blames."""
    return _reference(_CAUSED_BY, text, scope)


def _reference(pattern: re.Pattern[str], text: str, scope: str) -> tuple[str, str] | None:
    match = pattern.search(text)
    return (match["path"] or scope, match["number"]) if match else None
