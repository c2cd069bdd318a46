"""Where alerts go: `[[alerts.channels]]` of ``plumbline.toml``. Addresses are secrets and never stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.finding_kinds import KINDS, SEVERITIES, rank

SECRET = "may_be_a_secret"
"""Type of the error whose value must not be repeated to the reader."""


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"is no kind of finding; kinds are {', '.join(KINDS)}")
    return name


def _known_severity(name: str) -> str:
    if name not in SEVERITIES:
        raise ValueError(f"is no severity; mildest first they are {', '.join(SEVERITIES)}")
    return name


def _variable_name(name: str) -> str:
    # An address put here by mistake must not be printed, so the value is not part of the message.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise PydanticCustomError(SECRET, "must be the name of an environment variable, such as PLUMBLINE_SLACK")
    return name


def _file_name(path: Path) -> Path:
    if "://" in str(path) or ":/" in str(path):
        raise PydanticCustomError(SECRET, "must be the name of a file that holds the address, not the address")
    return path


class AlertChannel(BaseModel):
    """A place that is told of findings: which ones, and where its address is read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[^\s].*$")
    url_env: Annotated[str, AfterValidator(_variable_name)] | None = None
    url_file: Annotated[Path, AfterValidator(_file_name)] | None = None
    kinds: tuple[Annotated[str, AfterValidator(_known_kind)], ...] = ()
    tiers: tuple[Literal[1, 2, 3, 4], ...] = ()
    minimum_severity: Annotated[str, AfterValidator(_known_severity)] = SEVERITIES[0]
    briefs: bool | None = None

    @model_validator(mode="after")
    def _has_one_address(self) -> AlertChannel:
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError(f"channel {self.name!r} needs either url_env or url_file")
        return self

    @property
    def address_hint(self) -> str:
        """Where the address is read from, in words that hold no secret."""
        return f"environment variable {self.url_env}" if self.url_env else f"file {self.url_file}"

    @property
    def wants_briefs(self) -> bool:
        """Whether briefs and ROI reports are sent there: by default where nothing is kept from the channel."""
        if self.briefs is not None:
            return self.briefs
        return not self.kinds and not self.tiers and self.minimum_severity == SEVERITIES[0]

    def wants(self, kind: str, tier: str | None, severity: str) -> bool:
        """Whether the channel is told of a finding. One that concerns no single tier concerns every channel."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.tiers or tier not in ("1", "2", "3", "4") or int(tier) in self.tiers)
            and rank(severity) >= rank(self.minimum_severity)
        )


class Alerts(BaseModel):
    """Who is told of findings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[AlertChannel, ...] = ()

    @model_validator(mode="after")
    def _channels_have_names_of_their_own(self) -> Alerts:
        names = [channel.name for channel in self.channels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two channels are called {twice!r}; give each its own name")
        return self
