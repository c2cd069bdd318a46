"""What is known of a tier at the cut: its registers, and the newest final figures, ready for criteria to ask."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from metrics.rollout.model import PHASES

Row = dict[str, Any]

TIERS = ("1", "2", "3", "4")
GRAIN = "quarter"
YEAR = "trailing_year"


@dataclass(frozen=True)
class RolloutFrames:
    """The frames that a rollout is judged from: registers as of the cut, and published tables.

    `repositories` has a row per repository with its tier at the cut (columns repo_id, tier) and `is_active`: whether a
    change of it was merged in the last 90 days. The other frames have the contract's columns.
    """

    repositories: pl.DataFrame
    tier_assignments: pl.DataFrame
    onboardings: pl.DataFrame
    gate_policies: pl.DataFrame
    control_changes: pl.DataFrame
    attestations: pl.DataFrame
    phase_decisions: pl.DataFrame
    baselines: pl.DataFrame
    verdicts: pl.DataFrame
    comparisons: pl.DataFrame
    metric_values: pl.DataFrame
    failure_modes: pl.DataFrame
    local_day: Callable[[datetime], date] = datetime.date
    """The local day of an instant; by default that in UTC."""


@dataclass(frozen=True)
class TierState:
    """One tier at the cut. Rows are those of the frames that concern the tier."""

    tier: str
    as_of: datetime
    repositories: Sequence[Row]
    assignments: Sequence[Row]
    onboardings: Sequence[Row]
    policies: Sequence[Row]
    control_changes: Sequence[Row]
    phase_decisions: Sequence[Row]
    baseline: Row | None
    verdicts: pl.DataFrame
    comparisons: pl.DataFrame
    values: pl.DataFrame
    failure_modes: Mapping[str, str]
    day: Callable[[datetime], date] = datetime.date
    """The local day of an instant."""
    staging: Sequence[str] = ()
    """What breaks the order of risk in this tier, in words (`metrics.rollout.staging`)."""

    @property
    def phase(self) -> str | None:
        """The phase that the tier is in: the last one granted, else the pilot once a repository is onboarded."""
        granted = [row for row in self.phase_decisions if row["is_approved"]]
        if granted:
            return str(max(granted, key=lambda row: row["decided_at"])["to_phase"])
        return PHASES[0] if self.onboardings else None

    def verdict(self, constraint: str, grain: str = GRAIN) -> Row | None:
        """The newest final verdict of a constraint."""
        rows = self.verdicts.filter((pl.col("constraint") == constraint) & (pl.col("grain") == grain))
        return rows.sort("window_start").row(-1, named=True) if rows.height else None

    def newest_verdicts(self, grain: str) -> list[Row]:
        """The newest final verdict of every constraint."""
        rows = self.verdicts.filter(pl.col("grain") == grain).sort("window_start")
        return rows.group_by("constraint", maintain_order=True).last().to_dicts()

    def comparison(self, metric: str, statistic: str) -> Row | None:
        """The newest final quarter of a figure against its baseline."""
        rows = self.comparisons.filter((pl.col("metric") == metric) & (pl.col("statistic") == statistic))
        return rows.sort("window_start").row(-1, named=True) if rows.height else None

    def value(self, metric: str, statistic: str) -> float | None:
        """The newest final quarter of a figure."""
        rows = self.values.filter(
            (pl.col("metric") == metric) & (pl.col("statistic") == statistic) & pl.col("value").is_not_null()
        )
        return float(rows.sort("window_start")["value"][-1]) if rows.height else None

    @property
    def onboarded_share(self) -> float | None:
        """Onboarded among active repositories; None without any."""
        active = {row["repo_id"] for row in self.repositories if row["is_active"]}
        onboarded = {row["repo_id"] for row in self.onboardings}
        return len(active & onboarded) / len(active) if active else None


def states(frames: RolloutFrames, as_of: datetime, tiers: Sequence[str] = TIERS) -> dict[str, TierState]:
    """The state of every tier at the cut (UTC, zone-less)."""
    final = frames.metric_values.filter(
        ~pl.col("is_provisional") & (pl.col("grain") == GRAIN) & (pl.col("segment_kind") == "all")
    )
    windows = final.select("metric", "tier", "window_start").unique()
    against = frames.comparisons.filter(
        (pl.col("grain") == GRAIN) & (pl.col("segment_kind") == "all") & pl.col("comparator").ne_missing("control")
    )
    settled = against.join(windows, on=["metric", "tier", "window_start"], how="semi")
    judged = frames.verdicts.filter(~pl.col("is_provisional"))
    return {tier: _state(frames, tier, as_of, judged, settled, final) for tier in tiers}


def _state(
    frames: RolloutFrames,
    tier: str,
    as_of: datetime,
    judged: pl.DataFrame,
    settled: pl.DataFrame,
    final: pl.DataFrame,
) -> TierState:
    number = int(tier)
    repositories = frames.repositories.filter(pl.col("tier") == number)
    mine = set(repositories["repo_id"].to_list())
    in_force = [row for row in _of_tier(frames.gate_policies, number) if _holds(row, as_of)]
    baseline = frames.baselines.filter(pl.col("tier") == tier)
    modes = frames.failure_modes.filter(pl.col("tier") == tier)
    return TierState(
        tier=tier,
        as_of=as_of,
        repositories=repositories.to_dicts(),
        assignments=[row for row in _of_tier(frames.tier_assignments, number) if _holds(row, as_of)],
        onboardings=frames.onboardings.filter(pl.col("repo_id").is_in(mine)).to_dicts(),
        policies=[row for row in in_force if row["is_required"]],
        control_changes=_of_tier(frames.control_changes, number, or_all=True),
        phase_decisions=_of_tier(frames.phase_decisions, number, or_all=True),
        baseline=baseline.row(0, named=True) if baseline.height else None,
        verdicts=judged.filter(pl.col("tier") == tier),
        comparisons=settled.filter(pl.col("tier") == tier),
        values=final.filter(pl.col("tier") == tier),
        failure_modes=dict(zip(modes["failure_mode"], modes["status"], strict=True)),
        day=frames.local_day,
    )


def _of_tier(frame: pl.DataFrame, tier: int, *, or_all: bool = False) -> list[Row]:
    """Rows of a register that name the tier, or (where asked for) none in particular."""
    mine = pl.col("tier") == tier
    return frame.filter(mine | pl.col("tier").is_null() if or_all else mine).to_dicts()


def _holds(row: Row, as_of: datetime) -> bool:
    """Whether a validity holds at the cut."""
    return bool(row["valid_from"] <= as_of and (row["valid_to"] is None or row["valid_to"] > as_of))
