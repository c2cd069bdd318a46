from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts import Baseline, Marker, binned, distribution, stages, trend
from dashboard.periods import Window
from metrics.stats.histogram import BIN_FACTOR

WINDOW = Window(date(2026, 2, 1), date(2026, 3, 1), "month")
MONTHS = pl.DataFrame(
    {
        "statistic": ["p50", "p50", "p95", "p95"],
        "window_start": [date(2026, 1, 1), date(2026, 2, 1)] * 2,
        "value": [30.0, 60.0, 120.0, 240.0],
        "n": [30, 40, 30, 40],
        "ci_low": [10.0, 20.0, None, None],
        "ci_high": [14.0, 28.0, None, None],
        "is_provisional": [False, True, False, True],
    }
)


def test_a_trend_draws_centre_tail_interval_and_baseline_in_one_unit() -> None:
    figure = trend(MONTHS, "hours", "p50", "p95", Baseline(date(2025, 1, 1), date(2025, 7, 1), 48.0, None), WINDOW)
    lines = {trace.hovertemplate.split()[0]: trace for trace in figure.data if trace.mode == "lines+markers"}
    assert list(lines["p95"].y) == [120.0, 240.0]
    assert list(lines["median"].y) == [30.0, 60.0]
    assert figure.layout.yaxis.ticktext == ("1 day", "1 week")
    assert list(lines["median"].marker.symbol) == ["circle", "circle-open"]
    assert lines["median"].customdata[1][0] == "60.0 h"
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 2
    levels = [shape.y0 for shape in figure.layout.shapes if shape.type == "line"]
    assert levels == [48.0]


def test_a_trend_of_a_share_is_in_per_cent() -> None:
    rates = MONTHS.with_columns(pl.lit("rate").alias("statistic"), pl.col("value") / 1000)
    figure = trend(rates.head(2), "fraction", "rate", None, None, WINDOW)
    assert figure.layout.yaxis.title.text == "%"
    assert list(figure.data[-1].y) == pytest.approx([3.0, 6.0])


def test_one_wide_interval_does_not_flatten_the_rest() -> None:
    wide = MONTHS.with_columns(
        pl.when(pl.col("ci_high") > 20).then(5000.0).otherwise(pl.col("ci_high")).alias("ci_high")
    )
    figure = trend(wide.filter(pl.col("statistic") == "p50"), "lines", "p50", None, None, WINDOW)
    assert figure.layout.yaxis.range == (0, 120.0)


def test_a_tail_stands_on_a_logarithmic_axis_with_ticks_that_people_know() -> None:
    far = MONTHS.with_columns(
        pl.when(pl.col("statistic") == "p95").then(pl.col("value") * 4).otherwise(pl.col("value") / 10).alias("value"),
        pl.when(pl.col("statistic") == "p50").then(0.0).alias("ci_low"),
    )
    figure = trend(far, "hours", "p50", "p95", Baseline(date(2025, 1, 1), date(2025, 7, 1), 4.0, None), WINDOW)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.ticktext == ("6 h", "1 day", "1 week")
    interval = next(trace for trace in figure.data if trace.fill == "toself" and 0.0 < min(trace.y) < 3.0)
    assert min(interval.y) == pytest.approx(1.5)
    zero = MONTHS.with_columns(
        pl.when(pl.col("statistic") == "p50").then(0.0).otherwise(pl.col("value")).alias("value")
    )
    linear = trend(zero, "hours", "p50", "p95", None, WINDOW)
    assert linear.layout.yaxis.type is None
    assert linear.layout.yaxis.title.text == "days"


def test_changes_of_controls_are_marked_and_told_safely() -> None:
    markers = [Marker(date(2026, 2, 10), "gates: <b>two</b> reviewers"), Marker(date(2024, 1, 1), "long ago")]
    figure = trend(MONTHS, "hours", "p50", "p95", None, WINDOW, markers)
    marked = next(trace for trace in figure.data if trace.mode == "markers")
    assert list(marked.x) == [date(2026, 2, 10)]
    assert marked.customdata == ("gates: &lt;b>two&lt;/b> reviewers",)
    assert [shape.x0 for shape in figure.layout.shapes if shape.type == "line"] == [date(2026, 2, 10)]


def histogram(counts: dict[int, int]) -> pl.DataFrame:
    """A histogram by the numbers of its bins; the first begins at zero."""
    edge = 1 / 60
    rows = [
        {"bin_low": 0.0 if k == 0 else edge * BIN_FACTOR ** (k - 1), "bin_high": edge * BIN_FACTOR**k, "count": count}
        for k, count in sorted(counts.items())
    ]
    return pl.DataFrame(rows, schema={"bin_low": pl.Float64, "bin_high": pl.Float64, "count": pl.Int64})


@given(
    counts=st.dictionaries(st.integers(0, 30), st.integers(1, 50), min_size=1),
    units=st.sampled_from([10, 100, 1000]),
)
def test_bins_keep_every_unit_and_leave_no_gap(counts: dict[int, int], units: int) -> None:
    bins = binned(histogram(counts), units)
    assert bins["count"].sum() == sum(counts.values())
    assert bins["bin_low"].to_list()[1:] == bins["bin_high"].to_list()[:-1]
    assert (bins["bin_low"] < bins["bin_high"]).all()


def test_few_units_are_drawn_in_wider_bins() -> None:
    counts = dict.fromkeys(range(16), 1)
    assert [len(binned(histogram(counts), units)) for units in (1000, 100, 10)] == sorted(
        (len(binned(histogram(counts), units)) for units in (1000, 100, 10)), reverse=True
    )
    assert len(binned(histogram({}), 10)) == 0


def test_a_distribution_shows_shares_and_both_tails() -> None:
    window, baseline = histogram({10: 300, 11: 100}), histogram({10: 200, 12: 200})
    figure = distribution(window, baseline, "hours", (2.0, None))
    assert sum(figure.data[1].y) == pytest.approx(100)
    assert list(figure.data[0].y) == pytest.approx([50, 0, 50])
    assert [shape.x0 for shape in figure.layout.shapes] == [2.0]
    assert figure.layout.xaxis.ticktext[1] == "1 h"


def test_stages_add_up_to_the_bar() -> None:
    spans = {"Baseline": {"lead_time_coding": 30.0, "lead_time_review": 90.0}, "Now": {"lead_time_coding": 12.0}}
    figure = stages(spans, {"lead_time_coding": "Coding"})
    assert [sum(trace.x[i] for trace in figure.data) for i in (0, 1)] == pytest.approx([0.5, 5.0])
    assert figure.data[0].name == "Coding"
    assert figure.data[0].text == ("100%", "25%")
