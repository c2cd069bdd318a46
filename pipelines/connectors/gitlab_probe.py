"""A look at GitLab for `plumbline doctor`: what the token may do, labels nobody uses, environments that there are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from pipelines.connectors.base import PROBED_SCOPES, Probed
from pipelines.connectors.gitlab_names import project
from pipelines.connectors.label_rules import NAMES_SHOWN, label_rules
from pipelines.connectors.listing import Query
from pipelines.connectors.transport import HostClient, NotFound
from schemas.errors import ConfigurationError, SourceError

PER_PAGE = 100
LOOKED_AT = 20
"""Projects whose labels and environments are looked at."""
LABEL_RULES = ("pre_production_labels", "incident_labels", "security_labels", "severity_labels", "hotfix_labels")
"""Settings that name labels, beside `defect_labels`; looked at where a workspace gives them."""
EXPIRES_SOON = timedelta(days=14)
ENOUGH = {"api", "read_api"}
CHECK_NAMES = "check projects and what the token may read (scope read_api)"
KINDS = {
    "issues": "issues",
    "merge requests": "merge_requests",
    "deployments": "deployments",
    "pipelines": "pipelines",
}
"""What a pull reads of a project, and where it is listed."""


def token(client: HostClient, today: date) -> Iterator[Probed]:
    """What the token may do and until when, where GitLab tells it: of personal, group and project tokens."""
    if not client.has_token:
        yield Probed("note", "no token: public projects only", "set token_env or token_file")
        return
    try:
        found = client.get("personal_access_tokens/self")
    except (SourceError, ConfigurationError):
        return  # a job's or an application's token: what it may read is shown by reading
    scopes = sorted(found.get("scopes") or ())
    if ENOUGH & set(scopes):
        yield Probed("ok", f"a token with the scopes {', '.join(scopes)}")
    else:
        what = f"the token has the scopes {', '.join(scopes) or 'none'}, which show no project's merge requests"
        yield Probed("problem", what, "give it read_api")
    if (last := found.get("expires_at")) and date.fromisoformat(last) - today < EXPIRES_SOON:
        yield Probed("note", f"the token expires on {last}", "make a new one in time")


def readable(client: HostClient, projects: Sequence[str]) -> Iterator[Probed]:
    """What the token may read of the first projects: each kind of thing by its shortest listing."""
    for scope in projects[:PROBED_SCOPES]:
        try:
            found = client.get(project(scope))
        except NotFound:
            yield Probed("problem", f"{scope}: not there, or not visible to this token", CHECK_NAMES)
            continue
        seen, refused = [], []
        for kind, path in KINDS.items():
            try:
                client.get(f"{project(scope)}/{path}", {"per_page": 1})
            except (SourceError, ConfigurationError) as error:
                # GitLab answers 403 or 404 for what is turned off in a project, as a pull knows.
                refused.append(Probed("note", f"{scope}: {kind} cannot be read ({error.what})", error.what_to_do))
            else:
                seen.append(kind)
        archived = ", archived" if found.get("archived") else ""
        yield Probed("ok", f"{scope}{archived}: {', '.join(seen) or 'nothing'} can be read")
        yield from refused


def labels_and_environments(
    client: HostClient, projects: Sequence[str], rules: Mapping[str, Sequence[str]], one_of: Sequence[str] = ()
) -> Iterator[Probed]:
    """Labels that the settings name and nothing bears; environments seen on the way.

    Args:
        client: Of the host.
        projects: Their paths, those that the source reads.
        rules: The settings' keys that name labels, and the labels.
        one_of: Rules of which one label in use is enough.
    """
    labels: dict[str, set[str]] = {}
    for scope in projects[:LOOKED_AT]:
        try:
            labels[scope] = {
                str(item["name"]) for item in client.list(f"{project(scope)}/labels", {"per_page": PER_PAGE})
            }
            found = client.get(f"{project(scope)}/environments", {"per_page": PER_PAGE})
        except (SourceError, ConfigurationError):
            continue  # that the project cannot be read is said already
        if environments := sorted(str(item["name"]) for item in found):
            what = f"{scope}: environments {', '.join(environments[:NAMES_SHOWN])}"
            yield Probed("ok", what, environments=frozenset(environments))
    if labels:
        yield from label_rules(rules, labels, partial(_is_borne, client), one_of)


def _is_borne(client: HostClient, scope: str, label: str) -> bool:
    query: Query = {"labels": label, "scope": "all", "state": "all", "per_page": 1}
    try:
        return bool(client.get(f"{project(scope)}/issues", query))
    except (SourceError, ConfigurationError):
        return True  # unknown is no reason for a complaint
