"""What the ROI report is made from: frames of published tables and of registers as they stood at the cut."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl


@dataclass(frozen=True, kw_only=True)
class RoiTables:
    """Frames with the columns of their tables, of the report's windows; a table that was not built is empty.

    `sizes` has n, unit and is_provisional of each figure of `comparisons`. `bins` are histograms summed over the
    baseline and the claim window (metric, tier, side, bin_low, bin_high, units). `weekly` are sums of the same periods
    by weeks from their start (tier, side, week, incidents, incident_hours, unresolved, reviews, merged).
    """

    verdicts: pl.DataFrame
    comparisons: pl.DataFrame
    sizes: pl.DataFrame
    bins: pl.DataFrame
    weekly: pl.DataFrame
    control_effects: pl.DataFrame
    baselines: pl.DataFrame
    definition_log: pl.DataFrame
    quarantine: pl.DataFrame
    source_status: pl.DataFrame
    stage_gates: pl.DataFrame
    control_changes: pl.DataFrame
    decisions: pl.DataFrame
    exceptions: pl.DataFrame
    phase_decisions: pl.DataFrame
    spend: pl.DataFrame
    team_capacity: pl.DataFrame
    orphans: pl.DataFrame
    link_counts: pl.DataFrame

    @classmethod
    def of(cls, frames: Mapping[str, pl.DataFrame]) -> "RoiTables":
        """Tables by name; what is missing is empty."""
        return cls(**{field.name: frames.get(field.name, pl.DataFrame()) for field in fields(cls)})
