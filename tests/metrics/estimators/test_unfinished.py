"""Unfinished work and downtime through the engine: cohorts, censoring at the cut, unions per service."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time

from metrics.calendar import Calendar
from metrics.model import Distribution, Downtime, Unfinished
from tests.support.engine import CUT, changes, engine, metric, tier_name

OPENED = "opened_at"
MEASURE = Distribution(
    fact="work",
    time="ended_at",
    value="hours",
    unfinished=Unfinished(fact="work", start="opened_at", end="ended_at"),
)


def work(count: int = 600, ended: float = 0.7, seed: int = 3) -> pl.DataFrame:
    """Work opened at random, of which a share has ended after a while."""
    random = np.random.default_rng(seed)
    frame = changes(count, seed).rename({"merged_at": OPENED}).drop("hours")
    hours = np.round(random.exponential(60, count), 0)
    finished = pl.Series(random.random(count) < ended)
    frame = frame.with_columns(lasts=pl.Series((hours * 3.6e9).astype(np.int64)))
    end = pl.col(OPENED) + pl.duration(microseconds="lasts")
    frame = frame.with_columns(ended_at=pl.when(finished & (end <= CUT)).then(end)).drop("lasts")
    return frame.with_columns(hours=(pl.col("ended_at") - pl.col(OPENED)).dt.total_microseconds() / 3.6e9)


def at(text: str) -> datetime:
    """An instant in UTC, zone-less."""
    return datetime.fromisoformat(text)


def quarter(values: pl.DataFrame, statistic: str, tier: str) -> pl.DataFrame:
    """Rows of a statistic by quarter, in order."""
    chosen = (pl.col("segment_kind") == "all") & (pl.col("grain") == "quarter") & (pl.col("tier") == tier)
    return values.filter(chosen & (pl.col("statistic") == statistic)).sort("window_start")


def test_the_product_limit_is_that_of_lifelines_over_the_cohort_that_entered() -> None:
    frame = work()
    values = engine({"work": frame}, Calendar()).run(metric(MEASURE)).values
    cohort = frame.with_columns(
        name=pl.Series([tier_name(tier) for tier in frame["tier"]]),
        lasted=(pl.coalesce("ended_at", pl.lit(CUT)) - pl.col(OPENED)).dt.total_microseconds() / 3.6e9,
    ).filter((pl.col(OPENED) >= at("2026-04-01")) & (pl.col(OPENED) < at("2026-07-01")))
    for tier in ("untiered", "1", "2", "3", "4"):
        rows = cohort.filter(pl.col("name") == tier)
        fitted = KaplanMeierFitter().fit(rows["lasted"].to_numpy(), rows["ended_at"].is_not_null().to_numpy())
        for probability, statistic in ((0.5, "km_p50"), (0.9, "km_p90")):
            found = quarter(values, statistic, tier).filter(pl.col("window_start") == at("2026-04-01").date())
            expected = qth_survival_time(1 - probability + 1e-9, fitted.survival_function_["KM_estimate"])
            if np.isinf(expected):
                assert found.is_empty()
            else:
                assert found["value"].to_list() == pytest.approx([expected])
                assert found["n"].to_list() == [rows.height]
                assert found["censored"].to_list() == [rows["ended_at"].is_null().sum()]


def test_where_all_is_censored_there_is_no_figure() -> None:
    values = engine({"work": work(ended=0.0)}).run(metric(MEASURE)).values
    assert values.is_empty()


def test_the_note_says_where_unfinished_work_flatters() -> None:
    flattered = engine({"work": work(ended=0.6)}).run(metric(MEASURE)).values
    honest = engine({"work": work(ended=1.0).filter(pl.col("ended_at").is_not_null())}).run(metric(MEASURE)).values
    assert quarter(flattered, "km_p50", "all")["note"].str.contains("Unfinished work flatters").all()
    assert quarter(flattered, "p50", "all")["note"].str.contains("Unfinished work flatters this figure").any()
    for statistic in ("p50", "km_p50"):
        notes = quarter(honest, statistic, "all")["note"]
        assert notes.str.contains("Mixes all tiers.").all()
        assert not notes.str.contains("flatters").any()


def test_the_finished_median_says_that_the_other_is_not_known_yet() -> None:
    values = engine({"work": work(ended=0.2)}).run(metric(MEASURE)).values
    assert quarter(values, "km_p50", "all").height < quarter(values, "p50", "all").height
    notes = quarter(values, "p50", "all")["note"]
    assert notes.str.contains("Unfinished work flatters this figure: of what began in this window so much").any()
    assert not quarter(values, "p90", "all")["note"].str.contains("flatters").any()


def test_work_that_ended_after_the_cut_is_unfinished() -> None:
    frame = pl.DataFrame(
        {
            "tier": [1, 1],
            "_repo": [0, 0],
            "_team": [0, 0],
            OPENED: [at("2026-06-01"), at("2026-06-01")],
            "ended_at": [at("2026-06-02"), at("2026-08-01")],
            "hours": [24.0, None],
        }
    )
    values = engine({"work": frame}, Calendar()).run(metric(MEASURE)).values
    row = quarter(values, "km_p50", "1").row(0, named=True)
    assert (row["value"], row["n"], row["censored"]) == (24.0, 2, 1)


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20) | st.none(), st.sampled_from(["payments", "search"])), max_size=12
)


@settings(max_examples=15, deadline=None)
@given(SPANS)
def test_downtime_is_the_hours_with_an_open_incident_per_service(spans: list[tuple[int, int | None, str]]) -> None:
    start = at("2026-06-29")
    rows: list[dict[str, Any]] = [
        {
            "tier": 4,
            "_repo": 0,
            "_team": 0,
            "service": service,
            OPENED: start + timedelta(hours=opened),
            "resolved_at": None if lasted is None else start + timedelta(hours=opened + lasted),
        }
        for opened, lasted, service in spans
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "tier": pl.Int64,
        "_repo": pl.Int64,
        "_team": pl.Int64,
        "service": pl.String,
        OPENED: pl.Datetime("us"),
        "resolved_at": pl.Datetime("us"),
    }
    down = Downtime(fact="incidents", start=OPENED, end="resolved_at")
    values = engine({"incidents": pl.DataFrame(rows, schema=schema)}, Calendar()).run(metric(down)).values
    until = (CUT - start) // timedelta(hours=1)
    hours = {
        (service, hour)
        for opened, lasted, service in spans
        for hour in range(opened, min(until, until if lasted is None else opened + lasted))
    }
    found = values.filter((pl.col("grain") == "week") & (pl.col("tier") == "4"))
    assert found["value"].sum() == pytest.approx(len(hours))
