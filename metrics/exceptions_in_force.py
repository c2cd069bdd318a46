"""Exceptions in force in a tier's window: shown beside its verdicts, which they do not change (METRICS §6)."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from metrics.calendar import Calendar
from metrics.units import MIXED
from metrics.words import joined, plural

POLICIES_NAMED = 3


@dataclass(frozen=True)
class ExceptionsInForce:
    """The register of exceptions, asked by tier and window."""

    rows: tuple[Mapping[str, Any], ...] = ()
    instant: Callable[[date], datetime] = Calendar().instant

    @classmethod
    def of(
        cls, exceptions: pl.DataFrame, tier_of: Mapping[str, str], instant: Callable[[date], datetime]
    ) -> "ExceptionsInForce":
        """From the register at the cut.

        Args:
            exceptions: its rows.
            tier_of: the tier by repository, for exceptions that name none.
            instant: the instant at which a local day begins.
        """
        rows = tuple(
            row | {"tier_name": str(row["tier"]) if row["tier"] is not None else tier_of.get(row["repo_id"] or "")}
            for row in exceptions.sort("exception_id").to_dicts()
        )
        return cls(rows, instant)

    def within(self, tier: str, start: date, end: date) -> list[Mapping[str, Any]]:
        """Those that were in force at some instant of a tier's window; of the mixture, those of all tiers."""
        begins, ends = self.instant(start), self.instant(end)
        return [
            row
            for row in self.rows
            if (tier == MIXED or row["tier_name"] == tier)
            and row["granted_at"] < ends
            and (row["closed_at"] is None or row["closed_at"] > begins)
        ]

    def sentence(self, tier: str, start: date, end: date) -> str:
        """`In force meanwhile: 3 exceptions (security_scan 2, two_reviewers 1).`; empty without any."""
        found = self.within(tier, start, end)
        if not found:
            return ""
        counted = Counter(str(row["policy"]) for row in found).most_common()
        named = joined([f"{policy} {count}" for policy, count in counted[:POLICIES_NAMED]])
        more = ", \N{HORIZONTAL ELLIPSIS}" if len(counted) > POLICIES_NAMED else ""
        return f"In force meanwhile: {plural(len(found), 'exception')} ({named}{more})."
