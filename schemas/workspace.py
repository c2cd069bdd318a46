"""The model of ``plumbline.toml``: what a workspace may say, its defaults, and one-line errors with line and key.

Light on purpose: commands that only print facts read it without pandera, polars or a database.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from schemas.access_settings import Access, DashboardSettings
from schemas.alert_settings import SECRET, AlertChannel, Alerts
from schemas.constraint_settings import ConstraintSettings, keys_at
from schemas.errors import ConfigurationError
from schemas.hook_settings import HOOKS, Hook
from schemas.record_links import RecordLink, RecordLinks
from schemas.value_settings import Assumption, SelfReported, Value

FILE_NAME = "plumbline.toml"
STATE_FOLDER = ".plumbline"


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        close = difflib.get_close_matches(name, available_timezones(), 1)
        raise ValueError(f"is no time zone{f'; did you mean {close[0]}?' if close else ', such as Europe/Berlin'}")
    return name


def _known_locale(name: str) -> str:
    if name == "en":  # what Python itself writes: no need to look it up
        return name
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("is no locale; write it as en, en_GB or de_DE") from error


def _with_zone(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("needs a zone, such as 2026-10-31T00:00:00Z")
    return instant.astimezone(UTC)


def _valid_pattern(pattern: str) -> str:
    if not pattern.strip():
        raise ValueError("is blank and would match nothing or everything; leave the key out instead")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return pattern


def _valid_name(name: str) -> str:
    if not name.strip():
        raise ValueError("is blank and would match nothing; leave it out or give a name")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Production(_Strict):
    """Which environments are production: those named, and those in which a regular expression (RE2) is found."""

    environments: tuple[Annotated[str, AfterValidator(_valid_name)], ...] = ("production", "prod")
    patterns: tuple[Annotated[str, AfterValidator(_valid_pattern)], ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Production:
        if not self.environments and not self.patterns:
            raise ValueError("names no environment and no pattern, so nothing would be production")
        return self


class Links(_Strict):
    """How far apart records may lie and still be linked."""

    deploy_link_days: int = Field(30, gt=0)
    incident_attribution_hours: int = Field(24, gt=0)
    hotfix_blame_hours: int = Field(72, gt=0)


class Reviews(_Strict):
    """What counts as a shallow approval: no comment, and more lines a minute than a person reads."""

    shallow_lines_per_minute: int = Field(100, gt=0)


class WorkingHours(_Strict):
    """When work is done, for the waits in working hours; ``holidays`` is a CSV file with a column ``date``."""

    weekdays: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
    )
    start: time = time(9)
    end: time = time(17)
    timezone: Annotated[str, AfterValidator(_known_zone)] | None = None
    holidays: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _has_hours(self) -> WorkingHours:
        if self.end <= self.start:
            raise ValueError("end must be later than start")
        if not self.weekdays:
            raise ValueError("weekdays names no day, so nothing would ever be reviewed")
        return self


class Baseline(_Strict):
    """The period that a tier is compared with; ``end`` is exclusive."""

    start: date
    end: date
    set_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Baseline:
        if self.end <= self.start:
            raise ValueError("end must be later than start (it is the first day after the baseline)")
        return self


class Source(_Strict):
    """A host or tool to pull from. Keys beyond these belong to the kind and are checked by its connector."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    base_url: str | None = Field(None, pattern="^https?://[^ ]+$")
    token_env: str | None = None
    token_file: Path | None = None
    repositories: tuple[str, ...] = ()
    defect_labels: tuple[str, ...] = ()

    @property
    def extra(self) -> dict[str, Any]:
        """The keys that only this kind of source knows."""
        return dict(self.model_extra or {})


def _tier_number(value: object) -> object:
    """TOML keys are text; tiers are numbers."""
    if not isinstance(value, dict):
        return value
    return {int(key) if str(key).isdigit() else key: item for key, item in value.items()}


class Workspace(_Strict):
    """A workspace: its settings and where its files lie."""

    name: str = Field(min_length=1)
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    locale: Annotated[str, AfterValidator(_known_locale)] = "en"
    as_of: Annotated[datetime, AfterValidator(_with_zone)] | None = None
    include_bots: bool = False
    registers: str = Field("registers", min_length=1)
    production: Production = Production()
    links: Links = Links()
    reviews: Reviews = Reviews()
    working_hours: WorkingHours | None = None
    baselines: Annotated[dict[Literal[1, 2, 3, 4], Baseline], BeforeValidator(_tier_number)] = {}
    constraints: dict[str, ConstraintSettings] = {}
    sources: tuple[Source, ...] = ()
    hooks: tuple[Hook, ...] = ()
    record_links: tuple[RecordLink, ...] = ()
    alerts: Alerts = Alerts()
    value: Value = Value()
    dashboard: DashboardSettings = DashboardSettings()
    access: Access | None = None

    _root: Path = PrivateAttr(default=Path())

    @property
    def root(self) -> Path:
        """The folder that holds ``plumbline.toml``."""
        return self._root

    @property
    def links_to_records(self) -> RecordLinks:
        """Where records can be looked at."""
        return RecordLinks(self.record_links)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which windows and bare dates are read."""
        return ZoneInfo(self.timezone)

    @property
    def state(self) -> Path:
        """Where everything that the tool writes lies."""
        return self.root / STATE_FOLDER

    @property
    def warehouse_path(self) -> Path:
        """The embedded database of event tables."""
        return self.state / "warehouse.duckdb"

    @property
    def raw(self) -> Path:
        """Raw records by content hash."""
        return self.state / "raw"

    @property
    def parts(self) -> Path:
        """Immutable Parquet parts of published tables."""
        return self.state / "parts"

    @property
    def snapshots(self) -> Path:
        """Manifests of published snapshots and the pointer to the newest."""
        return self.state / "snapshots"

    @property
    def registers_folder(self) -> Path:
        """Registers that people keep by hand, one CSV file a table."""
        return self.root / self.registers

    @model_validator(mode="after")
    def _sources_have_names_of_their_own(self) -> Workspace:
        names = [source.name for source in self.sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two sources are called {twice!r}; give each its own name")
        if HOOKS in names:
            what = f"a source cannot be called {HOOKS!r}"
            raise ValueError(f"{what}: what is delivered to [[hooks]] stands under that name")
        return self

    @model_validator(mode="after")
    def _hooks_have_names_of_their_own(self) -> Workspace:
        names = [hook.name for hook in self.hooks]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two hooks are called {twice!r}; give each its own name")
        return self


def load_workspace(folder: Path) -> Workspace:
    """Read ``plumbline.toml`` in ``folder``.

    Raises:
        ConfigurationError: The file is missing, is no TOML, or says something that cannot be followed.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_bytes().decode("utf-8-sig")
        document = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no {FILE_NAME} here", str(folder), "make one with `plumbline init`, or name another --workspace"
        ) from None
    except OSError as error:
        raise ConfigurationError(error.strerror or "cannot be read", str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError("is not UTF-8 text", f"{path}:{line}", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise ConfigurationError(f"is not valid TOML: {error}", f"{path}:{line}", "correct that line") from error
    try:
        workspace = Workspace.model_validate(document)
    except ValidationError as error:
        raise _first_error(error, path, text) from error
    workspace._root = folder.resolve()
    return workspace


def _first_error(error: ValidationError, path: Path, text: str) -> ConfigurationError:
    """The first complaint as one line that names line and key."""
    errors = error.errors()
    # A misspelt key is the cause of the missing one beside it, so it is told first.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    location = tuple(part for part in first["loc"] if part != "[key]")
    key = ".".join(str(part) for part in location)
    place = f"{path}:{line_of(text, location)}"
    if first["type"] == "extra_forbidden":
        known = _keys_at(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, 1)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        return ConfigurationError(f"{key} is not a known key", place, hint)
    if first["type"] == "missing":
        return ConfigurationError(f"{key} is missing", place, f"add {location[-1]} = …")
    message = first["msg"].removeprefix("Value error, ")
    shown = isinstance(first["input"], str | int | float | bool) and first["type"] != SECRET
    subject = f"{key} = {first['input']!r}" if shown else key
    return ConfigurationError(f"{subject}: {message}" if subject else message, place, "correct it there")


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Names of the keys that a place in the file knows."""
    if location[:1] == ("constraints",):
        return keys_at(location[2:])
    models: dict[str, type[BaseModel]] = {
        "production": Production,
        "links": Links,
        "reviews": Reviews,
        "working_hours": WorkingHours,
        "baselines": Baseline,
        "sources": Source,
        "hooks": Hook,
        "record_links": RecordLink,
        "alerts": AlertChannel if len(location) > 1 else Alerts,
        "value": _value_model(location),
        "dashboard": DashboardSettings,
        "access": Access,
    }
    model = models.get(str(location[0]), Workspace) if location else Workspace
    return sorted(model.model_fields)


def _value_model(location: tuple[int | str, ...]) -> type[BaseModel]:
    return {"self_reported": SelfReported}.get(str(location[1]), Assumption) if len(location) > 1 else Value


def line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The line of a key in a TOML text, or that of its table where the key itself is absent.

    Args:
        text: The whole file.
        location: Keys and list positions from the top, as pydantic gives them.
    """
    table: list[int | str] = []
    counts: dict[str, int] = {}
    best, best_depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        header = re.match(r"\[\[?\s*([^\]]+?)\s*\]", stripped)
        if header:
            name = header.group(1)
            table = [part.strip("\"' ") for part in name.split(".")]
            if stripped.startswith("[["):
                counts[name] = counts.get(name, -1) + 1
                table.append(counts[name])
            here = table
        else:
            pair = re.match(r"([A-Za-z0-9_.\"'-]+)\s*=", stripped)
            if not pair:
                continue
            here = [*table, *(part.strip("\"'") for part in pair.group(1).split("."))]
        depth = _shared_depth(here, location)
        if depth > best_depth and depth in (len(here), len(location)):
            best, best_depth = number, depth
    item = location[best_depth] if best_depth < len(location) else None
    return _line_of_item(text, best, item) if isinstance(item, int) else best


def _line_of_item(text: str, line: int, item: int) -> int:
    """The line of an inline table in an array that begins on a line; that line where the array is written otherwise."""
    seen = 0
    for number, content in enumerate(text.splitlines()[line - 1 :], line):
        seen += content.count("{")
        if seen > item:
            return number
        if "]" in content:
            break
    return line


def _shared_depth(here: list[int | str], location: tuple[int | str, ...]) -> int:
    depth = 0
    for mine, theirs in zip(here, location, strict=False):
        if str(mine) != str(theirs):
            break
        depth += 1
    return depth
