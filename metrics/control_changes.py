"""Which changes of controls fall between a baseline and a window: what may stand behind a change besides chance."""

import polars as pl

from metrics.units import MIXED

LISTED = 3
"""Changes of controls that a note names; of more it says how many."""
SPAN = ["tier", "baseline_end", "window_end"]
SCHEMA = {"tier": pl.Int64(), "effective_on": pl.Date(), "layer": pl.String(), "summary": pl.String()}


def no_control_changes() -> pl.DataFrame:
    """A register without rows."""
    return pl.DataFrame(schema=SCHEMA)


def between(rows: pl.DataFrame, control_changes: pl.DataFrame) -> pl.Series:
    """Per row, its tier's control changes from the baseline's end to the window's, in a sentence; null for none.

    Args:
        rows: have tier, baseline_end and window_end.
        control_changes: tier (null: of all tiers), effective_on (local day), layer, summary.
    """
    spans = rows.select(SPAN).unique()
    found = spans.join(control_changes.rename({"tier": "of_tier"}), how="cross").filter(
        (pl.col("effective_on") >= pl.col("baseline_end"))
        & (pl.col("effective_on") < pl.col("window_end"))
        & (
            pl.col("of_tier").is_null()
            | (pl.col("of_tier").cast(pl.String) == pl.col("tier"))
            | (pl.col("tier") == MIXED)
        )
    )
    listed = (
        found.sort("effective_on", "layer", "summary")
        .group_by(SPAN, maintain_order=True)
        .agg(pl.format("{} {}: {}", "effective_on", "layer", pl.col("summary").str.strip_chars(" .")).alias("changes"))
    )
    count = pl.col("changes").list.len()
    more = pl.when(count > LISTED).then(pl.format(", and {} more", count - LISTED)).otherwise(pl.lit(""))
    sentence = pl.format("Control changes since: {}{}.", pl.col("changes").list.head(LISTED).list.join("; "), more)
    sentences = listed.select(*SPAN, sentence.alias("sentence"))
    return rows.select(SPAN).join(sentences, on=SPAN, how="left", maintain_order="left")["sentence"]
