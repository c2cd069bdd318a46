"""What a row's note says of its place among other rows: that it mixes tiers, that unfinished work flatters it."""

import polars as pl

from metrics.units import MIXED

MIXES = "Mixes all tiers."
FLATTERED = "Unfinished work flatters this figure; km_p50 counts it."
UNREACHED = (
    "Unfinished work flatters this figure: of what began in this window so much has not ended that its median is not"
    " known yet."
)
PLACE = ["tier", "segment_kind", "segment", "grain", "window_start", "statistic"]


def with_row_notes(values: pl.DataFrame, asides: pl.DataFrame) -> pl.DataFrame:
    """Rows of `metric_values` of one metric, with these sentences added to their notes; histograms bear none.

    Args:
        values: rows with the notes that their estimators gave them.
        asides: sentences (`aside`) on rows of other estimates, by place (`ValueRows.asides`).
    """
    if not asides.is_empty():
        joined = values.join(asides, on=PLACE, how="left", maintain_order="left")
        values = joined.with_columns(note=_added(pl.col("aside").is_not_null(), pl.col("aside"))).drop("aside")
    is_mixed = (pl.col("tier") == MIXED) & (pl.col("statistic") != "hist")
    return values.with_columns(note=_added(is_mixed, pl.lit(MIXES)))


def _added(where: pl.Expr, sentence: pl.Expr) -> pl.Expr:
    """The note, with one more sentence where a condition holds."""
    longer = pl.concat_str("note", sentence, separator=" ", ignore_nulls=True)
    return pl.when(where).then(longer).otherwise(pl.col("note"))
