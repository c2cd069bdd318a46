"""What a brief is made from: frames of published tables, and of the registers as they stood at the cut."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

import polars as pl

from metrics.calendar import Calendar
from metrics.words import ENGLISH


@dataclass(frozen=True, kw_only=True)
class BriefTables:
    """Frames with the columns of their published tables (rows beyond the brief's windows do no harm).

    `control_changes`, `decisions` and `exceptions` are the registers as they stood at the cut. `link_counts` (kind,
    way, rows) counts the changes merged in the month by `deploy_link` and the incidents opened in it by `attribution`;
    `orphans` (table, column, parent, rows) counts rows whose parent was never seen. A table that was not built is an
    empty frame.
    """

    verdicts: pl.DataFrame
    comparisons: pl.DataFrame
    metric_values: pl.DataFrame
    recommendations: pl.DataFrame
    control_effects: pl.DataFrame
    baselines: pl.DataFrame
    definition_log: pl.DataFrame
    quarantine: pl.DataFrame
    source_status: pl.DataFrame
    control_changes: pl.DataFrame
    decisions: pl.DataFrame
    exceptions: pl.DataFrame
    orphans: pl.DataFrame
    link_counts: pl.DataFrame

    @classmethod
    def of(cls, frames: Mapping[str, pl.DataFrame]) -> "BriefTables":
        """Tables by name; what is missing is empty."""
        return cls(**{field.name: frames.get(field.name, pl.DataFrame()) for field in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the tables come from. `as_of` and `known_at` are UTC without a zone; `locale` writes numbers and days."""

    organisation: str
    snapshot_id: str
    as_of: datetime
    known_at: datetime | None
    calendar: Calendar
    locale: str = ENGLISH
