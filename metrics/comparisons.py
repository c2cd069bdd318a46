"""The published table `comparisons`: every compared statistic of every window, with the interval of its change.

A change is relative for durations and counts, absolute (in the metric's unit) for rates. Improved and worsened are
two-sided at 95 %; unchanged is an interval inside the margin; the rest is inconclusive. Constraints never read this
`direction`: they test (`metrics.judge`).
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.changes import RELATIVE, Changes, changes_of, kind_of
from metrics.control_changes import between, no_control_changes
from metrics.controlled import METHOD, PLACE, Controlled, controlled
from metrics.estimators.arms import ARM, ARM_BEFORE
from metrics.estimators.ratio import PER_WEEK, REST_PER_WEEK
from metrics.margins import FEWEST_UNITS, Margins
from metrics.model import Metric
from metrics.row_notes import MIXES
from metrics.rows import ROUNDING, TEXT
from metrics.stats.clusters import FEW_CLUSTERS
from metrics.units import MIXED
from metrics.views import ORIGIN

Floats = NDArray[np.float64]

METHODS = {
    "log": "ratio of quantiles; Woodruff intervals, repository-clustered over both windows, combined by MOVER",
    "share": "difference of shares; Wilson intervals on effective sizes, repository-clustered over both windows, MOVER",
    "events": "difference of rates; score intervals on effective sizes, repository-clustered over both windows, MOVER",
    "level": "difference of means; standard errors repository-clustered over both windows",
    "count": "ratio of weekly counts; score intervals, repository-clustered over both windows, combined by MOVER",
}
UNCONTROLLED = "Uncontrolled: window against baseline, without a control group."
SEE_CONTROLLED = "Window against baseline; the comparison with repositories not yet onboarded stands beside it."
SELF_SELECTED = "Self-selected: who uses AI, and for what, is no accident; a difference is not its effect."


def comparisons(
    contrasts: pl.DataFrame,
    metrics: Mapping[str, Metric],
    margins: Margins | None = None,
    control_changes: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows of `comparisons` from contrasts; empty for none.

    Numerators per week serve the constraints only and are left out.

    Args:
        contrasts: what the engine gave, all metrics together.
        metrics: definitions by id.
        margins: within which a figure counts as unchanged.
        control_changes: the register as of the cut: tier, effective_on (local day), layer, summary.
    """
    margins = margins or Margins()
    register = no_control_changes() if control_changes is None else control_changes
    shown = contrasts.filter(pl.col("segment_kind") != ORIGIN)
    shown = shown.filter(~pl.col("statistic").is_in([PER_WEEK, REST_PER_WEEK]) & (pl.col("baseline_n") > 0))
    shown = shown.with_columns(pl.col(name).cast(TEXT) for name in CODED)
    is_arm = pl.col("segment_kind").is_in([ARM, ARM_BEFORE])
    frames = []
    for (kind, statistic), rows in shown.group_by(["kind", "statistic"], maintain_order=True):
        how = kind_of(str(kind), str(statistic))
        found = controlled(rows.filter(is_arm), how)
        places = found.rows.select(PLACE) if found else pl.DataFrame(schema={name: SCHEMA[name] for name in PLACE})
        frames.append(_with_baseline(rows.filter(~is_arm), how, metrics, margins, register, places))
        if found:
            frames.append(_with_control(found, how, metrics, margins, register))
    return _in_order(pl.concat(frames)) if frames else pl.DataFrame(schema=SCHEMA)


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows by `KEY`: by one number made of each column's rank, for comparing words a million times is slow."""
    number = np.zeros(frame.height, dtype=np.int64)
    for name in KEY if frame.height else ():
        ranks, size = _ranks(frame[name])
        number = number * size + ranks
    return frame[np.argsort(number, kind="stable")]


def _ranks(column: pl.Series) -> tuple[NDArray[np.int64], int]:
    """The place of each value among the distinct ones in order, and how many these are; nulls are not expected."""
    codes = column.to_physical().to_numpy()
    found = column.unique()
    ranked = found.gather(found.cast(pl.String).arg_sort() if column.dtype == TEXT else found.arg_sort())
    places = ranked.to_physical().to_numpy()
    low = int(places.min())
    ranks = np.zeros(int(places.max()) - low + 1, dtype=np.int64)
    ranks[places - low] = np.arange(len(places))
    return ranks[codes - low], len(places)


def _with_baseline(
    rows: pl.DataFrame,
    kind: str,
    metrics: Mapping[str, Metric],
    margins: Margins,
    register: pl.DataFrame,
    controlled_places: pl.DataFrame,
) -> pl.DataFrame:
    """Comparisons of one kind of statistic with the baseline."""
    change = changes_of(rows, kind).published()
    few = (rows["n"] < FEWEST_UNITS) | (rows["baseline_n"] < FEWEST_UNITS)
    direction = _direction(rows, change, _allowed(rows, kind, margins), few.to_numpy(), metrics)
    note = _baseline_notes(rows, register, controlled_places)
    return _published(rows, kind, change, direction, "baseline", METHODS[kind], note)


def _with_control(
    found: Controlled, kind: str, metrics: Mapping[str, Metric], margins: Margins, register: pl.DataFrame
) -> pl.DataFrame:
    """Comparisons of one kind of statistic with the repositories that are not onboarded yet."""
    rows = found.rows
    # What moved apart before the onboarding is no evidence of what the onboarding did.
    direction = _direction(rows, found.effect, _allowed(rows, kind, margins), found.moved_apart, metrics)
    notes = pl.Series("note", found.notes(metrics))
    note = pl.select(pl.concat_str(notes, between(rows, register), separator=" ", ignore_nulls=True)).to_series()
    whole = rows.with_columns(segment_kind=pl.lit("all"), segment=pl.lit("all"))
    return _published(whole, kind, found.effect, direction, "control", METHOD, note)


def _published(
    rows: pl.DataFrame, kind: str, change: Changes, direction: pl.Series, comparator: str, method: str, note: pl.Series
) -> pl.DataFrame:
    """Rows in the published form."""
    scale = 1.0 if kind in RELATIVE else pl.col("scale")
    return rows.with_columns(
        pl.lit(comparator).alias("comparator"),
        pl.col("value") * scale,
        pl.col("baseline_value") * scale,
        _known("change", change.value),
        _known("change_ci_low", change.low),
        _known("change_ci_high", change.high),
        direction.alias("direction"),
        pl.lit(method).alias("method"),
        note.alias("note"),
    ).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())


def _known(name: str, values: Floats) -> pl.Series:
    """A column in which what the data cannot give (a ratio to a baseline of zero, say) is null."""
    return pl.Series(name, np.where(np.isfinite(values), values, np.nan)).fill_nan(None)


def _allowed(rows: pl.DataFrame, kind: str, margins: Margins) -> Floats:
    """The change up to which a figure counts as unchanged, in the published unit."""
    if kind in RELATIVE:
        return np.full(len(rows), margins.duration if kind == "log" else margins.count)
    floors = rows["tier"].replace_strict(margins.floors, return_dtype=pl.Float64).to_numpy()
    baseline = rows["baseline_value"].fill_null(np.nan).to_numpy()
    return np.asarray(np.maximum(margins.rate * baseline, floors) * rows["scale"].to_numpy())


def _direction(
    rows: pl.DataFrame, change: Changes, allowed: Floats, unclear: NDArray[np.bool_], metrics: Mapping[str, Metric]
) -> pl.Series:
    """What became of each figure; inconclusive where `unclear`."""
    signs = {name: SIGNS[metric.direction] for name, metric in metrics.items()}
    better = rows["metric"].replace_strict(signs, return_dtype=pl.Float64).to_numpy()
    rose, fell = change.low > 0, change.high < 0
    found = np.full(len(rows), DIRECTIONS.index("inconclusive"), dtype=np.uint32)
    found[(np.abs(change.low) <= allowed) & (np.abs(change.high) <= allowed)] = DIRECTIONS.index("unchanged")
    found[(rose & (better > 0)) | (fell & (better < 0))] = DIRECTIONS.index("improved")
    found[(rose & (better < 0)) | (fell & (better > 0))] = DIRECTIONS.index("worsened")
    found[unclear] = DIRECTIONS.index("inconclusive")
    return pl.Series(DIRECTIONS, dtype=TEXT).gather(found)


def _baseline_notes(rows: pl.DataFrame, register: pl.DataFrame, controlled_places: pl.DataFrame) -> pl.Series:
    """What a reader of each comparison has to know."""
    beside = controlled_places.with_columns(segment_kind=pl.lit("all", TEXT), has_control=pl.lit(True))
    marked = rows.join(beside, on=[*PLACE, "segment_kind"], how="left", maintain_order="left")
    marked = marked.with_columns(between(rows, register).alias("changed_controls"))
    few_repositories = pl.min_horizontal("clusters", pl.col("degrees") + 1) < FEW_CLUSTERS - ROUNDING
    few_units = (pl.col("n") < FEWEST_UNITS) | (pl.col("baseline_n") < FEWEST_UNITS)
    return marked.select(
        pl.concat_str(
            pl.when(pl.col("has_control")).then(pl.lit(SEE_CONTROLLED)).otherwise(pl.lit(UNCONTROLLED)),
            pl.when(pl.col("tier") == MIXED).then(pl.lit(MIXES)),
            pl.when(pl.col("segment_kind") == "ai_use").then(pl.lit(SELF_SELECTED)),
            pl.when(few_units).then(
                pl.format(f"Fewer than {FEWEST_UNITS} units on one side ({{}} and {{}}).", "baseline_n", "n")
            ),
            pl.when(pl.col("clusters") == 1)
            .then(pl.lit("One repository: its units are taken as independent."))
            .when(few_repositories)
            .then(
                pl.format(
                    "{} repositories: t reference with {} degrees of freedom.", "clusters", pl.col("degrees").round(1)
                )
            ),
            pl.when(~pl.col("baseline_is_named")).then(
                pl.lit("No baseline is named for this tier: compared with the window before.")
            ),
            pl.when(pl.col("is_provisional")).then(pl.lit("Provisional: the follow-up has not passed.")),
            "changed_controls",
            separator=" ",
            ignore_nulls=True,
        ).alias("note")
    )["note"]


SIGNS = {"lower": -1.0, "higher": 1.0, "context": 0.0}
DIRECTIONS = ("improved", "worsened", "unchanged", "inconclusive")
CODED = ["metric", "version", "kind", "statistic", "grain", "tier", "segment_kind", "segment"]
"""Text of contrasts that is coded, for it is filtered, joined and sorted by."""
KEY = ["metric", "statistic", "comparator", "grain", "tier", "segment_kind", "segment", "window_start"]
SCHEMA: dict[str, pl.DataType] = {
    "metric": TEXT,
    "version": TEXT,
    "statistic": TEXT,
    "comparator": TEXT,
    "grain": TEXT,
    "tier": TEXT,
    "segment_kind": TEXT,
    "segment": TEXT,
    "baseline_start": pl.Date(),
    "baseline_end": pl.Date(),
    "window_start": pl.Date(),
    "window_end": pl.Date(),
    "baseline_value": pl.Float64(),
    "value": pl.Float64(),
    "change": pl.Float64(),
    "change_ci_low": pl.Float64(),
    "change_ci_high": pl.Float64(),
    "direction": TEXT,
    "method": TEXT,
    "note": pl.String(),
}
