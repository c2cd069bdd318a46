"""What a failure mode is made of: what reveals it, what prevents it, and rows on which it must show and be silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from metrics.signals import Signal

FailureStatus = Literal["present", "watch", "clear", "no_data"]
Layer = Literal["access", "context", "gates", "measurement", "rollout"]
"""The layers of control, as the register control_changes names them."""

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class ModeExample:
    """Rows of published tables of one tier, and what the mode must be on them. Columns left out are ordinary ones."""

    says: str
    status: FailureStatus
    verdicts: Rows = ()
    comparisons: Rows = ()
    values: Rows = ()


@dataclass(frozen=True, kw_only=True)
class FailureMode:
    """A known way of going wrong. A signal that shows makes it present, one that hints one to watch."""

    id: str
    name: str
    explanation: str
    signals: tuple[Signal, ...]
    controls: tuple[tuple[Layer, str], ...]
    examples: tuple[ModeExample, ...]
