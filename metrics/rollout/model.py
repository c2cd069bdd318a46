"""What a stage gate is made of: phases, the six categories, criteria and what was found of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from metrics.rollout.state import TierState

PHASES = ("pilot", "controlled_expansion", "governance_enforcement", "org_wide")
"""In the order in which a tier goes through them."""
CATEGORIES = ("scope", "controls", "evidence", "stability", "delivery_performance", "adoption")

Category = Literal["scope", "controls", "evidence", "stability", "delivery_performance", "adoption"]


@dataclass(frozen=True)
class Found:
    """What the facts say of a criterion."""

    is_met: bool
    words: str


Evaluate = Callable[["TierState"], Found | None]
"""Reads a criterion off the facts; None where they say nothing, and an attestation may stand in."""


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that a tier must show before it enters a phase. Without `evaluate` only an attestation can show it."""

    id: str
    category: Category
    says: str
    evaluate: Evaluate | None = None
    tiers: tuple[str, ...] = ("1", "2", "3", "4")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase and what is asked of a tier that enters it."""

    id: str
    says: str
    criteria: tuple[Criterion, ...]
