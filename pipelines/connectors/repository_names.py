"""Ids of what hangs on a repository, as the contract's convention has them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RepositoryNames:
    """Ids by host and by scope, the repository's full name there; `host` is where people see it."""

    host: str

    def repo_id(self, scope: str) -> str:
        """`host:owner/name`."""
        return f"{self.host}:{scope}"

    def change(self, scope: str, number: str | int) -> str:
        """`host:owner/name#number`."""
        return f"{self.repo_id(scope)}#{number}"

    def part(self, scope: str, kind: str, identifier: str | int) -> str:
        """`host:owner/name/kind/id`, of what has an id of its own."""
        return f"{self.repo_id(scope)}/{kind}/{identifier}"
