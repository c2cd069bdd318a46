"""Onboarded against not yet onboarded repositories: what befalls all cancels, what only the onboarded did remains."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from metrics.calendar import Calendar, Period
from metrics.comparisons import SEE_CONTROLLED, UNCONTROLLED, comparisons
from metrics.model import Count, Distribution, Part, Ratio
from tests.support.engine import engine, metric

BASELINE = Period(date(2026, 1, 1), date(2026, 4, 1))
ONBOARDED_ON = date(2026, 4, 1)
REPOSITORIES = 16
CYCLE = Distribution(fact="work", time="merged_at", value="hours")
FAILURES = Ratio(parts=(Part(fact="work", time="merged_at", numerator="bad::int", denominator="1"),))
NUMBER = Count(fact="work", time="merged_at")


def organisation(
    *,
    onboarded_factor: float = 1.0,
    common_factor: float = 1.0,
    drift: float = 1.0,
    mix: bool = False,
    per_quarter: int = 150,
) -> pl.DataFrame:
    """Two quarters of work in sixteen repositories of tier 3; the first eight are those that will be onboarded.

    In the second quarter everybody's durations change by `common_factor`, those of the onboarded by `onboarded_factor`
    besides; within the first quarter those of the onboarded change by `drift`. With `mix`, the onboarded's slowest
    repositories do three times the work in the second quarter, and nobody's duration changes by that.
    """
    random = np.random.default_rng(8)
    rows = []
    for repository in range(REPOSITORIES):
        onboarded = repository < REPOSITORIES // 2
        level = 2.0 + 0.3 * (repository % 8 - 3.5)
        for quarter, start in ((0, "2026-01-01"), (1, "2026-04-01")):
            slow = mix and onboarded and repository % 8 >= 4 and quarter == 1
            size = per_quarter * (3 if slow else 1)
            day = random.integers(0, 89, size)
            hours = np.exp(level + 0.7 * random.standard_normal(size))
            late = quarter == 1 or onboarded
            hours = hours * (common_factor if quarter else 1.0) * (onboarded_factor if quarter and onboarded else 1.0)
            hours = np.where((quarter == 0) & onboarded & (day >= 45) & late, hours * drift, hours)
            merged = np.datetime64(start, "us") + (day * 86_400_000_000 + 43_200_000_000).astype("timedelta64[us]")
            chance = 0.1 * (2.0 if quarter and onboarded and onboarded_factor != 1.0 else 1.0)
            rows.append(
                pl.DataFrame(
                    {
                        "tier": pl.repeat(3, size, dtype=pl.Int32, eager=True),
                        "_repo": pl.repeat(repository, size, dtype=pl.Int64, eager=True),
                        "_team": pl.repeat(repository // 4, size, dtype=pl.Int64, eager=True),
                        "ai_use": random.choice(["none", "assisted"], size),
                        "merged_at": merged,
                        "hours": hours,
                        "bad": random.random(size) < chance,
                    }
                )
            )
    return pl.concat(rows)


def compared(
    work: pl.DataFrame, onboarded: int = REPOSITORIES // 2, *estimators: Distribution | Ratio | Count
) -> pl.DataFrame:
    """Published comparisons of the second quarter; the first so many repositories were onboarded at its start."""
    days = {f"r{number}": ONBOARDED_ON for number in range(onboarded)}
    made = replace(engine({"work": work}, Calendar(), baselines={"3": BASELINE}), onboardings=days)
    definition = metric(*(estimators or (CYCLE,)), core=True)
    return comparisons(made.run(definition).contrasts, {definition.id: definition}).filter(
        (pl.col("grain") == "quarter") & (pl.col("window_start") == date(2026, 4, 1))
    )


def row(frame: pl.DataFrame, comparator: str, statistic: str = "p50") -> dict[str, Any]:
    """The whole tier's comparison with a baseline or a control group."""
    return frame.filter(
        (pl.col("comparator") == comparator)
        & (pl.col("statistic") == statistic)
        & (pl.col("segment_kind") == "all")
        & (pl.col("tier") == "3")
    ).row(0, named=True)


def test_what_befalls_the_whole_tier_cancels() -> None:
    frame = compared(organisation(common_factor=1.6))
    against_baseline, against_control = row(frame, "baseline"), row(frame, "control")

    assert against_baseline["direction"] == "worsened"
    assert against_baseline["change"] == pytest.approx(0.6, abs=0.1)
    assert against_control["direction"] != "worsened"
    assert against_control["change"] == pytest.approx(0, abs=0.1)
    assert against_control["change_ci_low"] < 0 < against_control["change_ci_high"]


def test_what_only_the_onboarded_did_remains() -> None:
    found = row(compared(organisation(onboarded_factor=0.6, common_factor=1.3)), "control")

    assert found["direction"] == "improved"
    assert found["change"] == pytest.approx(-0.4, abs=0.06)
    assert found["change_ci_low"] < -0.4 < found["change_ci_high"]
    assert "no sign that they moved apart" in str(found["note"])


def test_rates_are_compared_by_their_difference_and_counts_by_their_ratio() -> None:
    frame = compared(organisation(onboarded_factor=0.6), 8, FAILURES, NUMBER)

    assert row(frame, "control", "rate")["change"] == pytest.approx(0.1, abs=0.03)
    assert row(frame, "control", "rate")["direction"] == "worsened"
    assert row(frame, "control", "per_week")["change"] == pytest.approx(0, abs=0.01)


def test_a_shift_of_work_between_repositories_is_no_change() -> None:
    found = compared(organisation(mix=True), 8, CYCLE, FAILURES)

    assert row(found, "baseline")["change"] > 0.15
    assert row(found, "control")["change"] == pytest.approx(0, abs=0.08)
    assert row(found, "control")["direction"] in ("inconclusive", "unchanged")


def test_arms_that_moved_apart_before_are_reported_and_decide_nothing() -> None:
    found = row(compared(organisation(onboarded_factor=0.6, drift=0.5)), "control")

    assert "they already moved apart" in str(found["note"])
    assert "Pre-trend within the baseline, onboarded less others: -5" in str(found["note"])
    assert found["direction"] == "inconclusive"


@pytest.mark.parametrize("onboarded", [0, 1, REPOSITORIES - 1, REPOSITORIES])
def test_without_two_repositories_on_either_side_there_is_no_control_and_it_is_said(onboarded: int) -> None:
    frame = compared(organisation(onboarded_factor=0.6), onboarded)

    assert frame.filter(pl.col("comparator") == "control").is_empty()
    assert str(row(frame, "baseline")["note"]).startswith(UNCONTROLLED)


def test_the_comparison_with_the_baseline_points_to_the_controlled_one() -> None:
    frame = compared(organisation())

    assert str(row(frame, "baseline")["note"]).startswith(SEE_CONTROLLED)
    teams = frame.filter(pl.col("segment_kind") == "team")
    assert teams["note"].str.starts_with(UNCONTROLLED).all()


def test_too_few_units_in_an_arm_give_no_controlled_comparison() -> None:
    frame = compared(organisation(per_quarter=2))

    assert frame.filter(pl.col("comparator") == "control").is_empty()


def test_an_effect_that_is_there_is_within_its_interval_as_often_as_promised() -> None:
    """Forty small organisations: fewer than 32 of 40 would come by chance once in a thousand."""
    held = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        work = organisation(per_quarter=60)
        effect = np.where((work["_repo"] < 8) & (work["merged_at"].dt.month() >= 4), np.log(0.8), 0.0)
        shock = random.normal(0, 0.2, (REPOSITORIES, 2))[work["_repo"], (work["merged_at"].dt.month() >= 4).cast(int)]
        noise = 0.7 * random.standard_normal(work.height)
        level = (work["_repo"].to_numpy() % 8) * 0.1
        found = row(compared(work.with_columns(hours=pl.Series(np.exp(2 + level + shock + noise + effect)))), "control")
        held += found["change_ci_low"] < -0.2 < found["change_ci_high"]

    assert held >= 32
