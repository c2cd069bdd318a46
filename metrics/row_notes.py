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
        # Of millions of rows few can be meant, and a join copies all that it is given.
        could_be = (pl.col(name).is_in(asides[name].unique().to_list()) for name in ("segment_kind", "statistic"))
        where = values.select(pl.all_horizontal(could_be)).to_series().arg_true()
        told = values[where].select(PLACE).join(asides, on=PLACE, how="left", maintain_order="left")["aside"]
        values = _with_sentence(values, where, told)
    is_mixed = (pl.col("tier") == MIXED) & (pl.col("statistic") != "hist")
    where = values.select(is_mixed).to_series().arg_true()
    return _with_sentence(values, where, pl.repeat(MIXES, len(where), eager=True))


def with_asides_again(values: pl.DataFrame, asides: pl.DataFrame) -> pl.DataFrame:
    """Rows that had been given such sentences, with those that are to be said of them now."""
    note = " " + pl.col("note").fill_null("")
    for sentence in (FLATTERED, UNREACHED, MIXES):
        note = note.str.replace(f" {sentence}", "", literal=True)
    own = note.str.slice(1)
    return with_row_notes(values.with_columns(note=pl.when(own != "").then(own)), asides)


def _with_sentence(values: pl.DataFrame, where: pl.Series, sentences: pl.Series) -> pl.DataFrame:
    """The rows, at those numbers with one more sentence in the note; null is none."""
    both = pl.concat_str("note", "sentence", separator=" ", ignore_nulls=True)
    longer = pl.DataFrame({"note": values["note"][where], "sentence": sentences}).select(
        pl.when(pl.col("note").is_not_null() | pl.col("sentence").is_not_null()).then(both)
    )
    return values.with_columns(values["note"].scatter(where, longer.to_series()))
