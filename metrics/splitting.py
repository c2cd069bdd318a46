"""Figures at the size of the baseline's changes: splitting makes each piece faster, and nothing better (METRICS §5).

Splitting shows as more and smaller changes. Where changes per week rose and their median size fell, both by more than
the margin of counts, what splitting moves is read as if each change of the window were a piece of a larger one: a
rate per change times the number of pieces, throughput divided by it, and times that got shorter with it times that
number: pieces that follow one another share the time of the whole. Smaller changes may be better work; a claim of
speed needs more.
"""

import polars as pl

from metrics.margins import Margins

SIZE_METRIC, SIZE_STATISTIC = "change_size", "p50"
SPLIT_TIMES = ("pr_cycle_time", "lead_time", "pickup_time")
SPLIT_RATES = ("escaped_defects",)
SPLIT_COUNTS = ("throughput", "validated_throughput")
SPLIT_METRICS = frozenset((*SPLIT_TIMES, *SPLIT_RATES, *SPLIT_COUNTS))
"""What moves when the same work comes in more and smaller changes: times and events per change, and their count."""
PLACE = ["tier", "grain", "window_start"]


def pieces(contrasts: pl.DataFrame, margins: Margins) -> pl.DataFrame:
    """Where changes were split, and into how many pieces: the larger of growth in number and loss of size.

    Returns:
        Columns tier, grain, window_start, `pieces` (more than 1).
    """
    size = contrasts.filter((pl.col("metric") == SIZE_METRIC) & (pl.col("statistic") == SIZE_STATISTIC))
    growth = pl.col("units_per_week") / pl.col("baseline_units_per_week")
    shrinking = pl.col("baseline_value") / pl.col("value")
    is_split = (growth > 1 + margins.units_rise) & (shrinking > 1 + margins.units_rise)
    return size.filter(is_split).select(*PLACE, pieces=pl.max_horizontal(growth, shrinking))


def at_equal_size(contrasts: pl.DataFrame, pieces: pl.DataFrame, margins: Margins) -> pl.DataFrame:
    """The contrasts that splitting moves, where changes were split, at the size of the baseline's changes."""
    split = contrasts.join(pieces, on=PLACE, how="inner")
    shorter = pl.col("value") * (1 + margins.units_rise) < pl.col("baseline_value")
    faster = split.filter((pl.col("statistic") == "p50") & shorter).select("metric", *PLACE)
    times = split.filter(pl.col("metric").is_in(SPLIT_TIMES)).join(faster, on=["metric", *PLACE], how="semi")
    # Events per week are the same however the changes are cut.
    rates = split.filter(pl.col("metric").is_in(SPLIT_RATES) & (pl.col("statistic") == "rate"))
    counts = split.filter(pl.col("metric").is_in(SPLIT_COUNTS))
    number = pl.col("pieces")
    joined = pl.concat(
        [
            times.with_columns(value=pl.col("value") * number),
            rates.with_columns(value=pl.col("value") * number, size=pl.col("size") / number),
            counts.with_columns(value=pl.col("value") / number),
        ]
    )
    units = (pl.col("n") / number).round().cast(pl.Int64)
    return joined.with_columns(n=units, units_per_week=pl.col("units_per_week") / number).drop("pieces")
