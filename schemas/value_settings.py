"""`[value]` of ``plumbline.toml``: what the ROI report may put a price on, and at which assumptions.

Nothing has a default that is money: without an assumption the line that needs it has no amount.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CURRENCY = r"^[A-Z]{3}$"
WORKING_HOURS_PER_WEEK = 40.0


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumption(_Strict):
    """A figure that nobody measured: the likely one, and how low and how high it may be."""

    low: float = Field(ge=0, allow_inf_nan=False)
    likely: float = Field(ge=0, allow_inf_nan=False)
    high: float = Field(ge=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _in_order(self) -> Assumption:
        if not self.low <= self.likely <= self.high:
            raise ValueError("must be in order: low, likely, high")
        return self

    @property
    def is_range(self) -> bool:
        """Whether it was given as a range rather than as one number."""
        return self.low < self.high


def _ranged(value: object) -> object:
    """One number is a range without width."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"low": value, "likely": value, "high": value} if is_number else value


def _by_tier(value: object) -> object:
    """One assumption for all tiers, or one for each: TOML's keys are text."""
    if isinstance(value, dict) and all(str(key).isdigit() for key in value):
        return {int(key): item for key, item in value.items()}
    return dict.fromkeys((1, 2, 3, 4), value)


Ranged = Annotated[Assumption, BeforeValidator(_ranged)]


class SelfReported(_Strict):
    """What people say that they save: told beside what was measured, never in a sum and never alone."""

    hours_per_week: float = Field(ge=0, le=168)
    people: int = Field(gt=0)
    source: str = Field(min_length=1)


class Value(_Strict):
    """The assumptions of the ROI report; each that is used is printed in it."""

    currency: str = Field("USD", pattern=CURRENCY)
    engineer_month_cost: Ranged | None = None
    incident_hour_cost: Annotated[dict[Literal[1, 2, 3, 4], Ranged], BeforeValidator(_by_tier)] = {}
    review_hours: Ranged | None = None
    hours_per_week: float = Field(WORKING_HOURS_PER_WEEK, gt=0, le=168)
    spend_categories: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    rates: dict[Annotated[str, Field(pattern=CURRENCY)], Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    vary: float = Field(0.2, gt=0, lt=1)
    set_by: str = ""
    reason: str = ""
    self_reported: SelfReported | None = None

    def stored(self) -> dict[str, Any]:
        """As it is kept with a snapshot, ready for JSON."""
        return self.model_dump(mode="json")
