"""A look at Jira for `plumbline doctor`: who asks, whether the JQL fits any issue, and which values no rule knows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.connectors.base import Probed
from pipelines.connectors.jira_fields import values
from pipelines.connectors.transport import HostClient
from schemas.errors import ConfigurationError, SourceError

NAMES_SHOWN = 12
Issue = Mapping[str, Any]


def account(client: HostClient, api: str) -> Iterator[Probed]:
    """Whose eyes the token has: to nobody in particular Jira shows what is public, or nothing, with status 200."""
    try:
        found = client.get(f"{api}/myself")
    except (SourceError, ConfigurationError) as error:
        what = "nobody is logged in: Jira then shows what is public, or nothing"
        yield Probed("problem", what, f"set user (Cloud) and token_env or token_file; the host {error.what}")
        return
    yield Probed("ok", f"logged in as {found.get('displayName') or found.get('name')}")


def fitting(kind: str, issues: Sequence[Issue], is_all: bool) -> Iterator[Probed]:
    """Whether the JQL of a kind fits anything."""
    if issues:
        yield Probed("ok", f"{kind}: the JQL fits {len(issues)} issues{'' if is_all else ' and more'}")
    else:
        yield Probed("note", f"{kind}: the JQL fits no issue", "try it in Jira's own search, as the same account")


def unknown_values(
    rule: str, fields: Sequence[str], known: Iterable[str], issues: Sequence[Issue], means: str
) -> Iterator[Probed]:
    """Issues of which no value of a rule's fields is known to it, with the values that there are.

    Args:
        rule: The settings' key.
        fields: The fields that it looks at.
        known: The values that it knows.
        issues: The newest that fit.
        means: What becomes of such an issue, in words.
    """
    wanted = {value.casefold() for value in known}
    found = [[value for field in fields for value in values(issue, field)] for issue in issues]
    unknown = [held for held in found if not {value.casefold() for value in held} & wanted]
    if not issues or not unknown:
        return
    counts = Counter(value for held in unknown for value in held)
    there = ", ".join(f"{value} ({count})" for value, count in counts.most_common(NAMES_SHOWN)) or "none"
    what = f"{rule}: {len(unknown)} of the {len(issues)} newest hold no value that it knows: {means}"
    yield Probed("note", what, f"values of {', '.join(fields)} there are: {there}")
