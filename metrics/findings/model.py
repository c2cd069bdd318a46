"""A finding, and findings as the published table."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from metrics.words import tier_name, within_sentence

SCHEMA: dict[str, pl.DataType] = {
    "finding_id": pl.String(),
    "kind": pl.String(),
    "tier": pl.String(),
    "subject": pl.String(),
    "severity": pl.String(),
    "opened_at": pl.Datetime("us"),
    "closed_at": pl.Datetime("us"),
    "acknowledged_by": pl.String(),
    "reason": pl.String(),
}

Row = dict[str, Any]
Instant = Callable[[date], datetime]
"""The instant (UTC, zone-less) at which a local day begins."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding, open at the cut."""

    finding_id: str
    kind: str
    tier: str | None
    subject: str
    severity: str
    opened_at: datetime
    reason: str


def finding_rows(findings: Iterable[Finding]) -> pl.DataFrame:
    """Findings as the published table, sorted by id."""
    rows = [asdict(finding) | {"closed_at": None, "acknowledged_by": None} for finding in findings]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("finding_id")


def severity_of(tier: str | None, worst: str = "critical") -> str:
    """How pressing something bad is in a tier: the more critical the tier, the more; `worst` is that of tier 4."""
    scale = ("low", "medium", "high", "critical")
    steps = {"4": 0, "3": 1, "all": 1}.get(tier or "", 2)
    return scale[max(scale.index(worst) - steps, 0)]


def day_of(instant: datetime) -> str:
    """The day of an instant in UTC, for words about records."""
    return instant.isoformat()[:10]


def where(tier: str, *, capital: bool = False) -> str:
    """A tier inside a sentence, or at its beginning."""
    name = tier_name(tier)
    return name if capital else within_sentence(name)
