"""Who may see the dashboard: `[access]` of ``plumbline.toml`` (log-in and roles) and `[dashboard]` (names).

Secrets never stand in that file; it names where they are read from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.alert_settings import SECRET

Role = Literal["viewer", "leader", "owner"]
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
EVERYBODY = "*"
"""Instead of values of the claim: everybody whom the provider lets in."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    return host in LOOPBACK_NAMES or host.startswith("127.")


def _safe_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address, such as https://plumbline.example.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https: a log-in over http can be read on the way")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? and #")
    return address.rstrip("/")


def _variable_name(name: str) -> str:
    # A secret put here by mistake must not be printed, so the value is not part of the message.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise PydanticCustomError(SECRET, "must be the name of an environment variable, such as PLUMBLINE_OIDC_SECRET")
    return name


class Access(BaseModel):
    """Log-in by OIDC, and what the claims of a token allow.

    `address` is where people reach the dashboard; `provider` the provider's metadata document. A person's role is the
    highest whose values the roles claim holds; viewers see the figures of the teams in the teams claim alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, AfterValidator(_safe_address)]
    provider: Annotated[str, AfterValidator(_safe_address)]
    client_id: str = Field(min_length=1)
    client_secret_env: Annotated[str, AfterValidator(_variable_name)] | None = None
    client_secret_file: Path | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    roles_claim: str = Field("groups", min_length=1)
    teams_claim: str = Field("teams", min_length=1)
    viewers: tuple[str, ...] = ()
    leaders: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    session_hours: int = Field(12, gt=0)

    @model_validator(mode="after")
    def _can_be_followed(self) -> Access:
        if (self.client_secret_env is None) == (self.client_secret_file is None):
            raise ValueError("needs either client_secret_env or client_secret_file")
        if not (self.viewers or self.leaders or self.owners):
            raise ValueError(f"lets nobody in; name values of the claim {self.roles_claim} as viewers, leaders, owners")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid, or the provider gives no token")
        return self


class DashboardSettings(BaseModel):
    """How the dashboard shows people: by pseudonym, unless the owner of the workspace turns names on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    show_names: bool = False


class Served(BaseModel):
    """What `plumbline serve` tells the dashboard's process; nothing in it is secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    access: Access | None = None
    show_names: bool = False


SERVED_VARIABLE = "PLUMBLINE_SERVED"
"""The environment variable that holds `Served` as JSON. Without it: no log-in, as on loopback, and no names."""
