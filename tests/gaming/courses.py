"""Tampering with the course of a change: drafts, closing and reopening, reviews for show."""

from datetime import timedelta

import polars as pl

from tests.gaming.tables import Tables, appended, events, opened_since

A_MINUTE = timedelta(minutes=1)


def toggle_drafts(tables: Tables) -> Tables:
    """Each change opened ready is turned into a draft at once, and back just before its first review or its merge."""
    reviewed = tables["reviews"].group_by("change_id").agg(first_review_at=pl.col("submitted_at").min())
    ready = opened_since(tables).filter(pl.col("ready_at").is_null() | (pl.col("ready_at") <= pl.col("opened_at")))
    changes = ready.join(reviewed, on="change_id", how="left")
    back = pl.min_horizontal("first_review_at", "merged_at") - A_MINUTE
    drafted = changes.filter(back > pl.col("opened_at") + A_MINUTE)
    rows = [
        events(drafted, "converted_to_draft", pl.col("opened_at") + A_MINUTE),
        events(drafted, "ready_for_review", back),
    ]
    said = tables["changes"].join(drafted.select("change_id", back.alias("back")), on="change_id", how="left")
    return tables | {
        "changes": said.with_columns(ready_at=pl.coalesce("back", "ready_at")).drop("back"),
        "change_events": appended(tables["change_events"], pl.concat(rows)),
    }


def close_and_reopen(tables: Tables) -> Tables:
    """Each change is closed a minute after its opening and reopened a minute before its merge."""
    changes = opened_since(tables).filter(pl.col("merged_at") - pl.col("opened_at") > 4 * A_MINUTE)
    rows = [
        events(changes, "closed", pl.col("opened_at") + A_MINUTE),
        events(changes, "reopened", pl.col("merged_at") - A_MINUTE),
    ]
    return tables | {"change_events": appended(tables["change_events"], pl.concat(rows))}


def approve_instantly(tables: Tables) -> Tables:
    """Each merged change gets an approval without a comment, by a colleague, a minute after its opening."""
    changes = opened_since(tables).filter(pl.col("merged_at") - pl.col("opened_at") > 2 * A_MINUTE)
    approvals = changes.select(
        pl.format("{}-instant", "change_id").alias("review_id"),
        "change_id",
        pl.format("{}-colleague", "author").alias("reviewer"),
        pl.lit("human").alias("reviewer_kind"),
        pl.lit("approved").alias("state"),
        (pl.col("opened_at") + A_MINUTE).alias("submitted_at"),
        pl.lit(0).alias("comment_count"),
    )
    return tables | {"reviews": appended(tables["reviews"], approvals)}
