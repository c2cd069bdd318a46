"""Comparisons around a day of one's own, and means of signed values, against sums done by hand."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from metrics.calendar import Calendar
from metrics.control_effects import Span, control_effect_rows
from metrics.model import Distribution
from metrics.spans import compare_spans
from tests.support.engine import BERLIN, engine, metric

MIDDLE = date(2026, 4, 1)
FIGURE = [("measure", "mean")]


def signed(count: int, seed: int = 3) -> pl.DataFrame:
    """Values around zero over half a year, in four repositories of tier 3."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2026-01-01T00:00:00", "us")
    instants = start + (random.random(count) * 180 * 86_400e6).astype("timedelta64[us]")
    repository = random.integers(0, 4, count)
    values = random.normal(0.1, 1.0, count) + np.array([0.0, 0.3, -0.2, 0.1])[repository]
    columns = {"tier": 3, "_repo": repository, "_team": 0, "merged_at": instants, "value": values}
    return pl.DataFrame(columns).with_columns(pl.col("tier").cast(pl.Int32))


def day_of(frame: pl.DataFrame) -> pl.Series:
    """The local day of each row."""
    calendar = Calendar("Europe/Berlin")
    return pl.Series([calendar.local_day(instant) for instant in frame["merged_at"].to_list()])


def test_a_span_holds_the_means_of_both_sides_and_not_the_day_between() -> None:
    frame = signed(3000)
    measure = metric(Distribution(fact="facts", time="merged_at", value="value", is_signed=True))
    span = Span.around(MIDDLE, date(2026, 7, 1))
    found = compare_spans(engine({"facts": frame}), {"measure": measure})([span], FIGURE)
    row = found.filter(pl.col("tier") == "3").row(0, named=True)
    day = day_of(frame)
    before = frame.filter((day >= span.before.start) & (day < MIDDLE))["value"].mean()
    after = frame.filter((day > MIDDLE) & (day < span.after.end))["value"].mean()
    assert (row["baseline_value"], row["value"]) == (pytest.approx(before), pytest.approx(after))
    assert row["change_ci_low"] < row["change"] < row["change_ci_high"]


def test_the_standard_error_of_a_signed_mean_is_that_of_its_repositories() -> None:
    frame = signed(4000)
    measure = metric(Distribution(fact="facts", time="merged_at", value="value", is_signed=True))
    rows = (
        engine({"facts": frame}, BERLIN)
        .run(measure)
        .contrasts.filter((pl.col("grain") == "quarter") & (pl.col("tier") == "3"))
    )
    row = rows.sort("window_start").row(-1, named=True)
    assert (row["statistic"], row["kind"]) == ("mean", "level")
    independent = frame["value"].std() / np.sqrt(row["n"])
    assert row["sd_low"] == pytest.approx(independent * np.sqrt(row["design_effect"]), rel=0.05)
    assert set(rows["statistic"]) == {"mean"}


def test_changes_of_the_future_have_no_effect_yet() -> None:
    register = pl.DataFrame(
        {
            "control_change_id": ["c1"],
            "tier": [None],
            "effective_at": [datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None)],
            "summary": ["later"],
        },
        schema_overrides={"tier": pl.Int64},
    )
    measure = metric(Distribution(fact="facts", time="merged_at", value="value", is_signed=True))
    compare = compare_spans(engine({"facts": signed(50)}), {"measure": measure})
    assert control_effect_rows(register, compare, BERLIN.local_day, date(2026, 7, 1)).is_empty()
