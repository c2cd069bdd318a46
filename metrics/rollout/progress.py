"""Where a tier stands in the rollout: the phase that it was granted last, and the one that it would enter next."""

from collections.abc import Mapping, Sequence
from typing import Any

from metrics.rollout.model import PHASES


def current_phase(decisions: Sequence[Mapping[str, Any]], has_begun: bool) -> str | None:
    """The phase that a tier is in; None before its first repository was onboarded.

    Args:
        decisions: those about the tier, oldest first, each with `to_phase` and `is_approved`.
        has_begun: whether a repository of the tier was onboarded.
    """
    granted = [str(row["to_phase"]) for row in decisions if row["is_approved"]]
    return granted[-1] if granted else PHASES[0] if has_begun else None


def next_phase(current: str | None) -> str:
    """The phase after the current one; the last one stays."""
    return PHASES[0] if current is None else PHASES[min(PHASES.index(current) + 1, len(PHASES) - 1)]
