"""What GitHub's things are called in the event tables: ids, accounts and labels, and the settings that decide them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from pipelines.connectors.ai_use import is_agent_account
from pipelines.connectors.checks import CheckSettings


class Settings(Protocol):
    """The settings that the reading of records depends on, beside those on checks."""

    @property
    def defect_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def pre_production_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def severity_labels(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def hotfix_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def incident_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def security_labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def release_environment(self) -> str | None: ...  # noqa: D102
    @property
    def deployment_workflows(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def checks(self) -> CheckSettings: ...  # noqa: D102
    @property
    def bots(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def issue_keys(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def services(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def teams(self) -> Mapping[str, str]: ...  # noqa: D102


@dataclass(frozen=True)
class GitHubNames:
    """Ids as the contract's convention has them; `host` is where people see the repository, not where its API is."""

    host: str

    @classmethod
    def of(cls, base_url: str) -> "GitHubNames":
        """The names for an API address."""
        host = urlsplit(base_url).netloc
        return cls("github.com" if host == "api.github.com" else host)

    def repo_id(self, scope: str) -> str:
        """`host:owner/name`."""
        return f"{self.host}:{scope}"

    def numbered(self, scope: str, number: str | int) -> str:
        """`host:owner/name#number`, of pull requests and issues alike: they share their numbers."""
        return f"{self.repo_id(scope)}#{number}"

    def part(self, scope: str, kind: str, identifier: str | int) -> str:
        """`host:owner/name/kind/id`, of what has an id of its own."""
        return f"{self.repo_id(scope)}/{kind}/{identifier}"


def login_of(account: Mapping[str, Any] | None) -> str | None:
    """The account's name; None for one that was deleted."""
    return (account or {}).get("login") or None


def account_kind(account: Mapping[str, Any] | None, settings: Settings) -> str:
    """`agent`, `bot` or `human`."""
    login = login_of(account)
    if is_agent_account(login):
        return "agent"
    is_bot = (account or {}).get("type") == "Bot" or (login or "").endswith("[bot]") or login in settings.bots
    return "bot" if is_bot else "human"


def labels_of(data: Mapping[str, Any]) -> list[str]:
    """The names of the labels that an issue or pull request bears."""
    return [label["name"] if isinstance(label, Mapping) else str(label) for label in data.get("labels") or ()]


def id_of_reference(found: tuple[str, str] | None, names: GitHubNames) -> str | None:
    """The id of what a text points to by repository and number."""
    return names.numbered(*found) if found else None
