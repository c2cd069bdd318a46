"""What a workspace says about integrity constraints: its own, and margins of its own for those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Tier = Literal[1, 2, 3, 4]
RelativeMargin = Annotated[float, Field(gt=0, le=1)]
"""A share of the baseline: 0.1 is ten per cent worse than it was."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _tier_number(value: object) -> object:
    """TOML keys are text; tiers are numbers. One number holds for all tiers."""
    if isinstance(value, Mapping):
        return {int(key) if str(key).isdigit() else key: item for key, item in value.items()}
    return dict.fromkeys((1, 2, 3, 4), value)


MarginByTier = Annotated[dict[Tier, RelativeMargin], BeforeValidator(_tier_number)]


class Gain(_Strict):
    """A statistic whose improvement triggers the constraint."""

    metric: str = Field(min_length=1)
    statistic: str = Field(min_length=1)
    better: Literal["higher", "lower"] | None = None


class Guardrail(Gain):
    """A statistic that may not get worse by more than its margin."""

    margin: MarginByTier = {}


class ConstraintSettings(_Strict):
    """One table `[constraints.<id>]`: a constraint of the workspace's own, or margins for one that ships."""

    name: str | None = None
    question: str | None = None
    gain: tuple[Gain, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    tiers: tuple[Tier, ...] = ()
    margins: dict[str, MarginByTier] = {}
    version: str = Field("1", min_length=1)
    since: date
    set_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> ConstraintSettings:
        if self.margins and (self.gain or self.guardrails or self.tiers):
            raise ValueError("gives margins as well as figures; a margin of one's own guardrail stands with it")
        if not self.margins and not self.guardrails:
            raise ValueError("names no guardrails, so nothing could be violated; add guardrails = [ … ]")
        return self


def keys_at(location: tuple[Any, ...]) -> list[str]:
    """The keys known at a place within `[constraints.<id>]`, given as keys and list positions from the table on."""
    model: type[BaseModel] = {"gain": Gain, "guardrails": Guardrail}.get(
        str(location[0]) if location else "", ConstraintSettings
    )
    return sorted(model.model_fields)
