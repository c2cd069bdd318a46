"""Contrasts written by hand: one tier's window against its baseline, without an engine or data behind them."""

from datetime import date
from typing import Any

import polars as pl

from metrics.contrasts import SCHEMA

Row = dict[str, Any]

QUARTER = (date(2026, 4, 1), date(2026, 7, 1))
BASELINE = (date(2026, 1, 1), date(2026, 4, 1))
WEEKS = 13.0
REPOSITORIES = 12


def contrasts(*rows: Row) -> pl.DataFrame:
    """Rows as the frame that the judge reads."""
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA, orient="row")


def share(metric: str, before: float, after: float, n: int = 2000, before_n: int | None = None, **more: Any) -> Row:  # noqa: ANN401
    """A share of units: `before` of `before_n` in the baseline (by default as many), `after` of `n`."""
    return _row(metric, "rate", "share", "fraction", before, after, n, before_n or n) | more


def median(metric: str, before: float, after: float, n: int = 2000, statistic: str = "p50", **more: Any) -> Row:  # noqa: ANN401
    """A quantile of a duration, in hours, known to four per cent."""
    row = _row(metric, statistic, "log", "hours", before, after, n, n)
    sds = dict.fromkeys(("sd_low", "sd_high", "baseline_sd_low", "baseline_sd_high"), 0.04)
    return row | {"size": None, "baseline_size": None} | sds | more


def per_week(metric: str, before: float, after: float, statistic: str = "per_week", **more: Any) -> Row:  # noqa: ANN401
    """A count per week, of quarters."""
    counts = round(before * WEEKS), round(after * WEEKS)
    row = _row(metric, statistic, "events", "per week", before, after, counts[1], counts[0])
    return row | {"size": WEEKS, "baseline_size": WEEKS} | more


def level(metric: str, value: float, error: float, n: int = 2000, **more: Any) -> Row:  # noqa: ANN401
    """A mean that may be negative, with its standard error; nothing was there before."""
    row = _row(metric, "mean", "level", "points", float("nan"), value, n, 0)
    return row | {"size": None, "baseline_size": None, "baseline_value": None, "sd_low": error, "sd_high": error} | more


def _row(metric: str, statistic: str, kind: str, unit: str, before: float, after: float, n: int, before_n: int) -> Row:
    return {
        "metric": metric,
        "version": "1.0.0",
        "statistic": statistic,
        "kind": kind,
        "unit": unit,
        "scale": 1.0,
        "tier": "3",
        "segment_kind": "all",
        "segment": "all",
        "grain": "quarter",
        "window_start": QUARTER[0],
        "window_end": QUARTER[1],
        "baseline_start": BASELINE[0],
        "baseline_end": BASELINE[1],
        "baseline_is_named": True,
        "value": after,
        "baseline_value": before,
        "n": n,
        "baseline_n": before_n,
        "size": float(n),
        "baseline_size": float(before_n),
        "units_per_week": n / WEEKS,
        "baseline_units_per_week": before_n / WEEKS,
        "design_effect": 1.0,
        "clusters": REPOSITORIES,
        "degrees": REPOSITORIES - 1.0,
        "is_provisional": False,
    }
