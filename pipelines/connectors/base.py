"""The seam between a source and the rest: settings, streams, batches of raw records, their reading as event tables."""

import importlib
import json
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

import pipelines.connectors
from pipelines.connectors.transport import HostClient
from schemas.errors import ConfigurationError, SourceError

OVERLAP = timedelta(minutes=10)
"""How far behind a run's start the next begins: hosts list a change some time after it happened, and clocks differ."""

PROBED_SCOPES = 3
"""Scopes that a look at a source reads, of however many there are."""

RECORD_COLUMN = "record"
"""Column of every conformed frame: the position, from 0, of the raw record within its batch that the row came from."""

Cursor = Mapping[str, Any]
"""Where a stream goes on from; JSON values only, the connector's own to read."""


class SourceSettings(BaseModel):
    """One `[[sources]]` table of plumbline.toml. A connector adds its own keys; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    name: str = Field(min_length=1)
    base_url: str
    token_env: str | None = None
    token_file: Path | None = None
    concurrency: int = Field(4, ge=1, le=32)
    """Scopes (repositories) that are read at the same time, under one rate limit."""


@dataclass(frozen=True)
class RawRecord:
    """One element of a response, as received.

    `kind` is what the host calls it (`pull_request`, `review`), `record_id` the host's id, `scope` what it was read
    for (a repository) and
    `parent` the id of the record that it hangs on (a pull request's number), if any.
    """

    kind: str
    record_id: str
    scope: str
    data: Any
    parent: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The record as it is kept: one JSON object a line."""
        envelope = {"kind": self.kind, "id": self.record_id, "scope": self.scope, "parent": self.parent}
        return {**envelope, "data": self.data}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "RawRecord":
        """The record back from its kept form."""
        return cls(kept["kind"], kept["id"], kept["scope"], kept["data"], kept["parent"])


@dataclass(frozen=True)
class Batch:
    """Raw records that are stored together, and the cursor that is true once they are.

    `observed_at` is the instant before the first of them was asked for: what they show is at least as new. The last
    batch of a
    stream that was read to its end has `complete` set and the stream's next cursor.
    """

    records: Sequence[RawRecord]
    observed_at: datetime
    cursor: Cursor | None = None
    complete: bool = False


Row = dict[str, Any]
"""One row of an event table before it is checked: ids and instants as text, counts as integers, labels as a list."""


def text_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a frame of text (or lists of it), so that a value of a wrong type meets the intake's checks as it is."""
    names = list(rows[0])
    lists = {name for name in names for row in rows if isinstance(row[name], list)}
    schema = {name: pl.List(pl.String) if name in lists else pl.String for name in names}
    columns = {name: [_as_text(row[name]) for row in rows] for name in names}
    frame = pl.DataFrame(columns, schema=schema)
    return frame.with_columns(pl.col(RECORD_COLUMN).cast(pl.Int64))


def _as_text(value: object) -> str | list[str] | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool | dict):
        return json.dumps(value)
    return str(value)


@dataclass(frozen=True)
class Conformed:
    """Raw records read as event tables.

    `frames` maps a table of the contract to its rows (with `RECORD_COLUMN`); `complete_sets` maps a table to the
    parents whose rows
    were read whole, so that rows of them that are not in the frame are gone.
    """

    frames: Mapping[str, pl.DataFrame]
    complete_sets: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """What is read, resumed and reported on its own: a kind of thing (`pull_requests`) of a scope (`owner/name`)."""

    kind: str
    scope: str

    @property
    def name(self) -> str:
        """The stream's name in `source_status`."""
        return f"{self.kind} {self.scope}"


class Knowledge(Protocol):
    """What the warehouse holds already, as far as a connector may ask; the scope's earlier streams included."""

    def ids(self, table: str, repo_id: str, **equals: str) -> Sequence[str]:
        """Keys of the rows of `table` that belong to `repo_id` and have these values; tombstones are left out."""
        ...


@dataclass(frozen=True)
class PullContext:
    """What a pull is given: the client, the saved cursors, what is known, and how far back to go.

    `since` reaches back to an instant instead of to the end of the last pull; `full` sets the saved cursors aside.
    """

    client: HostClient
    started_at: datetime
    cursors: Mapping[str, Cursor]
    knowledge: Knowledge
    since: datetime | None = None
    full: bool = False

    @property
    def reads_until(self) -> datetime:
        """What changed by this instant, by the host's clock, is shown by this pull; the next one begins there."""
        return self.started_at - timedelta(seconds=self.client.behind) - OVERLAP

    def cursor(self, stream: Stream) -> Cursor:
        """The stream's saved cursor; empty for a first and for a full pull."""
        return {} if self.full else self.cursors.get(stream.name, {})


@dataclass(frozen=True)
class Probed:
    """One thing that a look at a source found: `state` is `ok`, `note` (works, but look at it) or `problem`.

    `environments` are names of environments seen on the way, for whoever checks the rule on production.
    """

    state: str
    what: str
    advice: str = ""
    environments: frozenset[str] = frozenset()


class _NothingKnown:
    """The `Knowledge` of a look: of an empty warehouse."""

    def ids(self, table: str, repo_id: str, **equals: str) -> Sequence[str]:  # noqa: ARG002 - the protocol's
        """None."""
        return ()


class Connector(ABC):
    """One source. Subclasses set `kind`, `settings_model`, `default_base_url`, and are found by discovery."""

    kind: ClassVar[str]
    settings_model: ClassVar[type[SourceSettings]]
    default_base_url: ClassVar[str | None] = None
    accept: ClassVar[str] = "application/json"
    headers: ClassVar[Mapping[str, str]] = {}
    cannot_see: ClassVar[Sequence[str]] = ()
    """What a host of this kind keeps no record of, or shows to nobody: one clause each, for `plumbline doctor`."""

    def __init__(self, settings: SourceSettings) -> None:
        self.settings = settings

    def authorization(self, token: str) -> str:
        """The value of the Authorization header; hosts that want another scheme than `Bearer` say so here."""
        return f"Bearer {token}"

    @abstractmethod
    def streams(self, context: PullContext) -> Iterable[Stream]:
        """The streams, those of one scope next to each other; may ask the host (which repositories are there?).

        The streams of a scope are read in this order; scopes side by side, so that `pull` and `conform` are called
        from several threads and keep nothing on the connector.
        """

    @abstractmethod
    def pull(self, stream: Stream, context: PullContext) -> Iterator[Batch]:
        """Read one stream. Raises SourceError where it cannot be read to its end; what was yielded before stands."""

    @abstractmethod
    def conform(self, records: Sequence[RawRecord]) -> Conformed:
        """Read raw records of one batch as event tables. Pure: the same records give the same rows, whenever."""

    def probe(self, client: HostClient) -> Iterator[Probed]:
        """A look at the source without keeping anything: what can be read, and which of its rules match nothing.

        As it stands here: every stream of the first scopes, as a pull would read it that goes back no time at all.
        Connectors that know more of their host (scopes of the token, names of labels) say so besides. Raises what
        `streams` raises.
        """
        context = PullContext(client, client.now(), {}, _NothingKnown(), since=client.now())
        scopes = dict[str, list[Stream]]()
        for stream in self.streams(context):
            if stream.scope not in scopes and len(scopes) == PROBED_SCOPES:
                break
            scopes.setdefault(stream.scope, []).append(stream)
        for streams in scopes.values():
            for stream in streams:
                yield _probed(self, stream, context)
                if not client.answered:
                    return


def _probed(connector: Connector, stream: Stream, context: PullContext) -> Probed:
    try:
        for _ in connector.pull(stream, context):
            pass
    except (SourceError, ConfigurationError) as error:
        return Probed("problem", f"{stream.name}: {error.what}", error.what_to_do)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        return Probed(
            "problem", f"{stream.name}: sent a record that could not be read ({type(error).__name__}: {error})"
        )
    return Probed("ok", f"{stream.name} can be read")


def discover() -> dict[str, type[Connector]]:
    """Every connector of this package by its kind."""
    found: dict[str, type[Connector]] = {}
    for module_info in pkgutil.iter_modules(pipelines.connectors.__path__):
        module = importlib.import_module(f"pipelines.connectors.{module_info.name}")
        for item in vars(module).values():
            if (
                isinstance(item, type)
                and issubclass(item, Connector)
                and item.__module__ == module.__name__
                and hasattr(item, "kind")
            ):
                found[item.kind] = item
    return found


def parse_instant(text: str) -> datetime:
    """An ISO-8601 instant with a zone, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """An instant as ISO-8601 text in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
