"""Signed deliveries that hosts push: `[[hooks]]` of ``plumbline.toml``. Secrets never stand in that file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.alert_settings import SECRET

HOOKS = "hooks"
"""Source under which everything that was delivered stands in the books."""


def _variable_name(name: str) -> str:
    # A secret put here by mistake must not be printed, so the value is not part of the message.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise PydanticCustomError(SECRET, "must be the name of an environment variable, such as PLUMBLINE_HOOK_SECRET")
    return name


class Hook(BaseModel):
    """An address at which deliveries of one sender are taken: `/hooks/<name>`.

    Attributes:
        kind: How the sender signs and what it sends: `deployments` for an event of one's own, else a host.
        name: The last part of the address.
        source: The source of the same kind whose mapping (labels, services, bots) its deliveries are read by.
        secret_env: Environment variable that holds the secret.
        secret_file: File that holds it; several lines are several secrets, all good while one takes another's place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(min_length=1)
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    source: str | None = None
    secret_env: Annotated[str, AfterValidator(_variable_name)] | None = None
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _has_one_secret(self) -> Hook:
        if (self.secret_env is None) == (self.secret_file is None):
            raise ValueError(f"hook {self.name!r} needs either secret_env or secret_file")
        return self
