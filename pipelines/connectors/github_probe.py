"""A look at GitHub for `plumbline doctor`: what the token may do, what is left of the budget, labels nobody uses."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pipelines.connectors.base import PROBED_SCOPES, Probed
from pipelines.connectors.label_rules import NAMES_SHOWN, label_rules
from pipelines.connectors.transport import Gone, HostClient, NotFound
from schemas.errors import ConfigurationError, SourceError

PER_PAGE = 100
LOOKED_AT = 20
"""Repositories whose labels and environments are looked at."""
CHECK_NAMES = "check repositories and what the token may read"
KINDS = {
    "pull requests": "pulls",
    "issues": "issues",
    "deployments": "deployments",
    "runs of Actions": "actions/runs",
}
"""What a pull reads of a repository, and where it is listed."""
OPTIONAL = ("runs of Actions",)
"""What many hosts and tokens do without."""
LABEL_RULES = ("pre_production_labels", "severity_labels", "hotfix_labels")
"""Settings that name labels, beside `defect_labels`; looked at where a workspace gives them."""
ENOUGH = {"repo", "public_repo"}
"""Scopes of a classic token of which one is needed."""


def token_and_budget(client: HostClient) -> Iterator[Probed]:
    """Who asks, and how often they may; asking this costs nothing of it."""
    if not client.has_token:
        what = "no token: public repositories only, at 60 requests an hour"
        yield Probed("note", what, "set token_env or token_file")
    try:
        found, headers = client.look("rate_limit")
    except NotFound:
        yield Probed("ok", "the host limits no requests")
        return
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
    if scopes & ENOUGH:
        yield Probed("ok", f"a classic token with the scopes {', '.join(sorted(scopes))}")
    elif scopes:
        what = f"the token has the scopes {', '.join(sorted(scopes))}, which show no repository's pull requests"
        yield Probed("problem", what, "give it repo, or public_repo for public ones")
    elif client.has_token and "x-oauth-scopes" in headers:
        what = "a classic token without scopes: public repositories only"
        yield Probed("note", what, "give it repo for private ones")
    elif client.has_token:
        yield Probed("ok", "a token with rights by repository; what it may read is shown below")
    for name in ("core", "graphql"):
        if budget := (found.get("resources") or {}).get(name):
            yield _budget(name, budget)


def _budget(name: str, budget: Mapping[str, Any]) -> Probed:
    limit, left = int(budget.get("limit") or 0), int(budget.get("remaining") or 0)
    if not limit:
        return Probed("ok", f"budget {name}: the host limits no requests")
    until = datetime.fromtimestamp(int(budget.get("reset") or 0), UTC).strftime("%H:%M UTC")
    what = f"budget {name}: {left:,} of {limit:,} left until {until}"
    if left < limit / 10:
        return Probed("note", what, "a pull will wait for it")
    return Probed("ok", what)


def readable(client: HostClient, repositories: Sequence[str]) -> Iterator[Probed]:
    """What the token may read of the first repositories: each kind of thing by its shortest listing."""
    for scope in repositories[:PROBED_SCOPES]:
        address = f"repos/{scope}"
        try:
            found = client.get(address)
        except NotFound:
            yield Probed("problem", f"{scope}: not there, or not visible to this token", CHECK_NAMES)
            continue
        seen, refused = [], []
        for kind, path in KINDS.items():
            try:
                client.get(f"{address}/{path}", {"per_page": 1})
            except Gone:
                continue  # turned off for this repository: there is nothing to see
            except (SourceError, ConfigurationError) as error:
                state = "note" if kind in OPTIONAL else "problem"
                refused.append(Probed(state, f"{scope}: {kind} cannot be read ({error.what})", error.what_to_do))
            else:
                seen.append(kind)
        archived = ", archived" if found.get("archived") else ""
        yield Probed("ok", f"{scope}{archived}: {', '.join(seen) or 'nothing'} can be read")
        yield from refused


def labels_and_environments(
    client: HostClient, repositories: Sequence[str], rules: Mapping[str, Sequence[str]]
) -> Iterator[Probed]:
    """Labels that the settings name and nothing bears, with those that there are; environments seen on the way.

    Args:
        client: of the host.
        repositories: `owner/name`, those that the source reads.
        rules: the settings' keys that name labels, and the labels.
    """
    labels: dict[str, set[str]] = {}
    for scope in repositories[:LOOKED_AT]:
        try:
            labels[scope] = {label["name"] for label in client.list(f"repos/{scope}/labels", {"per_page": PER_PAGE})}
        except (SourceError, ConfigurationError):
            continue  # that it cannot be read is said already
        environments = _environments(client, scope)
        if environments:
            shown = ", ".join(sorted(environments)[:NAMES_SHOWN])
            yield Probed("ok", f"{scope}: deployments to {shown}", environments=frozenset(environments))
    if not labels:
        return
    if len(repositories) > LOOKED_AT:
        yield Probed("ok", f"labels of the first {LOOKED_AT} of {len(repositories):,} repositories were looked at")
    yield from label_rules(rules, labels, partial(_is_borne, client))


def _environments(client: HostClient, scope: str) -> set[str]:
    try:
        found = client.get(f"repos/{scope}/deployments", {"per_page": PER_PAGE})
    except (SourceError, ConfigurationError):
        return set()
    return {str(item.get("original_environment") or item.get("environment")) for item in found}


def _is_borne(client: HostClient, scope: str, label: str) -> bool:
    try:
        found = client.get(f"repos/{scope}/issues", {"labels": label, "state": "all", "per_page": PER_PAGE})
    except (SourceError, ConfigurationError):
        return True  # unknown is no reason for a complaint
    return any(not item.get("pull_request") for item in found)
