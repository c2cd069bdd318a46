"""Whatever the rows are, figures keep their promises: order, duplicates, nulls, extremes, and what adds up."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.calendar import Calendar
from metrics.model import Count, Distribution, Estimator, Part, Ratio, Unfinished
from tests.support.engine import engine, metric

START = datetime(2026, 1, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "tier": pl.Int32,
    "_repo": pl.Int32,
    "_team": pl.Int32,
    "ai_use": pl.String,
    "category": pl.String,
    "opened_at": pl.Datetime("us"),
    "merged_at": pl.Datetime("us"),
    "hours": pl.Float64,
    "bad": pl.Boolean,
}
ROW = st.fixed_dictionaries(
    {
        "tier": st.none() | st.integers(1, 4),
        "_repo": st.integers(-1, 5),
        "_team": st.none() | st.integers(0, 2),
        "ai_use": st.none() | st.sampled_from(["none", "assisted", "authored", "unknown"]),
        "category": st.none() | st.sampled_from(["logic", "style"]),
        "opened_at": st.integers(0, 180 * 24).map(lambda hours: START + timedelta(hours=hours)),
        "merged_at": st.none() | st.integers(0, 180 * 24).map(lambda hours: START + timedelta(hours=hours)),
        "hours": st.none() | st.just(0.0) | st.floats(0, 1e12),
        "bad": st.booleans(),
    }
)
ROWS = st.lists(ROW, max_size=15)
ESTIMATORS: dict[str, Estimator] = {
    "distribution": Distribution(
        fact="measured_changes",
        time="merged_at",
        value="hours",
        category="category",
        unfinished=Unfinished(fact="measured_changes", start="opened_at", end="merged_at"),
    ),
    "share": Ratio(parts=(Part(fact="measured_changes", time="merged_at", numerator="bad::int", denominator="1"),)),
    "events": Ratio(
        kind="events",
        scale=100.0,
        weekly=True,
        parts=(
            Part(fact="measured_changes", time="merged_at", denominator="1"),
            Part(
                fact="measured_changes",
                time="opened_at",
                numerator="1",
                where="bad",
                category="coalesce(category, '?')",
            ),
        ),
    ),
    "count": Count(fact="measured_changes", time="merged_at", category="category"),
}
GENTLY = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEY = ["tier", "segment_kind", "segment", "grain", "window_start", "statistic", "bin_low"]


def run(rows: list[dict[str, Any]], estimator: Estimator) -> pl.DataFrame:
    """All values of a core metric, sorted."""
    frame = pl.DataFrame(rows, schema=SCHEMA)
    values = engine({"measured_changes": frame}, Calendar()).run(metric(estimator, core=True)).values
    return values.sort(KEY, nulls_last=True)


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
@GENTLY
@given(rows=ROWS, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(estimator: Estimator, rows: list[dict[str, Any]], seed: int) -> None:
    shuffled = pl.DataFrame(rows, schema=SCHEMA).sample(fraction=1, shuffle=True, seed=seed).to_dicts()
    one, other = run(rows, estimator), run(shuffled, estimator)
    assert one.select(KEY).equals(other.select(KEY))
    for column in ("value", "n", "ci_low", "ci_high", "numerator", "denominator"):
        assert one[column].is_null().equals(other[column].is_null()), column
        assert one[column].fill_null(0).to_list() == pytest.approx(other[column].fill_null(0).to_list()), column


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
@GENTLY
@given(rows=ROWS)
def test_every_figure_is_finite_and_within_its_interval(estimator: Estimator, rows: list[dict[str, Any]]) -> None:
    values = run(rows, estimator)
    assert values["value"].is_finite().all()
    assert (values["value"] >= 0).all()
    assert not values.select(KEY).is_duplicated().any()
    bounded = values.filter(pl.col("ci_low").is_not_null() & (pl.col("statistic") != "mean"))
    assert (bounded["ci_low"] <= bounded["value"] * (1 + 1e-12)).all()
    bounded = values.filter(pl.col("ci_high").is_not_null() & (pl.col("statistic") != "mean"))
    assert (bounded["ci_high"] >= bounded["value"] * (1 - 1e-12)).all()


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
@GENTLY
@given(rows=ROWS)
def test_what_adds_up_does_so_over_months_tiers_and_segments(estimator: Estimator, rows: list[dict[str, Any]]) -> None:
    # A rate needs a denominator in its own window and tier, which events alone do not bring.
    adding = ["n", "count", "hist"] if estimator == ESTIMATORS["events"] else ["n", "count", "hist", "rate"]
    values = run(rows, estimator).filter(pl.col("statistic").is_in(adding))
    values = values.with_columns(
        amount=pl.when(pl.col("statistic") == "rate").then(pl.col("numerator")).otherwise(pl.col("value")),
        quarter=pl.col("window_start").dt.truncate("1q"),
    )
    tiers = values.filter((pl.col("segment_kind") == "all") & (pl.col("tier") != "all"))
    quarters = tiers.filter(pl.col("grain") == "quarter")
    mixed = values.filter((pl.col("tier") == "all") & (pl.col("grain") == "quarter"))
    key = ["tier", "statistic", "bin_low", "quarter"]
    assert sums(tiers.filter(pl.col("grain") == "month"), key) == pytest.approx(sums(quarters, key))
    assert sums(quarters, key[1:]) == pytest.approx(sums(mixed, key[1:]))


def sums(frame: pl.DataFrame, key: list[str]) -> dict[tuple[Any, ...], float]:
    """Amounts other than zero by key."""
    added = frame.group_by(key).agg(pl.col("amount").sum()).filter(pl.col("amount") > 0)
    return {tuple(row[:-1]): row[-1] for row in added.iter_rows()}


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
@GENTLY
@given(row=ROW)
def test_a_row_twice_weighs_twice_and_moves_no_rate_or_quantile(estimator: Estimator, row: dict[str, Any]) -> None:
    once, twice = run([row], estimator), run([row, row], estimator)
    assert once.select(KEY).equals(twice.select(KEY))
    doubled = once["statistic"].is_in(["n", "count", "per_week", "hist"])
    assert twice["value"].to_list() == pytest.approx((once["value"] * (1 + doubled.cast(pl.Int8))).to_list())


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
def test_no_row_at_all(estimator: Estimator) -> None:
    assert run([], estimator).is_empty()


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
def test_only_nulls(estimator: Estimator) -> None:
    row = dict.fromkeys(SCHEMA) | {"_repo": 0, "tier": 2}
    assert run([row, row], estimator).is_empty()
