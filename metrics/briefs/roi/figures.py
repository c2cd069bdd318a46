"""The compared figures of the ROI report: distributions of the durations, and the risks, in the claim window."""

from collections.abc import Iterator, Sequence

import polars as pl

from metrics.briefs.document import Figure
from metrics.briefs.figures import figure_of, in_order
from metrics.briefs.roi.document import Curve, Distribution
from metrics.briefs.roi.periods import ClaimWindow
from metrics.briefs.roi.tables import RoiTables
from metrics.definitions import all_metrics

DURATIONS = ("pr_cycle_time", "lead_time")
QUANTILES = ("p50", "p75", "p90", "p95")
DRAWN = "lead_time"
"""The duration whose whole distribution is drawn: it holds all the others."""
RISKS = (
    ("change_failure_rate", "rate"),
    ("rollback_rate", "rate"),
    ("escaped_defects", "rate"),
    ("incident_rate", "per_week"),
    ("security_incident_rate", "per_week"),
    ("time_to_restore", "p90"),
)
MOST_CRITICAL_FIRST = ("4", "3", "2", "1")


def compared(tables: RoiTables, window: ClaimWindow) -> tuple[Figure, ...]:
    """Every statistic of the tiers that was compared with the baseline over the claim window."""
    if tables.comparisons.is_empty():
        return ()
    rows = tables.comparisons.filter(
        (pl.col("grain") == window.grain)
        & (pl.col("window_end") == window.period.end)
        & (pl.col("comparator") == "baseline")
        & (pl.col("segment_kind") == "all")
    )
    sizes = tables.sizes
    if sizes.is_empty():
        rows = rows.with_columns(unit=pl.lit(None, pl.String), n=pl.lit(None, pl.Int64), is_provisional=pl.lit(False))
    else:
        rows = rows.join(sizes, on=["metric", "statistic", "tier"], how="left", maintain_order="left")
    return in_order(figure_of(row) for row in rows.iter_rows(named=True))


def tiers_of(figures: Sequence[Figure], verdicts: pl.DataFrame) -> list[str]:
    """The tiers that the report tells of, the most critical first; what mixes tiers is never a result."""
    judged = set(verdicts["tier"]) if not verdicts.is_empty() else set()
    return [tier for tier in MOST_CRITICAL_FIRST if tier in {figure.tier for figure in figures} | judged]


def of(figures: Sequence[Figure], metric: str, statistic: str, tier: str) -> Figure | None:
    """One figure; None where it was not compared."""
    return next((f for f in figures if (f.metric, f.statistic, f.tier) == (metric, statistic, tier)), None)


def distributions(figures: Sequence[Figure], tier: str) -> tuple[Distribution, ...]:
    """The quantiles of the durations in one tier; a duration that was not compared is left out."""
    found = []
    for metric in DURATIONS:
        quantiles = tuple(f for name in QUANTILES if (f := of(figures, metric, name, tier)) is not None)
        if quantiles:
            found.append(Distribution(metric, all_metrics()[metric].name, quantiles))
    return tuple(found)


def risks(figures: Sequence[Figure], tiers: Sequence[str]) -> tuple[Figure, ...]:
    """What may go wrong, in the order of `RISKS`, by tier."""
    return tuple(f for metric, name in RISKS for tier in tiers if (f := of(figures, metric, name, tier)) is not None)


def curves(bins: pl.DataFrame, tiers: Sequence[str]) -> tuple[Curve, ...]:
    """Cumulative shares of the durations at the edges of the bins, by tier; what is drawn first."""
    metrics = sorted(DURATIONS, key=lambda metric: metric != DRAWN)
    found = (_curve(bins, metric, tier) for metric in metrics for tier in tiers)
    return tuple(curve for curve in found if curve is not None)


def _curve(bins: pl.DataFrame, metric: str, tier: str) -> Curve | None:
    if bins.is_empty():
        return None
    rows = bins.filter((pl.col("metric") == metric) & (pl.col("tier") == tier))
    edges = sorted(rows["bin_high"].unique())
    sides = [tuple(_shares(rows.filter(pl.col("side") == side), edges)) for side in ("baseline", "window")]
    if not edges or not all(sides):
        return None
    return Curve(metric, tier, tuple(edges), *sides)


def _shares(rows: pl.DataFrame, edges: Sequence[float]) -> Iterator[float]:
    total = float(rows["units"].sum())
    if total <= 0:
        return
    for edge in edges:
        yield float(rows.filter(pl.col("bin_high") <= edge)["units"].sum()) / total
