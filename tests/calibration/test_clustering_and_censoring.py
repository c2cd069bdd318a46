"""Intervals of independent units come from the same figures; cohorts are those that the product limit follows."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from metrics.calendar import Calendar
from metrics.model import Distribution, Part, Ratio, Unfinished
from tests.calibration.clustering_and_censoring import QUARTER, each_alone, finished_median
from tests.calibration.clustering_document import Censoring, Clustering, Interval, document
from tests.support.engine import engine, metric

START = datetime(2026, 7, 1)  # noqa: DTZ001 -- UTC, zone-less, as the facts are
CUT = datetime(2026, 11, 1)  # noqa: DTZ001
COPIES, REPOSITORIES = 25, 40
SHARE = Ratio(parts=(Part(fact="measured_changes", time="merged_at", numerator="bad::int", denominator="1"),))


def changes() -> pl.DataFrame:
    """One quarter in which all changes of a repository are alike, as bad as each other and as long."""
    repository = np.repeat(np.arange(REPOSITORIES), COPIES)
    return pl.DataFrame(
        {
            "change_id": [f"c{number}" for number in range(len(repository))],
            "tier": np.full(len(repository), 3, dtype=np.int32),
            "_repo": repository.astype(np.int32),
            "_team": np.zeros(len(repository), dtype=np.int32),
            "ai_use": ["none"] * len(repository),
            "merged_at": [START + timedelta(days=1, hours=int(hours)) for hours in repository],
            "hours": np.exp(repository / 10),
            "bad": repository % 5 == 0,
        }
    )


def quarter_of(estimator: Ratio | Distribution, *, alone: bool, statistic: str) -> dict[str, float]:
    """The one row of tier 3."""
    place = engine({"measured_changes": changes()}, Calendar(), CUT, first=QUARTER.start)
    chosen = metric(estimator)
    values = place.run(each_alone(place, chosen) if alone else chosen).values
    here = (pl.col("tier") == "3") & (pl.col("grain") == "quarter") & (pl.col("statistic") == statistic)
    here &= pl.col("segment_kind") == "all"
    return values.filter(here, pl.col("window_start") == QUARTER.start).row(0, named=True)


def test_units_apart_have_the_interval_of_independent_ones() -> None:
    found = quarter_of(SHARE, alone=True, statistic="rate")
    units = COPIES * REPOSITORIES
    oracle = binomtest(units // 5, units).proportion_ci(0.95, method="wilson")
    assert (found["value"], found["n"]) == (0.2, units)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((oracle.low, oracle.high), rel=2e-3)


@pytest.mark.parametrize(
    ("estimator", "statistic"),
    [(SHARE, "rate"), (Distribution(fact="measured_changes", time="merged_at", value="hours"), "p50")],
    ids=["a rate", "a median"],
)
def test_the_same_figure_is_as_many_times_wider_as_units_are_alike(
    estimator: Ratio | Distribution, statistic: str
) -> None:
    clustered, alone = (quarter_of(estimator, alone=each, statistic=statistic) for each in (False, True))
    assert clustered["value"] == alone["value"]
    wider = (clustered["ci_high"] - clustered["ci_low"]) / (alone["ci_high"] - alone["ci_low"])
    assert wider == pytest.approx(COPIES**0.5, rel=0.15)


def test_rows_that_speak_of_one_unit_stay_together() -> None:
    parts = (
        Part(fact="measured_changes", time="merged_at", denominator="1"),
        Part(fact="measured_changes", time="merged_at", numerator="1", where="bad", category="'any'"),
    )
    split = quarter_of(Ratio(parts=parts), alone=True, statistic="rate")
    whole = quarter_of(SHARE, alone=True, statistic="rate")
    assert split["ci_high"] == pytest.approx(whole["ci_high"])


def test_the_median_of_the_finished_leaves_the_open_ones_out() -> None:
    frame = pl.DataFrame(
        {
            "tier": [3] * 5,
            "opened_at": [START] * 4 + [START - timedelta(days=1)],
            "ended_at": [START + timedelta(hours=h) for h in (2, 4, 9)] + [None, START],
        }
    )
    place = engine({"cohort": frame.with_columns(_repo=0, _team=0)}, Calendar(), CUT, first=date(2026, 6, 1))
    cohort = Unfinished(fact="cohort", start="opened_at", end="ended_at")
    assert finished_median(place, cohort, "3") == (1, 4.0)
    assert finished_median(place, cohort, "1") == (0, None)


def test_the_page_counts_what_clustering_takes_back() -> None:
    narrow, wide, unknown = Interval(-0.2, -0.3, -0.1), Interval(-0.2, -0.5, 0.1), Interval(-0.2, None, -0.1)
    rows = [
        Clustering("Lost", "hours", statistic, "3", 1000, wide, narrow, change, narrow)
        for statistic, change in (("p50", wide), ("p90", narrow), ("rate", narrow))
    ]
    then = [Censoring("Cycle time", "hours", "3", 10, 4, 8.0, 10.0)]
    page = document([*rows, Clustering("Bare", "hours", "p90", "3", 9, unknown, unknown, unknown, unknown)], then, then)
    assert "Of 4 changes since the baseline 4 would pass for real" in page
    assert "1 of those do not when clustered: Lost, tier 3, p50." in page
    assert "| medians | 1 | 3.00 | 3.00 | 3.00 | 3.00 |" in page
    assert "| Bare, p90 | 3 | 9 |" in page
    assert "| Cycle time | 3 | 10 | 4 | 8.00 h | 10.0 h | 20.0 % | 4 | 8.00 h | 10.0 h | 20.0 % |" in page
