"""Pulling from the configured sources into the warehouse: by which connector, from where on, and what went wrong.

A source that fails does not keep the others from being read; a stream that fails keeps what arrived, and its cursor
where it was.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import httpx
from pydantic import SecretStr, ValidationError

from pipelines.connectors.base import Batch, Conformed, Connector, PullContext, SourceSettings, Stream, discover
from pipelines.connectors.transport import GO_ON, HostClient
from pipelines.ingest_store import IngestStore, Outcome
from pipelines.warehouse import Warehouse
from schemas.errors import ConfigurationError, PlumblineError, SourceError
from schemas.workspace import FILE_NAME, Source, Workspace

FAILURES_IN_A_ROW = 3
"""Streams that fail one after the other before the rest of their source is left for the next run."""


@dataclass
class StreamReport:
    """What a pull of one stream did: rows by what became of them and by table, requests made, and how it ended."""

    source: str
    stream: str
    rows: dict[str, Outcome] = field(default_factory=dict)
    requests: int = 0
    error: PlumblineError | None = None

    def add(self, outcomes: Mapping[str, Outcome]) -> None:
        """Count a batch in."""
        for table, outcome in outcomes.items():
            self.rows[table] = self.rows.get(table, Outcome()) + outcome

    @property
    def state(self) -> str:
        """`complete`, `partial` (the next ingest goes on) or `refused` (the configuration has to be mended)."""
        if self.error is None:
            return "complete"
        return "partial" if isinstance(self.error, SourceError) else "refused"


class Progress(Protocol):
    """Whoever shows how a pull goes."""

    def started(self, source: str, stream: str) -> None:
        """A stream begins."""

    def advanced(self, report: StreamReport) -> None:
        """A batch was stored, or the stream came to its end."""

    def waits(self, source: str, seconds: float, reason: str) -> None:
        """The host wants to be left alone for a while."""


@dataclass(frozen=True)
class World:
    """What a pull takes from outside: transport (httpx's own if None), clock, sleep and environment."""

    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class PreparedSource:
    """A source of plumbline.toml whose settings and token were found in order."""

    connector: Connector
    token: SecretStr | None
    token_hint: str

    @property
    def name(self) -> str:
        """The source's name."""
        return self.connector.settings.name


def ingest_sources(
    workspace: Workspace,
    names: Sequence[str],
    progress: Progress,
    *,
    since: datetime | None = None,
    full: bool = False,
    world: World | None = None,
) -> list[StreamReport]:
    """Pull the named sources (all where none is named) into the workspace's warehouse.

    Raises:
        ConfigurationError: A source is not configured, or its settings or token are wrong; nothing has been asked of
            any host then.
        WarehouseError: The warehouse cannot be written.
    """
    world = world or World()
    prepared = [prepare(workspace, source, world.environment) for source in _chosen(workspace, names)]
    reports: list[StreamReport] = []
    with Warehouse.open(workspace, write=True) as warehouse:
        for source in prepared:
            reports += _Pull(source, IngestStore(warehouse, source.name), progress, world).run(since, full)
    return reports


def _chosen(workspace: Workspace, names: Sequence[str]) -> list[Source]:
    configured = {source.name: source for source in workspace.sources}
    where = str(workspace.root / FILE_NAME)
    if not configured:
        raise ConfigurationError("no source is configured", where, "add a [[sources]] table")
    for name in names:
        if name not in configured:
            raise ConfigurationError(f"there is no source {name!r}", where, f"name one of {', '.join(configured)}")
    return [configured[name] for name in dict.fromkeys(names or configured)]


def prepare(workspace: Workspace, source: Source, environment: Mapping[str, str]) -> PreparedSource:
    """Check a source's settings by its connector's model, and fetch its token.

    Raises:
        ConfigurationError: The kind is not known, a key is wrong, or the token is not where the settings say.
    """
    connector = connector_of(workspace, source)
    token, hint = _token(connector.settings, workspace, environment, _where(workspace, source))
    return PreparedSource(connector, token, hint)


def connector_of(workspace: Workspace, source: Source) -> Connector:
    """A source's connector with its settings, which are checked by the connector's model.

    Raises:
        ConfigurationError: The kind is not known, or a key is wrong.
    """
    where = _where(workspace, source)
    connectors = discover()
    if source.kind not in connectors:
        raise ConfigurationError(f"kind {source.kind!r} is not known", where, f"known kinds: {', '.join(connectors)}")
    connector = connectors[source.kind]
    given = source.model_dump(include=source.model_fields_set | set(source.extra), exclude_none=True)
    try:
        return connector(connector.settings_model.model_validate(given))
    except ValidationError as error:
        raise _settings_error(error, connector.settings_model, where) from None


def _where(workspace: Workspace, source: Source) -> str:
    return f'{workspace.root / FILE_NAME}, source "{source.name}"'


def _settings_error(error: ValidationError, model: type[SourceSettings], where: str) -> ConfigurationError:
    first = error.errors(include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigurationError(f"{key} is not a known key", where, f"known here: {', '.join(model.model_fields)}")
    if first["type"] == "missing":
        return ConfigurationError(f"{key} is missing", where, f"add {key} = …")
    return ConfigurationError(f"{key}: {first['msg']}", where, "correct it there")


def _token(
    settings: SourceSettings, workspace: Workspace, environment: Mapping[str, str], where: str
) -> tuple[SecretStr | None, str]:
    """The token and where it comes from, in words."""
    if settings.token_env and settings.token_file:
        raise ConfigurationError("token_env and token_file are both set", where, "keep one of them")
    if settings.token_env:
        hint = f"environment variable {settings.token_env}"
        text = environment.get(settings.token_env, "").strip()
        if not text:
            raise ConfigurationError(f"{hint} is not set", where, "set it to a token of this host")
        return _checked(text, hint, where), hint
    if settings.token_file:
        path = workspace.root / settings.token_file.expanduser()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise ConfigurationError(f"token_file {path}: {reason}", where, "put the token there") from None
        if not text:
            raise ConfigurationError(f"token_file {path} is empty", where, "put the token there")
        return _checked(text, str(path), where), str(path)
    return None, "token_env or token_file"


def _checked(text: str, hint: str, where: str) -> SecretStr:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(f"what stands in {hint} is no token", where, "put the token alone there")
    return SecretStr(text)


class _Pull:
    """One source's pull: its streams one after the other, each batch stored before the next is asked for."""

    def __init__(self, source: PreparedSource, store: IngestStore, progress: Progress, world: World) -> None:
        self._source = source
        self._store = store
        self._progress = progress
        self._world = world
        self._reports: list[StreamReport] = []

    def run(self, since: datetime | None, full: bool) -> list[StreamReport]:
        """Read all streams; what went wrong is in the reports."""
        settings = self._source.connector.settings
        with HostClient(
            settings.name,
            settings.base_url,
            self._source.token,
            self._source.token_hint,
            headers=self._source.connector.headers,
            authorization=self._source.connector.authorization,
            transport=self._world.transport,
            clock=self._world.clock,
            sleep=self._world.sleep,
            on_wait=lambda seconds, reason: self._progress.waits(settings.name, seconds, reason),
        ) as client:
            context = PullContext(client, client.now(), self._store.cursors(), self._store, since, full)
            listing = StreamReport(settings.name, "streams")
            try:
                self._read_streams(context)
            except (SourceError, ConfigurationError) as error:
                listing.error = error
                listing.requests = client.requests - sum(report.requests for report in self._reports)
                self._reports.append(listing)
        self._store.count_orphans()
        return self._reports

    def _read_streams(self, context: PullContext) -> None:
        refused_scopes: set[str] = set()
        failures = 0
        for stream in self._source.connector.streams(context):
            if stream.scope in refused_scopes:
                continue
            report = self._read_stream(stream, context)
            self._reports.append(report)
            failures = failures + 1 if report.state == "partial" else 0
            if report.state == "refused":
                refused_scopes.add(stream.scope)
            if report.error and (not context.client.answered or failures >= FAILURES_IN_A_ROW):
                return

    def _read_stream(self, stream: Stream, context: PullContext) -> StreamReport:
        report = StreamReport(self._source.name, stream.name)
        self._progress.started(report.source, report.stream)
        before = context.client.requests
        try:
            for batch, conformed in self._batches(stream, context):
                report.requests = context.client.requests - before
                report.add(self._store.keep(stream, batch, conformed, report.requests))
                self._progress.advanced(report)
        except (SourceError, ConfigurationError) as error:
            report.error = error
        report.requests = context.client.requests - before
        self._store.note_end(stream, report.state, report.requests)
        self._progress.advanced(report)
        return report

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
