"""The planted truths, measured on the tables themselves, by other means than the product's."""

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from metrics.constraints import all_constraints
from sample_data.behaviour import BEHAVIOUR, unchanged
from sample_data.company import UNITS
from sample_data.organisation import generate
from sample_data.truths import (
    ACCOMPANYING,
    BASELINE_END,
    BASELINE_START,
    TRUTHS,
    WINDOW_END,
    WINDOW_START,
    may_be_violated,
)

SEEDS = range(5)
TIER_OF_SERVICE = {unit.service: unit.tier for unit in UNITS}
SERVICE_OF_REPOSITORY = {unit.repo_id: unit.service for unit in UNITS}


def with_tier(frame: pl.DataFrame) -> pl.DataFrame:
    service = pl.coalesce("service", pl.col("repo_id").replace_strict(SERVICE_OF_REPOSITORY))
    return frame.with_columns(tier=service.replace_strict(TIER_OF_SERVICE, return_dtype=pl.Int64))


def between(column: str, start: date, end: date) -> pl.Expr:
    return (pl.col(column) >= pl.lit(start)) & (pl.col(column) < pl.lit(end))


def figures(tables: dict[str, pl.DataFrame], start: date, end: date, tier: int | None) -> dict[str, float]:
    """Cycle time in hours, and outcomes per deployment, change and week."""
    in_tier = pl.lit(True) if tier is None else pl.col("tier") == tier
    changes = with_tier(tables["changes"])
    merged = changes.filter(between("merged_at", start, end), pl.col("author_kind") != "bot", in_tier)
    cycle = (merged["merged_at"] - merged["opened_at"]).dt.total_seconds().to_numpy() / 3600
    escapes = merged.join(
        tables["defects"].filter(found_in="production"), left_on="change_id", right_on="caused_by_change_id"
    )
    production = pl.col("environment") != "staging"
    deployments = with_tier(tables["deployments"]).filter(between("finished_at", start, end), production, in_tier)
    rollbacks = with_tier(tables["rollbacks"]).filter(between("occurred_at", start, end), in_tier)
    incidents = with_tier(tables["incidents"]).filter(between("opened_at", start, end), in_tier)
    by_people = tables["reviews"].filter(reviewer_kind="human")
    p50, p90, p95 = np.percentile(cycle, [50, 90, 95])
    weeks = (end - start).days / 7
    return {
        "p50": p50,
        "p90": p90,
        "p95": p95,
        "merged": merged.height / weeks,
        "rollbacks": rollbacks.height / deployments.height,
        "escapes": escapes.height / merged.height,
        "incidents": incidents.height / weeks,
        "unreviewed": merged.join(by_people, on="change_id", how="anti").height / merged.height,
    }


@cache
def measured(tier: int | None, is_unchanged: bool = False) -> dict[str, float]:
    """The trailing year over the baseline, figure by figure: the geometric mean of the ratio over some seeds."""
    ratios = []
    for seed in SEEDS:
        tables = _tables(seed, is_unchanged)
        before = figures(tables, BASELINE_START, BASELINE_END, tier)
        after = figures(tables, WINDOW_START, WINDOW_END, tier)
        ratios.append([np.log(after[name] / before[name]) for name in before])
    return dict(zip(before, np.exp(np.mean(ratios, axis=0)), strict=True))


@cache
def _tables(seed: int, is_unchanged: bool) -> dict[str, pl.DataFrame]:
    return generate(seed, behaviour=unchanged() if is_unchanged else BEHAVIOUR)


def test_tier_3_is_faster_and_rolls_back_twice_as_often() -> None:
    ratio = measured(3)
    assert 0.65 < ratio["p50"] < 0.85
    assert 1.8 < ratio["rollbacks"] < 2.8
    assert 0.85 < ratio["escapes"] < 1.2


def test_tier_2_has_a_better_median_and_a_worse_tail() -> None:
    ratio = measured(2)
    assert ratio["p50"] < 0.85
    assert ratio["p95"] > 1.4
    assert 0.8 < ratio["rollbacks"] < 1.25


def test_tier_1_doubles_and_slows_down_while_the_mixture_looks_better() -> None:
    ratio, mixed = measured(1), measured(None)
    assert 1.8 < ratio["merged"] < 2.2
    assert ratio["p50"] > 1.3
    assert ratio["p95"] < 1.15
    assert ratio["incidents"] < 1.4
    assert mixed["p50"] < 0.8


def test_tier_4_is_faster_over_the_whole_distribution_and_no_more_dangerous() -> None:
    ratio = measured(4)
    for quantile in ("p50", "p90", "p95"):
        assert 0.6 < ratio[quantile] < 0.82, quantile
    for outcome in ("rollbacks", "escapes", "incidents"):
        assert 0.7 < ratio[outcome] < 1.1, outcome
    assert 1.0 < ratio["merged"] < 1.12


@pytest.mark.parametrize("tier", [1, 2, 3, 4])
def test_an_unchanged_company_stays_as_it_was(tier: int) -> None:
    ratio = measured(tier, is_unchanged=True)
    assert {name: value for name, value in ratio.items() if not 0.75 < value < 1.33} == {}
    assert 0.9 < ratio["p50"] < 1.1


def test_every_truth_names_a_constraint_that_exists() -> None:
    planted = {truth.constraint for truth in TRUTHS} | {constraint for _, constraint in ACCOMPANYING}
    assert planted <= set(all_constraints())


def test_only_planted_places_may_be_violated() -> None:
    assert may_be_violated("3", "speed_vs_escape")
    assert may_be_violated("2", "stability_regression")
    assert not may_be_violated("4", "speed_vs_escape")
    assert [name for name in all_constraints() if may_be_violated("1", name)] == ["speed_vs_review"]
    assert not any(may_be_violated("4", constraint) for constraint in all_constraints())


def glanced(seed: int, start: date, end: date, tier: int) -> tuple[int, int]:
    """Merged changes approved faster than 100 lines a minute and without a comment, and all approved ones."""
    tables = generate(seed)
    by_people = tables["reviews"].filter(pl.col("reviewer_kind") == "human", pl.col("state") == "approved")
    approvals = by_people.sort("submitted_at").unique("change_id", keep="first", maintain_order=True)
    changes = with_tier(tables["changes"]).filter(
        between("merged_at", start, end), pl.col("author_kind") != "bot", pl.col("tier") == tier
    )
    approved = changes.join(approvals.select("change_id", "submitted_at", "comment_count"), on="change_id")
    minutes = (pl.col("submitted_at") - pl.coalesce("ready_at", "opened_at")).dt.total_seconds() / 60
    quick = (pl.col("additions") + pl.col("deletions") > 100 * minutes) & (pl.col("comment_count") == 0)
    return approved.filter(quick).height, approved.height


@pytest.mark.parametrize("tier", [2, 3, 4])
def test_a_few_approvals_are_given_at_a_glance_and_fewer_in_tier_4_only(tier: int) -> None:
    before = np.sum([glanced(seed, BASELINE_START, BASELINE_END, tier) for seed in SEEDS], axis=0)
    after = np.sum([glanced(seed, WINDOW_START, WINDOW_END, tier) for seed in SEEDS], axis=0)
    share = before[0] / before[1]
    assert 0.02 < share < 0.06
    ratio = after[0] / after[1] / share
    assert 0.6 < ratio < 0.95 if tier == 4 else 0.85 < ratio < 1.3
