"""What Bitbucket is asked for, and how its pull requests are linked to its pipelines: addresses, lists and instants."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from pipelines.connectors.base import Stream, parse_instant
from pipelines.connectors.checked_changes import ChangeIndex, CheckedChange
from pipelines.connectors.checks import ControlPoint
from pipelines.connectors.listing import Page, Query
from pipelines.connectors.newest_first import Item
from pipelines.connectors.paging import by_body
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import HostClient, NotFound

PER_PAGE = 100
CHANGES_PER_PAGE = 50
"""The most pull requests that the host lists at once."""
SHORT = 12
"""Characters to which a merge's commit is shortened in lists."""
NEXT = by_body("next")


def address_of(stream: Stream) -> str:
    """The address of the stream's repository."""
    return f"repositories/{stream.scope}"


def changes_address(stream: Stream, *states: str) -> str:
    """The list of pull requests with its whole query: states are a repeated parameter."""
    query = [("pagelen", str(CHANGES_PER_PAGE)), ("sort", "-updated_on"), *(("state", state) for state in states)]
    return f"{address_of(stream)}/pullrequests?{urlencode(query)}"


def list_all(client: HostClient, address: str, size: int) -> list[Item]:
    """All elements; none where there is nothing, as for the lines of a change whose branch is gone."""
    return [item for page in pages_if_any(client, address, {"pagelen": size}) for item in page.items]


def pages_if_any(client: HostClient, address: str, query: Query) -> Iterator[Page]:
    """The pages of a listing; none where the repository has that kind of thing turned off."""
    try:
        yield from client.pages(address, query, "values", NEXT)
    except NotFound:
        return


def updated_on(item: Item) -> datetime:
    """When a thing changed last."""
    return parse_instant(item["updated_on"])


def created_on(item: Item) -> datetime:
    """When a thing was made."""
    return parse_instant(item["created_on"])


def deployed_on(item: Item) -> datetime:
    """When a deployment changed last."""
    state = item.get("state") or {}
    told = (item.get("last_update_time"), state.get("completed_on"), state.get("started_on"))
    return parse_instant(next((at for at in told if at), None) or item["release"]["created_on"])


def read_index(stream: Stream, sweep: Sweep, client: HostClient) -> ChangeIndex:
    """The pull requests by branch and commit, down to where the last pull began; all that are open in any case."""
    found: dict[int, Item] = {}
    for states in (("OPEN",), ("MERGED", "DECLINED", "SUPERSEDED")):
        for page in client.pages(changes_address(stream, *states), None, "values", NEXT):
            found |= {item["id"]: item for item in page.items}
            if states != ("OPEN",) and page.items and sweep.is_below(updated_on(page.items[-1])):
                break
    return ChangeIndex(checked(item) for item in found.values())


def checked(item: Item) -> CheckedChange:
    """A listed pull request as pipelines are linked to it."""
    landed = (item.get("merge_commit") or {}).get("hash")
    return CheckedChange(
        number=str(item["id"]),
        source_branch=str(((item.get("source") or {}).get("branch") or {}).get("name")),
        target_branch=str(((item.get("destination") or {}).get("branch") or {}).get("name")),
        opened_at=item["created_on"],
        ended_at=None if item["state"] == "OPEN" else item["updated_on"],
        landed_as=(str(landed)[:SHORT],) if landed else (),
    )


def link(pipeline: Item, index: ChangeIndex) -> tuple[ControlPoint, str] | None:
    """(where it ran, number of the pull request); a pipeline of a pull request names it."""
    target = pipeline.get("target") or {}
    if number := (target.get("pullrequest") or {}).get("id"):
        return "pre_merge", str(number)
    sha = str((target.get("commit") or {}).get("hash"))[:SHORT]
    return index.link(str(target.get("ref_name")), sha, str(pipeline["created_on"]))
