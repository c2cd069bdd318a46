"""What a look at GitLab finds: the token, what can be read, environments, labels that nothing bears."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stamina
from pydantic import SecretStr

from pipelines.connectors.base import Probed
from pipelines.connectors.gitlab import GitLab, GitLabSettings
from pipelines.connectors.transport import HostClient
from tests.support.replay import Answer, ReplayHost

SCOPE = "acme/shop/checkout"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def look(
    root: Path,
    *,
    scopes: tuple[str, ...] = ("read_api",),
    expires_at: str | None = "2027-01-01",
    borne: tuple[str, ...] = ("bug",),
    refused: str = "nothing",
    **settings: Any,  # noqa: ANN401 - as many types as settings have
) -> list[Probed]:
    """What the probe says of the shipped payloads, with labels, environments and a token beside them."""

    def answer(target: str, _: int) -> Answer | None:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.endswith(refused):
            return Answer.of({"message": "403 Forbidden"}, 403)
        if path.endswith("/personal_access_tokens/self"):
            return Answer.of({"scopes": scopes, "expires_at": expires_at})
        if path.endswith("/labels"):
            return Answer.of([{"name": name} for name in ("bug", "type::Bug", "sev1")])
        if path.endswith("/environments"):
            return Answer.of([{"name": "live"}, {"name": "staging"}])
        if path.endswith("/issues") and "labels" in query:
            return Answer.of([{"iid": 1}] if query["labels"][0] in borne else [])
        return None

    files = [path for path in (root / "sample_data/payloads/gitlab").glob("*.json") if path.stem != "source"]
    documents: list[dict[str, Any]] = [json.loads(path.read_text()) for path in files]
    resources = {path: document for each in documents for path, document in each.items()}
    host = ReplayHost(resources, "/api/v4", fault=answer)
    given = GitLabSettings.model_validate({"kind": "gitlab", "name": "work", "projects": [SCOPE], **settings})
    with (
        stamina.set_testing(True, attempts=2),
        HostClient(
            "work", given.base_url, SecretStr("t0ken"), transport=host.transport(), clock=lambda: NOW.timestamp()
        ) as client,
    ):
        return list(GitLab(given).probe(client))


def said(found: list[Probed], state: str) -> list[str]:
    return [f"{each.what} → {each.advice}" if each.advice else each.what for each in found if each.state == state]


def test_in_order(repository_root: Path) -> None:
    found = look(repository_root, defect_labels=["bug"])
    assert said(found, "ok") == [
        "a token with the scopes read_api",
        f"{SCOPE}: issues, merge requests, deployments, pipelines can be read",
        f"{SCOPE}: environments live, staging",
        "defect_labels: 'bug' is a label of 1 repository",
    ]
    assert len(found) == 4
    assert frozenset().union(*(each.environments for each in found)) == {"live", "staging"}


def test_labels_that_nothing_bears(repository_root: Path) -> None:
    more: dict[str, Any] = {"severity_labels": {"sev1": 1}, "incident_labels": ["outage"]}
    found = look(repository_root, defect_labels=["bug", "type::bug"], **more)
    assert said(found, "note") == [
        "defect_labels: no repository has a label 'type::bug' → it is written 'type::Bug'",
        "incident_labels: no repository has a label 'outage' → labels there are: bug, sev1, type::Bug",
        "severity_labels: no issue bears the label 'sev1' → other labels there are: bug, type::Bug",
    ]


def test_of_the_labels_by_default_one_in_use_is_enough(repository_root: Path) -> None:
    assert said(look(repository_root), "note") == []
    assert [each.partition(" → ")[0] for each in said(look(repository_root, borne=()), "note")] == [
        "defect_labels: no issue bears the label 'bug'",
        "defect_labels: no repository has a label 'type::bug'",
    ]


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ({"scopes": ("read_user",)}, "problem", "the token has the scopes read_user, which show no project's"),
        ({"expires_at": "2026-03-10"}, "note", "the token expires on 2026-03-10 → make a new one in time"),
        ({"refused": "/pipelines"}, "note", f"{SCOPE}: pipelines cannot be read (answered 403"),
        ({"projects": ["acme/nowhere"]}, "problem", "acme/nowhere: not there, or not visible to this token"),
    ],
)
def test_what_is_to_be_looked_at(repository_root: Path, more: dict[str, Any], state: str, words: str) -> None:
    assert any(each.startswith(words) for each in said(look(repository_root, **more), state))
