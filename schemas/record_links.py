"""Where a record can be looked at: addresses made from the ids that records bear, by one small table of patterns.

An id template such as ``git.example.com:{path}#{number}`` is matched with a record's id; what its placeholders caught
goes into the address. ``*`` stands for any letters, digits, dots and hyphens and is not kept; ``{host}`` is what stands
before the colon, ``{id}`` the whole. A workspace adds its own in ``[[record_links]]``, which go before those here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["change", "deployment", "incident", "defect", "rollback", "repository"]
PLACEHOLDER = re.compile(r"\{(\w+)\}|\*")
ALWAYS_KNOWN = frozenset({"id", "host"})
HOST = re.compile(r"([\w.-]+(?::\d+)?):")


class RecordLink(BaseModel):
    """One pattern: which records it is for, what their ids look like, and their address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://\S+$")
    kinds: tuple[Kind, ...] = ()
    """The kinds of record that it is for; all where empty."""

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> RecordLink:
        caught = [name for name in PLACEHOLDER.findall(self.id) if name]
        twice = next((name for name in caught if caught.count(name) > 1), None)
        if twice:
            raise ValueError(f"id has {{{twice}}} twice; give each placeholder its own name")
        if "{" in PLACEHOLDER.sub("", self.url) or "}" in PLACEHOLDER.sub("", self.url):
            raise ValueError("url has a brace that is no placeholder such as {number}")
        unknown = [name for name in PLACEHOLDER.findall(self.url) if name and name not in {*caught, *ALWAYS_KNOWN}]
        if unknown:
            raise ValueError(f"url asks for {{{unknown[0]}}}, which id does not name")
        return self

    def address(self, kind: str, record_id: str) -> str | None:
        """The address of a record; None where the pattern is not for it."""
        if self.kinds and kind not in self.kinds:
            return None
        found = _pattern(self.id).fullmatch(record_id)
        if found is None:
            return None
        host = HOST.match(record_id)
        if host is None and "{host}" in self.url:
            return None
        caught = found.groupdict()

        def written(place: re.Match[str]) -> str:
            name = place.group(1)
            if name in caught:
                return quote(caught[name], safe="/-._~")
            if name == "host":
                return host.group(1) if host else ""
            return quote(record_id, safe="-._~") if name else place.group(0)

        return PLACEHOLDER.sub(written, self.url)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """A template as a regular expression: `{path}` may hold slashes, other placeholders may not."""
    written, last = [], 0
    for place in PLACEHOLDER.finditer(template):
        name = place.group(1)
        any_of = r"[\w.-]*" if name is None else r"(?P<path>[^#!\s:]+)" if name == "path" else rf"(?P<{name}>[^/#:\s]+)"
        written += [re.escape(template[last : place.start()]), any_of]
        last = place.end()
    return re.compile("".join([*written, re.escape(template[last:])]))


def _of(host: str, tail: str, page: str, *kinds: Kind) -> RecordLink:
    """A pattern of records that hang on a repository: `host:owner/name` and a tail."""
    return RecordLink(id=f"*{host}*:{{path}}{tail}", url=f"https://{{host}}/{{path}}{page}", kinds=kinds)


SHIPPED = (
    _of("github", "#{number}", "/pull/{number}", "change"),
    _of("github", "#{number}", "/issues/{number}", "defect", "incident"),
    _of("github", "/deployments/{number}", "/deployments", "deployment"),
    _of("gitlab", "#{number}", "/-/merge_requests/{number}", "change"),
    _of("gitlab", "/issues/{number}", "/-/issues/{number}", "defect", "incident"),
    _of("gitlab", "/deployments/{number}", "/-/environments", "deployment"),
    _of("bitbucket", "#{number}", "/pull-requests/{number}", "change"),
    _of("bitbucket", "/issues/{number}", "/issues/{number}", "defect", "incident"),
    _of("bitbucket", "/deployments/{number}", "/deployments", "deployment"),
    RecordLink(
        id="dev.azure.com:{organisation}/{project}/{repository}#{number}",
        url="https://dev.azure.com/{organisation}/{project}/_git/{repository}/pullrequest/{number}",
        kinds=("change",),
    ),
    *(
        RecordLink(id=f"{site}:{{issue}}", url="https://{host}/browse/{issue}", kinds=("defect", "incident"))
        for site in ("*.atlassian.net", "*jira*")
    ),
    *(_of(host, "", "", "repository") for host in ("github", "gitlab", "bitbucket")),
)
"""For the hosts whose name tells what they run. Where a host has no page per deployment, its
list of them is given."""


class RecordLinks:
    """The patterns of a workspace, then those that ship; the first that fits decides."""

    def __init__(self, own: Iterable[RecordLink] = ()) -> None:
        """Put a workspace's own patterns first."""
        self.patterns = (*own, *SHIPPED)

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, str]]) -> RecordLinks:
        """The patterns that a snapshot keeps: rows with id, url and kinds (with commas between them)."""
        kinds = ((row, row["kinds"].split(",") if row["kinds"] else ()) for row in rows)
        return cls(RecordLink(id=row["id"], url=row["url"], kinds=tuple(names)) for row, names in kinds)

    def address(self, kind: str, record_id: str) -> str | None:
        """Where a record can be looked at; None where no pattern is for it."""
        return next((url for each in self.patterns if (url := each.address(kind, record_id))), None)
