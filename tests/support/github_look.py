"""What a look at GitHub asks for beside what a pull does: the rate limit with a token's scopes, and labels."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.replay import Answer, ReplayHost

REPOSITORY = "acme/payments"


@dataclass
class Look:
    """A host made of the shipped payloads, and what a test changes about it."""

    scopes: str | None = "repo, read:org"
    labels: list[str] = field(default_factory=lambda: ["bug", "Hotfix", "sev1"])
    borne: tuple[str, ...] = ("bug",)
    refused: dict[str, Answer] = field(default_factory=dict)
    remaining: int = 4_900

    def answer(self, target: str, _: int) -> Answer | None:
        """In place of the payloads, where they hold nothing of the kind."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        for part, refusal in self.refused.items():
            if part in path:
                return refusal
        if path.endswith("/rate_limit"):
            budget = {"limit": 5_000, "remaining": self.remaining, "reset": 4_102_444_800}
            headers = {} if self.scopes is None else {"x-oauth-scopes": self.scopes}
            found = Answer.of({"resources": {"core": budget}})
            return Answer(found.status, found.body, {**found.headers, **headers})
        if path.endswith(("/commits", "/actions/runs")):
            return Answer.of([])
        if path.endswith(f"/repos/{REPOSITORY}/labels"):
            return Answer.of([{"name": name} for name in self.labels])
        if path.endswith("/issues") and "labels" in query:
            return Answer.of([{"number": 1}] if query["labels"][0] in self.borne else [])
        return None

    def host(self, root: Path) -> ReplayHost:
        """The host, not yet serving."""
        files = sorted((root / "sample_data/payloads/github").glob("*.json"))
        documents: list[dict[str, Any]] = [json.loads(path.read_text()) for path in files if path.stem != "source"]
        resources = {path: document for each in documents for path, document in each.items()}
        return ReplayHost(resources, fault=self.answer)
