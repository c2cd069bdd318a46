"""Value by hand: what is priced, what is not, and what a total rests on."""

import polars as pl
import pytest

from metrics.briefs.roi.document import RoiReport, ValueLine
from schemas.value_settings import Value
from tests.support.brief_frames import frame
from tests.support.roi_frames import (
    ENGINEER_MONTH,
    SETTINGS,
    WEEKS,
    compared,
    comparisons,
    report,
    tables,
    verdicts,
    weekly,
)

ENGINEER_WEEK = ENGINEER_MONTH / (365.25 / 7 / 12)


def line(made: RoiReport, id_: str) -> ValueLine:
    return next(each for each in made.value.lines if each.id == id_)


def replaced(metric: str, statistic: str, tier: str, row: dict[str, object]) -> pl.DataFrame:
    """The comparisons with one of them in another's place."""
    rows = [r for r in comparisons() if (r["metric"], r["statistic"], r["tier"]) != (metric, statistic, tier)]
    return frame("comparisons", [*rows, row])


def test_the_lines_of_a_tier_that_may_claim_are_those_of_a_calculation_by_hand() -> None:
    made = report()
    outcomes = line(made, "outcomes.4")
    engineer_weeks = 20 * WEEKS
    assert outcomes.quantity is not None
    assert outcomes.amount is not None
    assert outcomes.quantity.estimate == pytest.approx(0.2 * engineer_weeks)
    assert outcomes.price == pytest.approx(ENGINEER_WEEK / 2.0)
    assert outcomes.amount.low == pytest.approx(0.1 * engineer_weeks * ENGINEER_WEEK / 2.0)
    assert outcomes.counted == outcomes.amount
    rework = line(made, "rework.4")
    assert rework.amount is not None
    assert rework.amount.estimate == pytest.approx(0.02 * 50 * WEEKS * ENGINEER_WEEK / 2.5)
    assert rework.amount.high == pytest.approx(0.03 * 50 * WEEKS * ENGINEER_WEEK / 2.5)
    incidents = line(made, "incidents.4")
    assert incidents.amount is not None
    assert incidents.amount.estimate == pytest.approx(2.0 * WEEKS * 2000)
    assert incidents.amount.low < incidents.amount.estimate < incidents.amount.high
    assert line(made, "reviews.4").counted is not None
    tools = line(made, "tools.programme")
    assert tools.counted is not None
    assert tools.counted.estimate == pytest.approx(-12_000)


def test_a_gain_that_is_not_claimable_is_never_priced_but_its_costs_are() -> None:
    made = report()
    outcomes, incidents = line(made, "outcomes.3"), line(made, "incidents.3")
    assert outcomes.amount is not None
    assert outcomes.counted is not None
    assert outcomes.amount.low > 0
    assert (outcomes.counted.estimate, outcomes.counted.low, outcomes.counted.high) == (0.0, 0.0, 0.0)
    assert incidents.counted is not None
    assert incidents.counted.estimate == pytest.approx(-2.0 * WEEKS * 1000)
    assert incidents.counted.high <= 0
    assert "may not be priced" in outcomes.note
    assert not next(tier for tier in made.tiers if tier.tier == "3").is_priced


@pytest.mark.parametrize("claim", ["not_claimable", "none", "claimable", "with_reservation"])
def test_nothing_of_a_tier_counts_above_zero_without_a_claim(claim: str) -> None:
    rows = [row | {"claim": claim} for row in verdicts()]
    made = report(verdicts=frame("verdicts", rows))
    best = max(each.counted.high for each in made.value.lines if each.counted is not None)
    assert (best > 0) == (claim in ("claimable", "with_reservation"))


def test_a_violation_in_the_quarter_bars_a_price_though_the_year_is_claimable() -> None:
    quarter = verdicts()[0] | {"grain": "quarter", "window_start": "2026-07-01", "status": "violated"}
    rows = [
        row | {"window_start": str(row["window_start"]), "window_end": "2026-10-01"} for row in [*verdicts(), quarter]
    ]
    found = pl.DataFrame([{"not_judged": None, **row} for row in rows], infer_schema_length=None)
    days = [pl.col(name).cast(pl.String).str.to_date() for name in ("window_start", "window_end")]
    made = report(verdicts=found.with_columns(days))
    tier = next(each for each in made.tiers if each.tier == "4")
    assert tier.claim == "claimable"
    assert not tier.is_priced
    assert "In the quarter by itself a constraint is violated" in tier.claim_sentence


def test_elapsed_time_is_never_priced() -> None:
    faster = compared("lead_time", "p50", "4", 60.0, 1.0, 0.01, direction="improved")
    assert report(comparisons=replaced("lead_time", "p50", "4", faster)).value.lines == report().value.lines


def test_hiring_is_no_gain() -> None:
    twice = compared("validated_throughput", "per_week", "4", 40.0, 80.0, 0.1)
    same = compared("validated_throughput", "per_engineer_week", "4", 2.0, 2.0, 0.05)
    rows = [row for row in comparisons() if not (row["metric"] == "validated_throughput" and row["tier"] == "4")]
    outcomes = line(report(comparisons=frame("comparisons", [*rows, twice, same])), "outcomes.4")
    assert outcomes.amount is not None
    assert outcomes.amount.estimate == pytest.approx(0.0)


def test_more_of_smaller_changes_is_no_gain() -> None:
    smaller = compared("change_size", "p50", "4", 50.0, 25.0, 0.1)
    outcomes = line(report(comparisons=replaced("change_size", "p50", "4", smaller)), "outcomes.4")
    assert outcomes.counted is not None
    assert outcomes.counted.high == 0.0
    assert "need not be more work" in outcomes.note


def test_fewer_reviews_are_no_value_and_more_are_a_cost() -> None:
    fewer = weekly().with_columns(reviews=pl.when(side="window").then(10).otherwise(100))
    more = weekly().with_columns(reviews=pl.when(side="window").then(200).otherwise(100))
    spared, added = (line(report(weekly=found), "reviews.4").counted for found in (fewer, more))
    assert spared is not None
    assert added is not None
    assert spared.estimate == 0.0
    assert added.estimate == pytest.approx(-2 * 50 * WEEKS * 0.5 * ENGINEER_WEEK / 40)


def test_the_total_is_the_sum_and_its_range_takes_lines_as_independent() -> None:
    value = report().value
    counted = [each.counted for each in value.lines if each.counted is not None]
    assert value.total is not None
    assert value.total.estimate == pytest.approx(sum(each.estimate for each in counted))
    below = sum((each.estimate - each.low) ** 2 for each in counted) ** 0.5
    assert value.total.low == pytest.approx(value.total.estimate - below)
    assert sum(each.amount.estimate for each in value.subtotals) == pytest.approx(value.total.estimate)


def test_each_lever_is_the_total_made_again() -> None:
    value = report().value
    levers = {lever.id: lever for lever in value.levers}
    assert value.total is not None
    for end, given in (("at_low", 1000), ("at_high", 4000)):
        other = SETTINGS.model_dump() | {"incident_hour_cost": {"3": 1000, "4": given}}
        again = report(Value.model_validate(other)).value.total
        assert again is not None
        assert getattr(levers["incident_hour_cost.4"], end) == pytest.approx(again.estimate)
    outcomes = levers["outcomes.4"]
    counted = line(report(), "outcomes.4").counted
    assert counted is not None
    assert outcomes.swing == pytest.approx(counted.high - counted.low)
    assert [lever.swing for lever in value.levers] == sorted((lever.swing for lever in value.levers), reverse=True)


def test_without_assumptions_there_is_no_money_and_it_says_what_to_give() -> None:
    empty = pl.DataFrame()
    value = report(Value(), team_capacity=empty, spend=empty).value
    assert not value.has_money
    assert value.total is None
    said = " ".join(value.missing)
    for name in ("loaded_cost", "engineer_month_cost", "incident_hour_cost", "review_hours", "registers/spend.csv"):
        assert name in said
    assert value.sentence == "No value is given in money: no assumption to price anything with is there."
    assert value.levers == ()


def test_assumptions_without_anything_to_price_are_told_apart_from_none() -> None:
    empty = pl.DataFrame()
    rows = [row for row in comparisons() if row["metric"] == "lead_time"]
    made = report(comparisons=frame("comparisons", rows), weekly=empty, spend=empty)
    assert made.value.sentence == "No value is given in money: nothing of what was measured can be priced."


@pytest.mark.parametrize("left_out", ["incident_hour_cost", "review_hours"])
def test_a_cost_that_is_not_known_leaves_no_total(left_out: str) -> None:
    value = report(Value.model_validate(SETTINGS.model_dump(exclude={left_out}))).value
    assert value.has_money
    assert value.total is None
    assert value.sentence.startswith("No total is given")
    assert any(left_out in text for text in value.missing)


def test_spend_in_another_currency_needs_a_rate() -> None:
    spend = tables().spend.with_columns(currency=pl.lit("EUR"))
    assert any("EUR into USD" in text for text in report(spend=spend).value.missing)
    rated = Value.model_validate(SETTINGS.model_dump() | {"rates": {"EUR": 2.0}})
    tools = line(report(rated, spend=spend), "tools.programme").counted
    assert tools is not None
    assert tools.estimate == pytest.approx(-24_000)


def test_every_assumption_that_is_used_is_printed_with_where_it_was_given() -> None:
    printed = {each.id: each for each in report().value.assumptions}
    expected = {"engineer_month_cost", "hours_per_week", "review_hours", "incident_hour_cost.3", "incident_hour_cost.4"}
    assert set(printed) <= expected
    assert {"engineer_month_cost", "incident_hour_cost.3", "incident_hour_cost.4"} <= set(printed)
    assert printed["engineer_month_cost"].likely == pytest.approx(ENGINEER_MONTH)
    assert "team_capacity" in printed["engineer_month_cost"].source
    assert "finance" in printed["incident_hour_cost.4"].source


def test_what_people_report_stands_beside_what_was_measured_or_not_at_all() -> None:
    told = {"self_reported": {"hours_per_week": 4, "people": 30, "source": "survey"}}
    settings = Value.model_validate(SETTINGS.model_dump() | told)
    said = report(settings).value
    assert "30 people reported to save 4.00 h a week (survey)" in said.self_reported
    assert "+10 % in tier 4" in said.self_reported
    assert said.total == report().value.total
    rows = [row for row in comparisons() if row["metric"] != "validated_throughput"]
    assert report(settings, comparisons=frame("comparisons", rows)).value.self_reported == ""
