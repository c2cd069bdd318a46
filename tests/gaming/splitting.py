"""Splitting changes: the same work in more and smaller changes."""

import polars as pl

from tests.gaming.tables import Tables, opened_since

PIECES = 3
CLOCKS = ("ready_at", "first_commit_at", "merged_at", "closed_at")


def split_one_after_another(tables: Tables) -> Tables:
    """Each change becomes three, one after another, each a third as large and as long, with its own reviews and gates.

    They reach production with the deployment that carried the whole; a defect, a revert or an incident names the first.
    """
    return _split(tables, in_sequence=True)


def split_side_by_side(tables: Tables) -> Tables:
    """Each change becomes three at once, each a third as large and as long as the whole took."""
    return _split(tables, in_sequence=False)


def _split(tables: Tables, *, in_sequence: bool) -> Tables:
    whole = opened_since(tables).filter(pl.col("state") == "merged").select("change_id", "opened_at", "merged_at")
    pieces = whole.join(pl.DataFrame({"piece": range(PIECES)}), how="cross").with_columns(
        begins=pl.col("opened_at") + (pl.col("merged_at") - pl.col("opened_at")) * pl.col("piece") / PIECES
    )
    if not in_sequence:
        pieces = pieces.with_columns(begins=pl.col("opened_at"))
    pace = PIECES if in_sequence else 1

    def spread(name: str, key: str | None, *instants: str) -> pl.DataFrame:
        """The rows of a table for each piece of their change, on the piece's own clock."""
        rows = tables[name].join(
            pieces.select("change_id", "piece", "begins", whole_opened_at="opened_at"), on="change_id", how="left"
        )
        ids = {column: _numbered(column) for column in ("change_id", key) if column}
        clocks = {
            column: pl.when(pl.col("piece").is_null())
            .then(pl.col(column))
            .otherwise(pl.col("begins") + (pl.col(column) - pl.col("whole_opened_at")) / pace)
            for column in instants
        }
        return rows.with_columns(**ids, **clocks)

    changes = spread("changes", None, "opened_at", *CLOCKS).with_columns(
        [pl.when(pl.col("piece").is_null()).then(pl.col(c)).otherwise(pl.col(c) // PIECES) for c in SIZES]
    )
    takes_back = pl.when(pl.col("piece").fill_null(0) == 0).then(pl.col("reverts_change_id"))
    changes = changes.with_columns(reverts_change_id=takes_back)
    spread_tables = {
        "changes": changes,
        "commits": spread("commits", "sha", "authored_at", "committed_at"),
        "reviews": spread("reviews", "review_id", "submitted_at"),
        "change_events": spread("change_events", "event_id", "occurred_at"),
        "gate_results": spread("gate_results", "gate_result_id", "ran_at"),
        "deployment_changes": spread("deployment_changes", None),
    }
    return tables | {name: frame.select(tables[name].columns) for name, frame in spread_tables.items()}


SIZES = ("additions", "deletions", "changed_files")


def _numbered(column: str) -> pl.Expr:
    """The ids of a change's pieces: the first keeps that of the whole."""
    return (
        pl.when(pl.col("piece").fill_null(0) > 0)
        .then(pl.format("{}/{}", column, "piece"))
        .otherwise(pl.col(column))
        .alias(column)
    )
