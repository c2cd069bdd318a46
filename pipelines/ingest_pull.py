"""One source's pull: its repositories side by side, the streams of one after the other, a batch at a time.

A stream that fails keeps what arrived, and its cursor where it was.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

import httpx

from pipelines.connectors.base import Batch, Conformed, PullContext, Stream
from pipelines.connectors.kept_answers import KeptAnswers
from pipelines.connectors.transport import GO_ON, HostClient, Stopped
from pipelines.ingest_batches import Waiting
from pipelines.ingest_desk import Desk
from pipelines.ingest_prepare import PreparedSource
from pipelines.ingest_report import Progress, StreamReport
from pipelines.ingest_store import IngestStore
from pipelines.warehouse import Warehouse
from schemas.errors import ConfigurationError, SourceError

FAILURES_IN_A_ROW = 3
"""Streams that fail one after the other before the rest of their source is left for the next run."""


@dataclass(frozen=True)
class World:
    """What a pull takes from outside: transport (httpx's own if None), clock, sleep and environment.

    Without a `sleep` of its own a wait ends early when the pull is called off.
    """

    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


class _Known:
    """The `Knowledge` of connectors: asked of the warehouse in the order of what was handed to it."""

    def __init__(self, desk: Desk, source: str) -> None:
        self._desk = desk
        self._source = source

    def ids(self, table: str, repo_id: str, **equals: str) -> Sequence[str]:
        """Keys of the living rows of `table` that belong to `repo_id` and have these values."""
        return self._desk.ask(lambda warehouse: IngestStore(warehouse, self._source).ids(table, repo_id, **equals))


class SourcePull:
    """The pull of one source; `run` on a thread of its own, `reports` afterwards."""

    def __init__(
        self,
        source: PreparedSource,
        desk: Desk,
        progress: Progress,
        world: World,
        kept: KeptAnswers,
        since: datetime | None,
        full: bool,
    ) -> None:
        self._source = source
        self._desk = desk
        self._progress = progress
        self._since = since
        self._full = full
        self._lock = threading.Lock()
        self._reports: dict[int, StreamReport] = {}
        self._failures = 0
        self._given_up = False
        self._listed = 0
        self._touched: set[str] = set()
        settings = source.connector.settings
        self._client = HostClient(
            settings.name,
            settings.base_url,
            source.token,
            source.token_hint,
            headers=source.connector.headers,
            transport=world.transport,
            clock=world.clock,
            sleep=world.sleep,
            on_wait=lambda seconds, reason: desk.tell(lambda: progress.waits(settings.name, seconds, reason)),
            authorization=source.connector.authorization,
            kept=kept,
        )

    @property
    def budget(self) -> object:
        """What is counted together by the host: who asks it."""
        url = self._client.base_url
        token = self._source.token
        return url.scheme, url.host, url.port, token.get_secret_value() if token else None

    def reports(self) -> list[StreamReport]:
        """What was read and how it ended, in the order of the streams."""
        return [report for _, report in sorted(self._reports.items())]

    def call_off(self) -> None:
        """End as soon as can be."""
        self._client.stop()

    def run(self) -> None:
        """Read all streams; what went wrong with the source is in the reports."""
        name = self._source.name
        with self._client as client:
            cursors = self._desk.ask(lambda warehouse: IngestStore(warehouse, name).cursors())
            context = PullContext(client, client.now(), cursors, _Known(self._desk, name), self._since, self._full)
            try:
                self._read_scopes(self._source.connector.streams(context), context)
            except (SourceError, ConfigurationError) as error:
                counted = sum(report.requests for report in self._reports.values())
                listing = StreamReport(name, "streams", requests=client.all_requests - counted, error=error)
                self._reports[len(self._reports) + 1_000_000_000] = listing
        self._desk.ask(lambda warehouse: IngestStore(warehouse, name, self._touched).count_orphans())

    def _read_scopes(self, streams: Iterable[Stream], context: PullContext) -> None:
        """The first stream alone, for it shows whether the host can be read at all; then scopes side by side."""
        numbered = enumerate(streams)
        scopes = groupby(numbered, key=lambda each: each[1].scope)
        with ThreadPoolExecutor(self._source.connector.settings.concurrency, "scope") as pool:
            try:
                for _, scope in scopes:
                    of_scope = list(scope)
                    self._listed += len(of_scope)
                    if not self._reports and self._read_stream(*of_scope.pop(0), context).state == "refused":
                        of_scope = []  # the rest of a scope that is refused is left out
                    if self._given_up:
                        break
                    pool.submit(self._read_scope, of_scope, context)
            finally:
                pool.shutdown(wait=True, cancel_futures=context.client.is_stopped)

    def _read_scope(self, streams: Sequence[tuple[int, Stream]], context: PullContext) -> None:
        """The streams of one scope; whatever is not an error of the source ends the whole pull at once."""
        try:
            for number, stream in streams:
                if self._given_up or self._read_stream(number, stream, context).state == "refused":
                    return
        except Stopped:
            pass
        except BaseException as failure:
            self._desk.fail(failure)

    def _read_stream(self, number: int, stream: Stream, context: PullContext) -> StreamReport:
        report = StreamReport(self._source.name, stream.name)
        own = replace(context, client=context.client.for_stream())
        self._desk.tell(lambda: self._progress.started(report.source, report.stream))
        waiting = Waiting()

        def store(warehouse: Warehouse) -> None:
            for batch, conformed in waiting.take():
                report.requests = own.client.requests
                into = IngestStore(warehouse, self._source.name, self._touched)
                report.add(into.keep(stream, batch, conformed, report.requests))
                self._advance(report)

        try:
            for read in self._batches(stream, own):
                if waiting.add(read):
                    self._desk.post(store)
                elif waiting.is_full:
                    self._desk.ask(store)
        except (SourceError, ConfigurationError) as error:
            report.error = error
        self._desk.post(lambda warehouse: self._end(warehouse, stream, report, own.client.requests))
        self._count(number, report)
        return report

    def _end(self, warehouse: Warehouse, stream: Stream, report: StreamReport, requests: int) -> None:
        report.requests = requests
        IngestStore(warehouse, self._source.name).note_end(stream, report.state, requests)
        report.is_over = True
        self._advance(report)

    def _advance(self, report: StreamReport) -> None:
        """Tell how far a stream is, and how much of its source is known to lie ahead."""
        report.listed = self._listed
        report.left = min((count for count in self._client.remaining.values() if count is not None), default=None)
        self._progress.advanced(report)

    def _count(self, number: int, report: StreamReport) -> None:
        """Give the source up after several failures in a row, or if the host has never been readable."""
        with self._lock:
            self._reports[number] = report
            self._failures = self._failures + 1 if report.state == "partial" else 0
            hopeless = not self._client.answered or self._failures >= FAILURES_IN_A_ROW
            self._given_up = self._given_up or (report.error is not None and hopeless)

    def _batches(self, stream: Stream, context: PullContext) -> Iterator[tuple[Batch, Conformed]]:
        """The batches with their rows; an answer of another shape than the host documents is an error of the source."""
        connector = self._source.connector
        batches = connector.pull(stream, context)
        while True:
            try:
                batch = next(batches, None)
                conformed = connector.conform(batch.records) if batch else None
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                what = f"sent a record that could not be read ({type(error).__name__}: {error})"
                raise SourceError(what, f'source "{self._source.name}", {stream.name}', GO_ON) from error
            if batch is None or conformed is None:
                return
            yield batch, conformed
