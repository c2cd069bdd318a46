"""The published table `comparisons`: every compared statistic of every window, with the interval of its change.

A change is relative for durations and counts, absolute (in the metric's unit) for rates. Improved and worsened are
two-sided at 95 %; unchanged is an interval
inside the margin; the rest is inconclusive. Constraints never read this `direction`: they test (`metrics.judge`).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.estimators.ratio import PER_WEEK, REST_PER_WEEK
from metrics.margins import FEWEST_UNITS, Margins, reference, sides
from metrics.model import Metric
from metrics.stats.clusters import FEW_CLUSTERS, critical
from metrics.views import ORIGIN
from metrics.stats.mover import lower_difference, ratio_bounds, upper_difference

Floats = NDArray[np.float64]

METHODS = {
    "log": "ratio of quantiles; Woodruff intervals, repository-clustered over both windows, combined by MOVER",
    "share": "difference of shares; Wilson intervals on effective sizes, repository-clustered over both windows, MOVER",
    "events": "difference of rates; score intervals on effective sizes, repository-clustered over both windows, MOVER",
    "level": "difference of means; standard errors repository-clustered over both windows",
    "count": "ratio of weekly counts; score intervals, repository-clustered over both windows, combined by MOVER",
}
UNCONTROLLED = "Uncontrolled: window against baseline, without a control group."


def comparisons(contrasts: pl.DataFrame, metrics: Mapping[str, Metric], margins: Margins | None = None) -> pl.DataFrame:
    """Rows of `comparisons` from contrasts; empty for none.

    Numerators per week serve the constraints only and are left out.
    """
    margins = margins or Margins()
    shown = contrasts.filter(pl.col("segment_kind") != ORIGIN)
    shown = shown.filter(~pl.col("statistic").is_in([PER_WEEK, REST_PER_WEEK]) & (pl.col("baseline_n") > 0))
    frames = []
    for (kind, statistic), rows in shown.group_by(["kind", "statistic"], maintain_order=True):
        is_count = statistic == "per_week"
        frames.append(_compare(rows, "count" if is_count else str(kind), metrics, margins))
    return pl.concat(frames).sort(KEY) if frames else pl.DataFrame(schema=SCHEMA)


def _compare(rows: pl.DataFrame, kind: str, metrics: Mapping[str, Metric], margins: Margins) -> pl.DataFrame:
    """Comparisons of one kind of statistic."""
    window, baseline = sides(rows, "events" if kind == "count" else kind)
    score = critical(reference(rows))
    scale = rows["scale"].to_numpy()
    if kind in ("log", "count"):
        low, high = (bound - 1 for bound in ratio_bounds(window, baseline, score))
        with np.errstate(divide="ignore", invalid="ignore"):
            change = window.value / baseline.value - 1
        allowed = np.full(len(rows), margins.duration if kind == "log" else margins.count)
    else:
        change = (window.value - baseline.value) * scale
        low = lower_difference(window, baseline, 1.0, score) * scale
        high = upper_difference(window, baseline, 1.0, score) * scale
        floors = rows["tier"].replace_strict(margins.floors, return_dtype=pl.Float64).to_numpy()
        allowed = np.maximum(margins.rate * baseline.value, floors) * scale
    few = (rows["n"] < FEWEST_UNITS).to_numpy() | (rows["baseline_n"] < FEWEST_UNITS).to_numpy()
    better = rows["metric"].replace_strict({id: SIGNS[m.direction] for id, m in metrics.items()}).to_numpy()
    direction = _direction(low, high, allowed, few, better)
    value_scale = np.where(np.isin(kind, ["log", "count"]), 1.0, scale)
    return rows.with_columns(
        pl.lit("baseline").alias("comparator"),
        pl.Series("value", window.value * value_scale),
        pl.Series("baseline_value", baseline.value * value_scale),
        _known("change", change),
        _known("change_ci_low", low),
        _known("change_ci_high", high),
        pl.Series("direction", direction),
        pl.lit(METHODS[kind]).alias("method"),
        pl.Series("note", _notes(rows, few)),
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _known(name: str, values: Floats) -> pl.Series:
    """A column in which what the data cannot give (a ratio to a baseline of zero, say) is null."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan)).fill_nan(None)


def _direction(low: Floats, high: Floats, allowed: Floats, few: NDArray[np.bool_], better: Floats) -> list[str]:
    """What became of each figure; `better` is 1 where more is better, -1 where less is, 0 where neither."""
    rose, fell = low > 0, high < 0
    result = np.full(len(low), "inconclusive", dtype=object)
    result[(np.abs(low) <= allowed) & (np.abs(high) <= allowed)] = "unchanged"
    result[(rose & (better > 0)) | (fell & (better < 0))] = "improved"
    result[(rose & (better < 0)) | (fell & (better > 0))] = "worsened"
    result[few] = "inconclusive"
    return [str(word) for word in result]


def _notes(rows: pl.DataFrame, few: NDArray[np.bool_]) -> list[str]:
    """What a reader of each comparison has to know."""
    notes = []
    for row, is_few in zip(rows.iter_rows(named=True), few, strict=True):
        parts = [UNCONTROLLED]
        if is_few:
            parts.append(f"Fewer than {FEWEST_UNITS} units on one side ({row['baseline_n']} and {row['n']}).")
        if row["clusters"] == 1:
            parts.append("One repository: its units are taken as independent.")
        elif min(row["clusters"], row["degrees"] + 1) < FEW_CLUSTERS:
            parts.append(f"{row['clusters']} repositories: t reference with {row['degrees']:.1f} degrees of freedom.")
        if not row["baseline_is_named"]:
            parts.append("No baseline is named for this tier: compared with the window before.")
        if row["is_provisional"]:
            parts.append("Provisional: the follow-up has not passed.")
        notes.append(" ".join(parts))
    return notes


SIGNS = {"lower": -1.0, "higher": 1.0, "context": 0.0}
KEY = ["metric", "tier", "segment_kind", "segment", "grain", "window_start", "statistic"]
SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "version": pl.String(),
    "statistic": pl.String(),
    "comparator": pl.String(),
    "grain": pl.String(),
    "tier": pl.String(),
    "segment_kind": pl.String(),
    "segment": pl.String(),
    "baseline_start": pl.Date(),
    "baseline_end": pl.Date(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "baseline_value": pl.Float64(),
    "value": pl.Float64(),
    "change": pl.Float64(),
    "change_ci_low": pl.Float64(),
    "change_ci_high": pl.Float64(),
    "direction": pl.String(),
    "method": pl.String(),
    "note": pl.String(),
}
