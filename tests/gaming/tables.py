"""What all manipulations share: the event tables, and which of their rows lie in the time that is tampered with."""

from datetime import datetime, time

import polars as pl

from sample_data.truths import BASELINE_END

Tables = dict[str, pl.DataFrame]
"""Event tables by name, as `sample_data.organisation.generate` makes them."""

SINCE = datetime.combine(BASELINE_END, time())
"""Everything from the end of the baseline on is tampered with, and nothing before it."""


def opened_since(tables: Tables) -> pl.DataFrame:
    """The changes opened since the end of the baseline."""
    return tables["changes"].filter(pl.col("opened_at") >= SINCE)


def appended(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """A frame and further rows of it; columns that the rows lack are null."""
    return pl.concat([frame, rows.cast({name: frame.schema[name] for name in rows.columns})], how="diagonal")


def events(changes: pl.DataFrame, kind: str, occurred_at: pl.Expr) -> pl.DataFrame:
    """One more event per change; where its instant is null there is none."""
    return changes.select(
        pl.format("{}-{}-tampered", "change_id", pl.lit(kind)).alias("event_id"),
        "change_id",
        pl.lit(kind).alias("kind"),
        occurred_at.cast(pl.Datetime("us")).alias("occurred_at"),
        pl.col("author").alias("actor"),
    ).drop_nulls("occurred_at")
