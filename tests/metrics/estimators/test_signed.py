"""Means of values on both sides of zero: their bounds stay in order, and nothing is relative to zero."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from metrics.calendar import Calendar
from metrics.estimators.distribution import UNITS_FOR_A_MEAN
from metrics.model import Distribution
from tests.support.engine import engine, metric

MEAN = Distribution(fact="measured_changes", time="merged_at", value="points", is_signed=True)


def quarter_of(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float | None]:
    """The mean's row of tier 3 in a quarter of four repositories."""
    start = datetime(2026, 1, 2)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
    frame = pl.DataFrame(
        {
            "tier": np.full(len(values), 3),
            "_repo": np.arange(len(values)) % 4,
            "_team": 0,
            "merged_at": [start + timedelta(hours=i % 2000) for i in range(len(values))],
            "points": values,
        }
    )
    rows = engine({"measured_changes": frame}, Calendar()).run(metric(MEAN)).values
    here = (pl.col("statistic") == "mean") & (pl.col("tier") == "3") & (pl.col("grain") == "quarter")
    return rows.filter(here).row(0, named=True)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_loss_has_its_bounds_in_order(sign: float) -> None:
    row = quarter_of(sign * np.random.default_rng(1).normal(0.5, 1, UNITS_FOR_A_MEAN))
    assert row["ci_low"] < row["value"] < row["ci_high"]  # type: ignore[operator]
    assert row["value"] * sign > 0  # type: ignore[operator]


def test_neither_gain_nor_loss_has_no_interval() -> None:
    row = quarter_of(np.tile([1.0, 1.0, -1.0, -1.0], UNITS_FOR_A_MEAN))
    assert (row["value"], row["ci_low"], row["ci_high"]) == (0.0, None, None)
