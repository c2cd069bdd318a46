"""The engine on frames: what its tests run definitions on, without facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import duckdb
import numpy as np
import polars as pl

from metrics.aggregate import Engine
from metrics.calendar import Calendar, Period
from metrics.model import Estimator, Metric, Revision
from metrics.units import Days

FIRST = date(2026, 1, 1)
CUT = datetime(2026, 7, 1, 12, tzinfo=UTC).replace(tzinfo=None)
"""Half a year, and the noon of the day after it."""

BERLIN = Calendar("Europe/Berlin")


def metric(*estimators: Estimator, core: bool = False, follow_up_days: int = 0) -> Metric:
    """A definition with nothing in it but its estimators."""
    return Metric(
        id="measure",
        name="Measure",
        side="lagging",
        unit="hours",
        direction="lower",
        formula="",
        source="",
        estimators=estimators,
        revisions=(Revision(version="1.0.0", effective_at=FIRST, change=""),),
        examples=(),
        core=core,
        follow_up=timedelta(days=follow_up_days),
    )


def engine(
    frames: Mapping[str, pl.DataFrame],
    calendar: Calendar = BERLIN,
    cut: datetime = CUT,
    baselines: Mapping[str, Period] | None = None,
    first: date = FIRST,
) -> Engine:
    """An engine that sees the frames as relations of their names; codes are named r0…, t0…."""
    connection = duckdb.connect(config={"threads": 1})
    for name, frame in frames.items():
        connection.register(f"_{name}", frame.to_arrow())
        connection.execute(f"create table {name} as select * from _{name}")
    repositories, teams = _codes(frames, "_repo"), _codes(frames, "_team")
    return Engine(
        connection,
        calendar,
        cut,
        Days(calendar, first, calendar.local_day(cut)),
        [f"r{i}" for i in range(repositories)],
        [f"t{i}" for i in range(teams)],
        baselines or {},
    )


def _codes(frames: Mapping[str, pl.DataFrame], column: str) -> int:
    """How many codes a column uses."""
    return 1 + max((code for frame in frames.values() for code in frame[column].drop_nulls()), default=-1)


def changes(count: int, seed: int = 1, repositories: int = 12) -> pl.DataFrame:
    """Random changes: some untiered, durations with zeros, ties and nulls, over the half year."""
    random = np.random.default_rng(seed)
    repository = random.integers(0, repositories, count)
    hours = np.round(np.exp(random.normal(2, 1.5, count)), 1)
    hours[random.random(count) < 0.05] = 0.0
    start = np.datetime64("2025-12-31T23:00:00", "us")
    span = (np.datetime64("2026-07-01T10:00:00", "us") - start).astype(np.int64)
    merged = start + (random.random(count) * span).astype("timedelta64[us]")
    return pl.DataFrame(
        {
            "tier": repository % 5,
            "_repo": repository,
            "_team": repository // 4,
            "ai_use": random.choice(["none", "assisted", "authored", "unknown"], count),
            "category": random.choice(["logic", "security", "style"], count),
            "merged_at": merged,
            "hours": hours,
            "bad": random.random(count) < 0.1,
            "lines": random.integers(0, 300, count),
        }
    ).with_columns(
        tier=pl.when(pl.col("tier") == 0).then(None).otherwise(pl.col("tier")).cast(pl.Int32),
        hours=pl.when(pl.Series(random.random(count) < 0.1)).then(None).otherwise(pl.col("hours")),
    )


def tier_name(tier: int | None) -> str:
    """The tier as the published table calls it."""
    return str(tier) if tier else "untiered"
