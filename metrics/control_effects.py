"""The published table `control_effects`: what each control change was followed by, tier by tier.

A quarter after it took effect is held against the quarter before it, by the same contrasts as verdicts are judged from.
Nothing is credited: whatever else changed in the same time is named beside the figure, so that nobody credits one
control with another's effect; where nothing else did, the comparison is still uncontrolled, and says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from metrics.calendar import Period
from metrics.words import joined, plural

QUARTER = timedelta(weeks=13)
"""Time before and after a change: long enough for a tier to be judged, short enough to stand for the change."""
FIGURES: tuple[tuple[str, str], ...] = (
    ("pr_cycle_time", "p50"),
    ("pr_cycle_time", "p95"),
    ("lead_time", "p50"),
    ("change_failure_rate", "rate"),
    ("rollback_rate", "rate"),
    ("escaped_defects", "rate"),
    ("unreviewed_merge_share", "rate"),
    ("gate_override_rate", "rate"),
    ("flaky_test_rate", "rate"),
    ("throughput", "per_week"),
)
"""Speed, stability, review, gates and volume: what controls are meant to move, and what they may cost."""
OTHERS_NAMED = 3
TIERS = ("1", "2", "3", "4")
UNCONTROLLED = "Uncontrolled: the quarter after it against the quarter before."

SCHEMA: dict[str, pl.DataType] = {
    "control_change_id": pl.String(),
    "metric": pl.String(),
    "statistic": pl.String(),
    "tier": pl.String(),
    "before": pl.Float64(),
    "after": pl.Float64(),
    "change": pl.Float64(),
    "change_ci_low": pl.Float64(),
    "change_ci_high": pl.Float64(),
    "note": pl.String(),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """The periods on both sides of a change, in local days; and whether the later one has passed."""

    before: Period
    after: Period
    is_whole: bool

    @classmethod
    def around(cls, effective: date, today: date) -> "Span":
        """Thirteen weeks on each side; the change's own day belongs to neither."""
        start = effective + timedelta(days=1)
        after = Period(start, start + QUARTER)
        return cls(Period(effective - QUARTER, effective), after, after.end <= today)


Compare = Callable[[Sequence[Span], Sequence[tuple[str, str]]], pl.DataFrame]
"""Comparisons of spans' later periods with their earlier ones, for figures: the columns of `comparisons`, by tier.

The window of a row tells the span.
"""


def control_effect_rows(
    control_changes: pl.DataFrame, compare: Compare, local_day: Callable[[datetime], date], today: date
) -> pl.DataFrame:
    """A row per control change, figure and tier that has a figure on both sides.

    Args:
        control_changes: the register at the cut.
        compare: makes the comparisons of a span.
        local_day: the local day of an instant.
        today: the local day of the cut.
    """
    changes = [row | {"day": local_day(row["effective_at"])} for row in control_changes.to_dicts()]
    past = [(change, Span.around(change["day"], today)) for change in changes if change["day"] < today]
    # Changes of the same day share their comparisons.
    spans = list(dict.fromkeys(span for _, span in past))
    compared = compare(spans, FIGURES).partition_by("window_start", as_dict=True) if spans else {}
    rows = [
        row
        for change, span in past
        if (span.after.start,) in compared
        for row in _rows(change, changes, compared[span.after.start,], span)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("control_change_id", "metric", "statistic", "tier")


def _rows(change: Row, changes: Sequence[Row], compared: pl.DataFrame, span: Span) -> Iterator[Row]:
    tiers = TIERS if change["tier"] is None else (str(change["tier"]),)
    for row in compared.filter(pl.col("tier").is_in(tiers)).iter_rows(named=True):
        yield {
            "control_change_id": change["control_change_id"],
            "metric": row["metric"],
            "statistic": row["statistic"],
            "tier": row["tier"],
            "before": row["baseline_value"],
            "after": row["value"],
            **{name: row[name] for name in ("change", "change_ci_low", "change_ci_high")},
            "note": _note(change, changes, row, span),
        }


def _note(change: Row, changes: Sequence[Row], row: Mapping[str, Any], span: Span) -> str:
    """What a reader has to know: what else changed, and what the data do not bear."""
    parts = [UNCONTROLLED]
    others = [
        other
        for other in changes
        if other["control_change_id"] != change["control_change_id"]
        and span.before.start <= other["day"] < span.after.end
        and (other["tier"] is None or str(other["tier"]) == row["tier"])
    ]
    if others:
        others.sort(key=lambda other: (abs((other["day"] - change["day"]).days), other["control_change_id"]))
        named = joined([f"{other['summary']} ({other['day']})" for other in others[:OTHERS_NAMED]])
        more = f", and {plural(len(others) - OTHERS_NAMED, 'other')}" if len(others) > OTHERS_NAMED else ""
        parts.append(f"Not its effect alone: in the same time {named}{more}.")
    if not span.is_whole:
        parts.append(f"Provisional: its quarter ends on {span.after.end}.")
    few = [part for part in str(row["note"] or "").split(". ") if part.startswith(("Fewer", "One repository"))]
    return " ".join([*parts, *(f"{part.rstrip('.')}." for part in few)])
