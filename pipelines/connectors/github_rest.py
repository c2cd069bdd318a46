"""Reading a repository of GitHub over REST: workflow runs, which GraphQL lacks; the rest where there is no GraphQL.

Without a token GitHub answers no GraphQL, and some hosts have none. Then each changed pull request costs four requests,
five with review comments, and its checks are not read.

API: https://docs.github.com/en/rest, version 2022-11-28.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.connectors.base import Batch, PullContext, RawRecord, Stream, parse_instant
from pipelines.connectors.github_checks import is_over
from pipelines.connectors.github_reading import PER_PAGE, ChangeReading, DeploymentReading
from pipelines.connectors.newest_first import OpenOnes, newest_first
from pipelines.connectors.sweep import Sweep
from pipelines.connectors.transport import Gone, HostClient, NotFound, Page, Query
from schemas.errors import SourceError


def pull_issues(
    stream: Stream, context: PullContext, is_wanted: Callable[[Mapping[str, Any]], bool]
) -> Iterator[Batch]:
    """Issues that were updated since the last pull, of those that are wanted."""
    sweep = Sweep.begin(stream, context)
    since = sweep.start.strftime("%Y-%m-%dT%H:%M:%SZ") if sweep.start else None
    query: Query = {"state": "all", "sort": "updated", "direction": "desc", "since": since, "per_page": PER_PAGE}

    def records(item: Mapping[str, Any]) -> list[RawRecord]:
        if item.get("pull_request") or not is_wanted(item):
            return []
        return [RawRecord("issue", str(item["number"]), stream.scope, item)]

    pages = _pages_if_any(context.client, f"repos/{stream.scope}/issues", query)
    yield from newest_first(sweep, context, pages, lambda item: parse_instant(item["updated_at"]), records)


def pull_changes(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """What was updated since the last pull, newest first; then what is, or was, open and has moved unseen.

    The cursor carries the open changes with the instant of their last update as read: a host's order by update has
    been seen to skip.
    """
    sweep = Sweep.begin(stream, context)
    reading = ChangeReading(stream, context)
    query: Query = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
    address = f"repos/{stream.scope}/pulls"
    try:
        for item in _changed_since(context.client, address, query, "updated_at", sweep):
            if reading.is_full():
                yield reading.batch(sweep.progress(open=reading.open))
            if not sweep.is_read(parse_instant(item["updated_at"])):
                reading.read(str(item["number"]))
            sweep.pass_by(parse_instant(item["updated_at"]))
        listed = context.client.list(address, {"state": "open", "per_page": PER_PAGE})
        for number in reading.moved({str(item["number"]): item["updated_at"] for item in listed}):
            if reading.is_full():
                yield reading.batch(sweep.progress(open=reading.open))
            reading.read(number)
    except SourceError:
        yield reading.batch(sweep.progress(open=reading.open))
        raise
    yield reading.batch(sweep.finished(open=reading.open), complete=True)


def pull_deployments(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """Deployments made since the last pull, and those that had not ended by then."""
    sweep = Sweep.begin(stream, context)
    reading = DeploymentReading(stream, context)
    address = f"repos/{stream.scope}/deployments"
    try:
        for item in _changed_since(context.client, address, {"per_page": PER_PAGE}, "created_at", sweep):
            if reading.is_full():
                yield reading.batch(sweep.progress(unfinished=reading.unfinished))
            if not sweep.is_read(parse_instant(item["created_at"])):
                reading.read(item)
            sweep.pass_by(parse_instant(item["created_at"]))
        reading.read_unfinished()
    except SourceError:
        yield reading.batch(sweep.progress(unfinished=reading.unfinished))
        raise
    yield reading.batch(sweep.finished(unfinished=reading.still_waiting()), complete=True)


def pull_releases(stream: Stream, context: PullContext) -> Iterator[Batch]:
    """Releases made since the last pull; the commit of a release's tag is not told here."""
    sweep = Sweep.begin(stream, context)
    pages = _pages_if_any(context.client, f"repos/{stream.scope}/releases", {"per_page": PER_PAGE}, conditional=True)
    yield from newest_first(
        sweep,
        context,
        pages,
        lambda item: parse_instant(item["created_at"]),
        lambda item: [RawRecord("release", str(item["id"]), stream.scope, item)],
    )


def pull_workflow_runs(
    stream: Stream, context: PullContext, is_wanted: Callable[[Mapping[str, Any]], bool]
) -> Iterator[Batch]:
    """Runs that were begun since the last pull, of those that are wanted, and those that had not ended by then."""
    sweep, open_ones = Sweep.begin(stream, context), OpenOnes(context.cursor(stream))
    address = f"repos/{stream.scope}/actions/runs"

    def records(item: Mapping[str, Any]) -> list[RawRecord]:
        if not is_wanted(item):
            return []
        identifier = str(item["id"])
        open_ones.note(identifier, None if is_over(item) else item["created_at"])
        return [RawRecord("workflow_run", identifier, stream.scope, item)]

    def unfinished() -> Iterator[list[RawRecord]]:
        for identifier in open_ones.moved({}):
            try:
                yield records(context.client.get(f"{address}/{identifier}"))
            except NotFound:
                open_ones.note(identifier, None)

    pages = _pages_if_any(context.client, address, {"per_page": PER_PAGE}, "workflow_runs", conditional=True)
    yield from newest_first(
        sweep,
        context,
        pages,
        lambda item: parse_instant(item["created_at"]),
        records,
        more=open_ones.cursor,
        then=unfinished,
    )


def _pages_if_any(
    client: HostClient, address: str, query: Query, items_key: str | None = None, conditional: bool = False
) -> Iterator[Page]:
    """The pages of a listing; none where the host has that kind of thing turned off, or never had it."""
    try:
        yield from client.pages(address, query, items_key, conditional=conditional)
    except Gone:
        return
    except NotFound:
        if items_key is None:
            raise


def _changed_since(
    client: HostClient, address: str, query: Query, instant: str, sweep: Sweep
) -> Iterator[Mapping[str, Any]]:
    """The elements of a newest-first listing down to where the sweep began last time."""
    for page in client.pages(address, query):
        for item in page.items:
            if sweep.is_below(parse_instant(item[instant])):
                return
            yield item
