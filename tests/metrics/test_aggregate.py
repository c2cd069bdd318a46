"""The engine against NumPy, polars, DuckDB and plain Python: windows, tiers, segments, and what adds up."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from metrics.calendar import Calendar
from metrics.model import Count, Distribution, Part, Ratio
from metrics.rows import SCHEMA
from tests.support.engine import BERLIN, CUT, changes, engine, metric, tier_name

DURATION = Distribution(fact="measured_changes", time="merged_at", value="hours")
SHARE = Ratio(parts=(Part(fact="measured_changes", time="merged_at", numerator="bad::integer", denominator="1"),))
COUNT = Count(fact="measured_changes", time="merged_at")
QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
FRAME = changes(4000)


def windowed(frame: pl.DataFrame, grain: str, calendar: Calendar = BERLIN) -> pl.DataFrame:
    """The frame with its tier's name and the first day of each row's window, worked out row by row."""
    zone = ZoneInfo(calendar.timezone)

    def start(instant: datetime) -> date:
        day = instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
        if grain == "week":
            return day - timedelta(days=day.weekday())
        return date(day.year, day.month if grain == "month" else (day.month - 1) // 3 * 3 + 1, 1)

    return frame.with_columns(
        window=pl.Series([start(instant) for instant in frame["merged_at"]]),
        name=pl.Series([tier_name(tier) for tier in frame["tier"]]),
    )


@pytest.fixture(scope="module")
def durations() -> pl.DataFrame:
    return engine({"measured_changes": FRAME}).run(metric(DURATION, core=True)).values


@pytest.fixture(scope="module")
def shares() -> pl.DataFrame:
    return engine({"measured_changes": FRAME}).run(metric(SHARE, core=True)).values


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    return engine({"measured_changes": FRAME}).run(metric(COUNT, core=True)).values


def whole(values: pl.DataFrame, grain: str, tier: str | None = None) -> pl.DataFrame:
    """Rows of the segment that is everything, in tiers or in one."""
    chosen = values.filter((pl.col("segment_kind") == "all") & (pl.col("grain") == grain))
    return chosen.filter(pl.col("tier") == tier if tier else pl.col("tier") != "all")


def cells(values: pl.DataFrame, statistic: str, key: str = "tier") -> dict[tuple[object, ...], float]:
    """Values of a statistic by (key, window)."""
    rows = values.filter(pl.col("statistic") == statistic)
    return {(row[key], row["window_start"]): row["value"] for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_quantiles_are_those_of_numpy_polars_and_duckdb(durations: pl.DataFrame, grain: str) -> None:
    frame = windowed(FRAME, grain).drop_nulls("hours")
    found = whole(durations, grain)
    connection = duckdb.connect()
    connection.register("frame", frame.to_arrow())
    for statistic, probability in QUANTILES.items():
        by_polars = frame.group_by("name", "window").agg(pl.col("hours").quantile(probability, "linear"))
        query = f'select "name", "window", quantile_cont(hours, {probability}) from frame group by all'
        by_duckdb = {(name, window): value for name, window, value in connection.execute(query).fetchall()}
        expected = {(name, window): value for name, window, value in by_polars.iter_rows()}
        by_numpy = {key: np.quantile(rows["hours"], probability) for key, rows in frame.group_by("name", "window")}
        ours = cells(found, statistic)
        assert ours == pytest.approx(expected)
        assert ours == pytest.approx(by_duckdb)
        assert ours == pytest.approx(by_numpy)


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_counts_and_means(durations: pl.DataFrame, grain: str) -> None:
    frame = windowed(FRAME, grain).drop_nulls("hours").group_by("name", "window")
    found = whole(durations, grain)
    assert cells(found, "n") == {(a, b): n for a, b, n in frame.agg(pl.len()).iter_rows()}
    assert cells(found, "mean") == pytest.approx(
        {(a, b): m for a, b, m in frame.agg(pl.col("hours").mean()).iter_rows()}
    )


def test_the_mixed_figure_is_over_all_tiers_and_untiered(durations: pl.DataFrame) -> None:
    frame = windowed(FRAME, "month").drop_nulls("hours")
    expected = {
        ("all", window): value for window, value in frame.group_by("window").agg(pl.col("hours").median()).iter_rows()
    }
    assert cells(whole(durations, "month", "all"), "p50") == pytest.approx(expected)


def test_ai_use_by_tier(durations: pl.DataFrame) -> None:
    frame = windowed(FRAME, "quarter").drop_nulls("hours").filter(pl.col("name") == "3")
    found = durations.filter(
        (pl.col("segment_kind") == "ai_use") & (pl.col("grain") == "quarter") & (pl.col("tier") == "3")
    )
    expected = {(a, b): v for a, b, v in frame.group_by("ai_use", "window").agg(pl.col("hours").median()).iter_rows()}
    assert cells(found, "p50", "segment") == pytest.approx(expected)
    assert "all" not in set(durations.filter(pl.col("segment_kind") == "ai_use")["tier"]), "tiers are not mixed there"


def bins(values: pl.DataFrame, grain: str, tier: str = "2") -> Iterator[tuple[date, float, float, float]]:
    """Histogram bins of a tier."""
    rows = whole(values, grain, tier).filter(pl.col("statistic") == "hist")
    yield from rows.select("window_start", "bin_low", "bin_high", "value").iter_rows()


def test_histograms_add_up_over_bins_to_n_and_over_months_to_quarters(durations: pl.DataFrame) -> None:
    months: dict[date, float] = {}
    by_quarter: dict[tuple[date, float], float] = {}
    for start, low, _, value in bins(durations, "month"):
        months[start] = months.get(start, 0) + value
        quarter = BERLIN.floor(start, "quarter")
        by_quarter[quarter, low] = by_quarter.get((quarter, low), 0) + value
    n = {window: value for (_, window), value in cells(whole(durations, "month", "2"), "n").items()}
    assert months == n
    assert by_quarter == {(start, low): value for start, low, _, value in bins(durations, "quarter")}


def test_a_histogram_counts_what_lies_in_its_bins(durations: pl.DataFrame) -> None:
    frame = windowed(FRAME, "quarter").drop_nulls("hours").filter(pl.col("name") == "2")
    for start, low, high, value in bins(durations, "quarter"):
        hours = frame.filter(pl.col("window") == start)["hours"]
        inside = (hours <= high) & ((hours > low) if low > 0 else True)
        assert value == inside.sum()
        assert value > 0, "empty bins are not published"
    lowest = min(low for _, low, _, _ in bins(durations, "quarter"))
    assert lowest == 0.0, "durations of zero are real"


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_shares(shares: pl.DataFrame, grain: str) -> None:
    frame = windowed(FRAME, grain)
    found = whole(shares, grain)
    expected = {(a, b): v for a, b, v in frame.group_by("name", "window").agg(pl.col("bad").mean()).iter_rows()}
    assert cells(found, "rate") == pytest.approx(expected)
    rates = found.filter(pl.col("statistic") == "rate")
    assert (rates["numerator"] / rates["denominator"] - rates["value"]).abs().max() == pytest.approx(0, abs=1e-12)
    assert ((rates["ci_low"] >= 0) & (rates["ci_low"] <= rates["value"]) & (rates["value"] <= rates["ci_high"])).all()
    assert (rates["ci_high"] <= 1).all()


def test_a_single_repository_has_wilsons_interval_and_says_so() -> None:
    frame = changes(300, repositories=1).with_columns(tier=pl.lit(3))
    values = whole(engine({"measured_changes": frame}).run(metric(SHARE)).values, "quarter", "3")
    for row in values.iter_rows(named=True):
        oracle = binomtest(int(row["numerator"]), int(row["denominator"])).proportion_ci(method="wilson")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((oracle.low, oracle.high))
        assert row["note"] == "One repository: its units are taken as independent."


def test_a_ratio_of_sums_weighs_units_by_the_denominator() -> None:
    part = Part(
        fact="measured_changes", time="merged_at", numerator="case when bad then lines else 0 end", denominator="lines"
    )
    values = engine({"measured_changes": FRAME}).run(metric(Ratio(parts=(part,), counts_events=False))).values
    frame = windowed(FRAME, "quarter").group_by("name", "window")
    expected = frame.agg((pl.col("lines") * pl.col("bad")).sum() / pl.col("lines").sum())
    assert cells(whole(values, "quarter"), "rate") == pytest.approx({(a, b): v for a, b, v in expected.iter_rows()})


def test_categories_stand_over_a_common_denominator() -> None:
    parts = (
        Part(fact="measured_changes", time="merged_at", denominator="1"),
        Part(fact="measured_changes", time="merged_at", numerator="1", where="bad", category="category"),
    )
    values = engine({"measured_changes": FRAME}).run(metric(Ratio(parts=parts, kind="events", scale=100.0))).values
    months = values.filter((pl.col("grain") == "month") & (pl.col("tier") != "all") & (pl.col("statistic") == "rate"))
    overall = cells(months.filter(pl.col("segment_kind") == "all"), "rate")
    by_category = months.filter(pl.col("segment_kind") == "category").group_by("tier", "window_start")
    added = {(a, b): v for a, b, v in by_category.agg(pl.col("value").sum()).iter_rows()}
    assert added == pytest.approx(overall)
    months = months.filter(pl.col("segment_kind").is_in(["all", "category"]))
    denominators = months.group_by("tier", "window_start").agg(pl.col("denominator").n_unique())
    assert set(denominators["denominator"]) == {1}


def test_a_window_without_units_counts_zero_once_the_tier_has_begun() -> None:
    instants = [datetime(2026, 2, 10), datetime(2026, 4, 10)]  # noqa: DTZ001 -- UTC, zone-less, as the facts are
    frame = changes(2).with_columns(tier=pl.lit(1), merged_at=pl.Series(instants).cast(pl.Datetime("us")))
    values = engine({"measured_changes": frame}).run(metric(COUNT)).values
    months = whole(values, "month", "1").sort("window_start")
    assert months.filter(pl.col("statistic") == "count")["value"].to_list() == [1, 0, 1, 0, 0, 0]
    assert months["window_start"].min() == date(2026, 2, 1), "nothing is said of the time before"


def test_weekly_events_of_a_ratio_are_zero_where_there_is_only_a_denominator() -> None:
    instants = [datetime(2026, 2, 10), datetime(2026, 3, 10), datetime(2026, 4, 10)]  # noqa: DTZ001
    frame = changes(3).with_columns(
        tier=pl.lit(1), merged_at=pl.Series(instants).cast(pl.Datetime("us")), bad=pl.Series([False, False, True])
    )
    parts = (
        Part(fact="measured_changes", time="merged_at", denominator="1"),
        Part(fact="measured_changes", time="merged_at", numerator="1", where="bad"),
    )
    values = engine({"measured_changes": frame}).run(metric(Ratio(parts=parts, kind="events", weekly=True))).values
    months = whole(values, "month", "1").sort("window_start")
    assert months.filter(pl.col("statistic") == "count")["value"].to_list() == [0, 0, 1, 0, 0, 0]
    april = months.filter((pl.col("statistic") == "per_week") & (pl.col("window_start") == date(2026, 4, 1)))
    assert april["value"].to_list() == pytest.approx([7 / 30])


def test_weeks_elapsed_know_the_clock_changes_and_the_cut(counts: pl.DataFrame) -> None:
    """In the last week of March Berlin loses an hour; the week of the cut ran from Monday to Wednesday noon, UTC."""
    weeks = whole(counts, "week", "2")
    both = {name: cells(weeks, name) for name in ("count", "per_week")}
    expected_hours = {date(2026, 3, 16): 168, date(2026, 3, 23): 167, date(2026, 3, 30): 168, date(2026, 6, 29): 62}
    for start, hours in expected_hours.items():
        key = ("2", start)
        assert both["per_week"][key] == pytest.approx(both["count"][key] * 168 / hours), start


def test_counts_add_up_from_months_to_quarters(counts: pl.DataFrame) -> None:
    added: dict[tuple[object, date], float] = {}
    for (tier, start), value in cells(whole(counts, "month"), "count").items():
        assert isinstance(start, date)
        key = (tier, BERLIN.floor(start, "quarter"))
        added[key] = added.get(key, 0) + value
    assert added == cells(whole(counts, "quarter"), "count")


def test_core_metrics_by_team_and_repository_and_others_not(durations: pl.DataFrame, shares: pl.DataFrame) -> None:
    for values, of_repositories in ((durations, {"n", "p50", "p90"}), (shares, {"rate"})):
        teams = values.filter(pl.col("segment_kind") == "team")
        repositories = values.filter(pl.col("segment_kind") == "repo")
        assert set(teams["grain"]) == {"month", "quarter"}
        assert set(repositories["grain"]) == {"quarter"}
        assert set(repositories["statistic"]) == of_repositories
        assert repositories["ci_low"].is_null().all()
        assert repositories["ci_high"].is_null().all()
        assert teams["ci_low"].is_not_null().any()
        assert "hist" not in set(teams["statistic"])
        assert "all" not in set(teams["tier"]) | set(repositories["tier"])
    plain = engine({"measured_changes": FRAME}).run(metric(DURATION)).values
    assert set(plain["segment_kind"]) == {"all", "ai_use"}


def test_teams_and_repositories_are_named(durations: pl.DataFrame) -> None:
    frame = windowed(FRAME, "quarter").drop_nulls("hours")
    for kind, column in (("team", "_team"), ("repo", "_repo")):
        found = durations.filter((pl.col("segment_kind") == kind) & (pl.col("grain") == "quarter"))
        found = found.filter((pl.col("statistic") == "p50") & (pl.col("tier") == "4"))
        medians = frame.filter(pl.col("name") == "4").group_by(column, "window").agg(pl.col("hours").median())
        expected = {(f"{kind[0]}{code}", window): value for code, window, value in medians.iter_rows()}
        assert {(r["segment"], r["window_start"]): r["value"] for r in found.iter_rows(named=True)} == pytest.approx(
            expected
        )


def test_a_unit_without_a_known_repository_counts_in_its_tier_and_in_no_repository() -> None:
    frame = FRAME.with_columns(_repo=pl.when(pl.col("_repo") == 3).then(-1).otherwise(pl.col("_repo")))
    values = engine({"measured_changes": frame}).run(metric(SHARE, core=True)).values
    expected = engine({"measured_changes": FRAME}).run(metric(SHARE, core=True)).values
    assert whole(values, "month").equals(whole(expected, "month"))
    assert "r3" not in set(values.filter(pl.col("segment_kind") == "repo")["segment"])


@pytest.mark.parametrize(
    ("days", "first_provisional"),
    [(0, date(2026, 7, 1)), (1, date(2026, 6, 1)), (30, date(2026, 6, 1)), (31, date(2026, 5, 1))],
)
def test_a_window_is_provisional_until_its_follow_up_has_passed(days: int, first_provisional: date) -> None:
    values = whole(engine({"measured_changes": FRAME}).run(metric(COUNT, follow_up_days=days)).values, "month", "2")
    months = values.filter(pl.col("statistic") == "count").sort("window_start")
    provisional = months.filter(pl.col("is_provisional"))["window_start"].to_list()
    assert provisional == [start for start in months["window_start"] if start >= first_provisional]


def test_rows_have_the_published_schema_and_no_value_twice(durations: pl.DataFrame) -> None:
    assert dict(durations.schema) == SCHEMA
    key = ["tier", "segment_kind", "segment", "grain", "window_start", "statistic", "bin_low"]
    assert not durations.select(key).is_duplicated().any()
    assert durations["value"].is_not_null().all()


def test_the_mean_has_an_interval_only_from_500_units(durations: pl.DataFrame) -> None:
    wide = durations.filter(pl.col("segment_kind") == "all").pivot(
        "statistic", index=["tier", "grain", "window_start"], values="value", aggregate_function="first"
    )
    means = durations.filter((pl.col("statistic") == "mean") & (pl.col("segment_kind") == "all"))
    assert (means["ci_low"].is_not_null() == (means["n"] >= 500)).all()
    assert (means["n"] >= 500).any()
    assert (means["n"] < 500).any()
    assert wide.height == means.height


def test_a_tail_without_enough_units_has_no_upper_bound() -> None:
    for count, has_bound in ((60, False), (100, True)):
        frame = pl.DataFrame(
            {
                "tier": [3] * count,
                "_repo": [0] * count,
                "_team": [0] * count,
                "merged_at": [datetime(2026, 2, 2)] * count,  # noqa: DTZ001
                "hours": np.arange(count, dtype=np.float64),
            }
        )
        values = whole(engine({"measured_changes": frame}).run(metric(DURATION)).values, "month", "3")
        row = values.filter(pl.col("statistic") == "p95").row(0, named=True)
        assert (row["ci_high"] is not None) == has_bound


def test_nothing_after_the_last_day_counts() -> None:
    late = FRAME.with_columns(merged_at=pl.lit(CUT) + pl.duration(days=2))
    assert engine({"measured_changes": late}).run(metric(COUNT)).values.is_empty()
