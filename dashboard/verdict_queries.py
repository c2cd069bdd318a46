"""What pages ask of verdicts: those of a window, their history, the windows themselves, and what to do next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from dashboard.periods import Window
from dashboard.snapshots import Snapshot


@dataclass(frozen=True)
class Verdict:
    """A row of `verdicts`, its evidence read when somebody asks for it."""

    verdict_id: str
    constraint: str
    version: str
    tier: str
    is_provisional: bool
    baseline_start: date | None
    baseline_end: date | None
    status: str
    claim: str
    not_judged: str | None
    reason: str
    evidence_json: str

    @cached_property
    def evidence(self) -> Mapping[str, list[dict[str, Any]]]:
        """Gains, guardrails and the records behind them, as `metrics.verdicts` writes them."""
        found: dict[str, list[dict[str, Any]]] = json.loads(self.evidence_json or "{}")
        return {name: found.get(name, []) for name in ("gains", "guardrails", "records")}

    @property
    def improved(self) -> list[dict[str, Any]]:
        """The gains that were there."""
        return [gain for gain in self.evidence["gains"] if gain.get("improved")]

    @property
    def worst_guardrail(self) -> dict[str, Any] | None:
        """The guardrail that made the status what it is: violated ones first, then the most certainly worse."""
        judged = [each for each in self.evidence["guardrails"] if each.get("judged") and each.get("value") is not None]
        return max(judged, key=lambda each: (each["violated"], each.get("certainty_worse") or 0.0), default=None)


def windows(snapshot: Snapshot) -> list[Window]:
    """Every window for which there are verdicts; without any, those for which there are values."""
    as_of = snapshot.as_of_day
    for table in ("verdicts", "metric_values"):
        rows = snapshot.rows(
            f"""select window_start, window_end, grain, coalesce(bool_or(is_provisional), false) as is_provisional
            from {table}
            where grain in ('month', 'quarter', 'trailing_year') group by all order by all"""
        )
        if len(rows):
            return [
                Window(
                    row["window_start"],
                    row["window_end"],
                    row["grain"],
                    row["window_end"] > as_of,
                    row["is_provisional"],
                )
                for row in rows.iter_rows(named=True)
            ]
    return []


def verdicts(snapshot: Snapshot, window: Window) -> list[Verdict]:
    """All verdicts of a window, ordered by constraint and tier."""
    rows = snapshot.rows(
        """select verdict_id, "constraint", version, tier, coalesce(is_provisional, false) as is_provisional,
            baseline_start, baseline_end, status, coalesce(claim, 'none') as claim, not_judged, reason,
            evidence as evidence_json
        from verdicts where grain = ? and window_start = ? order by "constraint", tier""",
        window.grain,
        window.start,
    )
    return [Verdict(**row) for row in rows.iter_rows(named=True)]


def history(snapshot: Snapshot, grain: str) -> pl.DataFrame:
    """Every verdict of a grain, oldest first. Columns: constraint, tier, window_start, status, claim, reason."""
    return snapshot.rows(
        """select "constraint", tier, window_start, window_end, status, coalesce(claim, 'none') as claim, reason
        from verdicts where grain = ? order by window_start, "constraint", tier""",
        grain,
    )


def recommendations(snapshot: Snapshot, window: Window) -> pl.DataFrame:
    """What to do next in each tier, the most critical first. Columns: tier, constraint_stage, finding, next_step."""
    return snapshot.rows(
        """select tier, constraint_stage, finding, next_step from recommendations
        where grain = ? and window_start = ? and segment_kind = 'all' order by tier desc""",
        window.grain,
        window.start,
    )
